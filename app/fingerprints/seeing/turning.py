"""What turning and mirroring a picture does to its words: bits change places, nothing is looked up.

A word has three groups of eight signs. Each group is one projection of a feature, seen from the
eight sides of a picture; so another side of the picture has the same signs in another order.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS, ANGLES = 4, 8  # of a SIFT descriptor: cells down and across, and bins of angles
SIDES = 8  # upright, turned by 90, 180, 270 degrees counter-clockwise; then mirrored, likewise
GROUPS = 3
BITS = GROUPS * SIDES
Places = NDArray[np.intp]


@cache
def sides() -> Places:
    """Return for each side where its descriptor's 128 values stand in the upright one's."""
    upright = np.arange(CELLS * CELLS * ANGLES).reshape(CELLS, CELLS, ANGLES)
    # Seen from behind, an angle a is 180 degrees less a; each bin is of 45.
    mirrored = upright[:, ::-1][:, :, (ANGLES // 2 - np.arange(ANGLES)) % ANGLES]
    found = []
    for side in (upright, mirrored):
        for quarters in range(4):
            turned = np.rot90(side, quarters)
            found.append(np.roll(turned, quarters * ANGLES // 4, axis=2).ravel())
    return np.array(found)


@cache
def orders() -> Places:
    """Return for each side which sides of the upright picture its own sides are."""
    at = {tuple(side): number for number, side in enumerate(sides().tolist())}
    return np.array([[at[tuple(one[other])] for other in sides()] for one in sides()])


def from_all_sides(projections: NDArray[Any]) -> NDArray[Any]:
    """Return each of some projections (rows) as all eight sides of a picture meet it."""
    seen = np.empty((len(projections), SIDES, projections.shape[1]), projections.dtype)
    for number, side in enumerate(sides()):
        seen[:, number, side] = projections
    return seen.reshape(len(projections) * SIDES, -1)


def turned_words(words: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the words of all eight sides of a picture, shape (8, n), by those of the first."""
    bits = (words[:, None] >> np.arange(BITS)) & 1
    of_groups = bits.reshape(len(words), GROUPS, SIDES)
    turned = of_groups[:, :, orders()].transpose(2, 0, 1, 3).reshape(SIDES, len(words), BITS)
    return (turned @ (1 << np.arange(BITS))).astype(np.int32)
