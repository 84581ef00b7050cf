"""A picture of few colours beside one of all: what its palette explains, and what it does not.

Whoever brings a picture to a palette gives every pixel the entry nearest to its colour. So a pixel
that has it differs by the palette alone; what was painted over does not. Dithered pictures give
pixels other entries than the nearest: of those nothing is explained.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.kept import Kept
from app.fingerprints.registration.laying import Sight

MOST_COLOURS, FEWEST_COLOURS = 256, 16  # of so few everything is far from everything
MOST_PIXELS = 16_000_000
NEAR = 4.0  # levels beyond the nearest: codecs and boxes of colours are not exact
NEAREST = 0.5  # levels: rounding
LEAST = 0.9  # of the pixels: else it is no plain reduction of colours
AT_ONCE = 1 << 16
Numbers = npt.NDArray[Any]


def through_palette(one: Kept, other: Kept) -> tuple[Kept, Kept, dict[str, Any]] | None:
    """Give the side of all colours those of the other side, where the palette explains them.

    Returns:
        Both sides as they are to be compared, and `few` (the side with the palette), its `colours`
        and the share of its pixels that have the `nearest` of them. None: not one of two pictures
        of equal size has a palette, or it explains too little.
    """
    if one.full != other.full or one.full[0] * one.full[1] > MOST_PIXELS:
        return None
    if one.indexed == other.indexed:
        return None
    few, full = (one, other) if one.indexed else (other, one)
    indexed, pixels = (side.fine(max(side.full)).pixels for side in (few, full))
    colours = np.unique(_packed(indexed))
    if indexed.shape != pixels.shape or not FEWEST_COLOURS <= len(colours) <= MOST_COLOURS:
        return None
    beyond = _beyond_nearest(indexed, pixels, _unpacked(colours))
    explained = beyond <= NEAR
    if explained.mean() < LEAST:
        return None
    alike = full.seen_as(Sight(np.where(explained[..., None], indexed, pixels), full.full))
    numbers = {
        "few": "one" if few is one else "other",
        "colours": len(colours),
        "nearest": round(float((beyond <= NEAREST).mean()), 4),
    }
    return (one, alike, numbers) if few is one else (alike, other, numbers)


def _beyond_nearest(indexed: Numbers, pixels: Numbers, colours: Numbers) -> Numbers:
    """Return by how much farther from a pixel its entry lies than the nearest, in levels."""
    there, places = np.unique(_packed(pixels), return_inverse=True)
    nearest = np.empty(len(there), np.float32)
    for start in range(0, len(there), AT_ONCE):
        some = _unpacked(there[start : start + AT_ONCE]).astype(np.float32)
        squares = (some**2).sum(1)[:, None] - 2 * some @ colours.T.astype(np.float32)
        squares += (colours.astype(np.float32) ** 2).sum(1)
        nearest[start : start + AT_ONCE] = np.sqrt(np.maximum(squares.min(1), 0))
    apart = np.sqrt(((indexed.astype(np.float32) - pixels) ** 2).sum(-1))
    found: Numbers = apart - nearest[places.reshape(apart.shape)]
    return found


def _packed(pixels: Numbers) -> Numbers:
    wide = pixels.astype(np.uint32)
    packed: Numbers = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed


def _unpacked(packed: Numbers) -> Numbers:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], -1)
