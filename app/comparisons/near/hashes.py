"""All hashes within a radius, exactly: bands of a sorted base, and a flat look at what is new."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.comparisons.near.bands import WORD, Band, Keys, bands_of, cost_of, flips_of, masks_of
from app.comparisons.near.growing import Growing

Hashes = NDArray[np.uint64]  # (n, words)
Rows = NDArray[np.int32]
Bits = NDArray[np.int16]
A_PIECE = 1 << 19  # places looked at in one go: what a crowded bucket may cost in memory
MOST_HELD = 1 << 17  # found rows that are told apart; beyond, the farther half is only counted
FEWEST_NEW, NEW_PER_ROWS = 4096, 256


@dataclass(frozen=True)
class Near:
    """Rows found, each once, with their distance in bits and the form of the asked one they met."""

    rows: Rows
    bits: Bits
    forms: NDArray[np.int8]
    beyond: int = 0  # found too, farther away than any of these

    @classmethod
    def nothing(cls) -> "Near":
        """Return what was found where there is nothing."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0, np.int8))


class HashIndex:
    """Hashes of `bits` bits in the order of their rows, which are numbered from 0."""

    def __init__(self, bits: int) -> None:
        """Hold nothing yet; `bits` is a multiple of 64."""
        self.bits = bits
        self._hashes = Growing("u8", bits // WORD)
        self._bands: tuple[Band, ...] = ()
        self._starts: list[NDArray[np.int32]] = []  # by band: where each key's rows begin
        self._order: list[Rows] = []  # by band: rows, sorted by key
        self._sorted = 0  # rows that the bands know

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._hashes)

    @property
    def held_bytes(self) -> int:
        """Return what the arrays take."""
        arrays = [*self._starts, *self._order]
        return self._hashes.held_bytes + sum(array.nbytes for array in arrays)

    def add(self, hashes: Hashes) -> None:
        """Append rows, which are looked through one by one until `merge`."""
        self._hashes.add(hashes)

    @property
    def due(self) -> bool:
        """Tell whether so many rows are new that looking through them costs more than a merge."""
        return len(self) - self._sorted > max(FEWEST_NEW, len(self) // NEW_PER_ROWS)

    def merge(self) -> None:
        """Sort all rows into the bands."""
        bands = bands_of(self.bits, len(self))
        if bands != self._bands:
            self._bands, self._order, self._starts, self._sorted = bands, [], [], 0
        for at, band in enumerate(bands):
            keys = band.keys(self._hashes.rows[self._sorted :])
            order = sorted_rows(keys, self._sorted)
            counts = np.bincount(keys, minlength=1 << band.width)
            starts = np.zeros(len(counts) + 1, np.int32)
            np.cumsum(counts, out=starts[1:])
            if self._sorted:
                # New rows go behind the known ones of their key.
                places = np.repeat(self._starts[at][1:], counts)
                self._order[at] = np.insert(self._order[at], places, order)
                self._starts[at] += starts
            else:
                self._order.append(order)
                self._starts.append(starts)
        self._sorted = len(self)

    def find(self, asked: Hashes, radius: int) -> Near:
        """Return every row within `radius` bits of any of the asked forms, shape (forms, words)."""
        found = Found()
        given = flips_of(self._bands, radius, self._sorted)
        probed = bool(self._bands) and cost_of(self._bands, given, self._sorted) < self._sorted
        if probed:
            for at in range(len(self._bands)):
                self._look_in(at, given, asked, radius, found)
        self._look_through(self._sorted if probed else 0, asked, radius, found)
        return found.told()

    def _look_in(
        self, at: int, given: Sequence[int], asked: Hashes, radius: int, found: "Found"
    ) -> None:
        band = self._bands[at]
        if given[at] < 0:
            return
        masks = masks_of(band.width, given[at])
        keys = (band.keys(asked)[:, None] ^ masks[None, :]).ravel()
        begins = self._starts[at][keys]
        counts = self._starts[at][keys + np.uint32(1)] - begins
        for probes, places in pieces(begins, counts):
            rows = self._order[at][places]
            forms = probes // len(masks)
            apart = self._hashes.rows[rows] ^ asked[forms]
            bits = differing(apart)
            near = np.flatnonzero(bits <= radius)
            # What an earlier band finds too was found there.
            for before in range(at):
                differ = np.bitwise_count(self._bands[before].keys(apart[near]))
                near = near[differ.astype(np.int16) > given[before]]
            found.take(rows[near], bits[near], forms[near])

    def _look_through(self, since: int, asked: Hashes, radius: int, found: "Found") -> None:
        hashes = self._hashes.rows
        for first in range(since, len(hashes), A_PIECE):
            some = hashes[first : first + A_PIECE]
            for form, hashed in enumerate(asked):
                bits = differing(some ^ hashed)
                near = np.flatnonzero(bits <= radius)
                rows = (near + first).astype(np.int32)
                found.take(rows, bits[near], np.full(len(near), form))


def sorted_rows(keys: Keys, first: int) -> Rows:
    """Return the rows of these keys by key, then in their order; they are numbered from `first`."""
    # One array of plain integers sorts many times faster than an argsort does.
    packed = (keys.astype(np.uint64) << np.uint64(32)) | np.arange(
        first, first + len(keys), dtype=np.uint64
    )
    packed.sort()
    return packed.astype(np.uint32).astype(np.int32)


def differing(apart: Hashes) -> Bits:
    """Count the bits set in each row."""
    bits = np.bitwise_count(apart[:, 0]).astype(np.int16)
    for word in range(1, apart.shape[1]):
        bits += np.bitwise_count(apart[:, word])
    return bits


def pieces(
    begins: NDArray[np.int32], counts: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield ranges of places, some at a time, each place with the number of its range."""
    full = np.flatnonzero(counts)
    begins, counts = begins[full].astype(np.int64), counts[full].astype(np.int64)
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    for first in range(0, total, A_PIECE):
        low = np.clip(ends - counts, first, first + A_PIECE)
        high = np.clip(ends, first, first + A_PIECE)
        inside = high - low
        ranges = np.repeat(np.arange(len(full)), inside)
        shift = begins - (ends - counts)
        yield full[ranges], np.arange(first, first + len(ranges)) + shift[ranges]


class Found:
    """What was found so far, bounded: the nearest are told apart, those beyond are counted."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self._rows: list[Rows] = []
        self._bits: list[Bits] = []
        self._forms: list[NDArray[np.intp]] = []
        self._held = 0
        self._beyond = 0

    def take(self, rows: Rows, bits: Bits, forms: NDArray[np.intp]) -> None:
        """Keep these, and the nearest half when there are too many."""
        if not len(rows):
            return
        self._rows.append(rows)
        self._bits.append(bits)
        self._forms.append(forms)
        self._held += len(rows)
        if self._held > MOST_HELD:
            near = self.told()
            kept = slice(MOST_HELD // 2)
            self._beyond += max(0, len(near.rows) - MOST_HELD // 2)
            self._rows, self._bits = [near.rows[kept]], [near.bits[kept]]
            self._forms = [near.forms[kept].astype(np.intp)]
            self._held = len(self._rows[0])

    def told(self) -> Near:
        """Return each row once, by its nearest form, the nearest first, then in order of rows."""
        if not self._rows:
            return Near.nothing()
        rows = np.concatenate(self._rows)
        bits = np.concatenate(self._bits)
        forms = np.concatenate(self._forms)
        order = np.lexsort((forms, bits, rows))
        first = np.ones(len(order), bool)
        first[1:] = rows[order[1:]] != rows[order[:-1]]
        order = order[first]
        order = order[np.lexsort((rows[order], bits[order]))]
        return Near(rows[order], bits[order], forms[order].astype(np.int8), self._beyond)
