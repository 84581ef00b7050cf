"""How hashes are cut into bands so that whatever lies within a radius shares one, nearly."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint32]
SMALL = 1 << 19  # rows from which on wide bands cost less than they hold
WORD = 64
WIDTHS = {False: (16, 16, 16, 16), True: (22, 21, 21)}  # of each 64 bits; True: wide


@dataclass(frozen=True)
class Band:
    """Some neighbouring bits of a hash: which 64-bit word, from which bit on, and how many."""

    word: int
    shift: int
    width: int

    def keys(self, hashes: NDArray[np.uint64]) -> Keys:
        """Cut this band out of hashes, shape (n, words)."""
        cut = hashes[:, self.word] >> np.uint64(self.shift)
        return (cut & np.uint64((1 << self.width) - 1)).astype(np.uint32)


def bands_of(bits: int, rows: int) -> tuple[Band, ...]:
    """Cut hashes of so many bits, a multiple of 64, into bands for an index of so many rows."""
    bands = []
    for word in range(bits // WORD):
        shift = 0
        for width in WIDTHS[rows >= SMALL]:
            bands.append(Band(word, shift, width))
            shift += width
    return tuple(bands)


@cache
def flips_of(bands: Sequence[Band], radius: int, rows: int) -> tuple[int, ...]:
    """Return how many bits of each band may differ; -1: that band need not be asked.

    Of two hashes within the radius at least one band differs in no more bits than it is given:
    else they would differ in sum(given + 1) = radius + 1 bits (pigeonhole). What is given goes
    where it costs least.
    """
    given = [-1] * len(bands)
    for _ in range(radius + 1):
        room = [at for at, band in enumerate(bands) if given[at] < band.width]
        if not room:
            break
        cheapest = min(room, key=lambda at: probes_within(bands[at], given[at] + 1, rows)[1])
        given[cheapest] += 1
    return tuple(given)


def probes_within(band: Band, flips: int, rows: int) -> tuple[float, float]:
    """Return what asking a band costs in all, and what its outermost ring alone costs."""
    each = 1 + rows / (1 << band.width)
    rings = [comb(band.width, flipped) * each for flipped in range(flips + 1)]
    return sum(rings), rings[-1] if rings else 0.0


def cost_of(bands: Sequence[Band], given: Sequence[int], rows: int) -> float:
    """Return about how many places asking for one hash touches."""
    pairs = zip(bands, given, strict=True)
    return sum(probes_within(band, flips, rows)[0] for band, flips in pairs)


@cache
def masks_of(width: int, flips: int) -> Keys:
    """Return every way to flip up to so many bits of a band, none first."""
    masks = [
        sum(1 << bit for bit in flipped)
        for count in range(flips + 1)
        for flipped in combinations(range(width), count)
    ]
    return np.array(masks, np.uint32)
