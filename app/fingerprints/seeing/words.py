"""Words of local features, by which parts of a picture are found in others.

A word is the 24 signs of one feature's projections. Two pictures of one scene share many; what a
crop, a border, a stamp or a turn by a few degrees leaves alone keeps its words, and one that was
turned by quarters or mirrored has them with their bits in another order (`turning`). They nominate
pairs and decide nothing.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.fingerprints.seeing.turning import BITS, GROUPS, from_all_sides

Grey = np.ndarray[Any, np.dtype[np.uint8]]
SIDE = 448  # pixels: half the price of 640, and no fewer crops found
MOST = 128  # words of a picture; each is four bytes in memory for every image of the catalogue
DETECTED = 800
CONTRAST = 0.02  # half of what SIFT asks for: flat pictures have words too
DESCRIPTOR = 128
# Signs that were drawn so that each direction is at right angles to whatever all sides share: over
# the places of a descriptor that turning and mirroring put into each other they add up to nothing.
# Of 25 drawn ones, these met many crops and few strangers among some photographs; how they do
# among others that nobody had looked at is in docs/decisions/0025.
DIRECTIONS = (
    "a1fcb738a358345708fe68b59d292137",
    "b4c842cdd3b940f85a3b7cd628a3595e",
    "c34dcfc9b260a8c974f4dd8c028a56df",
)
SAME_PLACE = 4  # parts of a pixel in which two features are one


def words_of(grey: Grey) -> list[int]:
    """Return the words of a grey picture (HxW), best with 448 pixels or more on its longer side.

    At most 128, each once, of the features that stand out most first. The same pixels give the
    same words. Lowe, Distinctive image features from scale-invariant keypoints, IJCV 60, 2004;
    root of the descriptor: Arandjelovic and Zisserman, CVPR 2012; signs of random projections:
    Charikar, STOC 2002.
    """
    even = cv2.createCLAHE(2.0, (8, 8)).apply(at_most(grey, SIDE))
    sift = cv2.SIFT.create(nfeatures=DETECTED, contrastThreshold=CONTRAST)
    points = standing_out(sift.detect(even, None))
    if not points:
        return []
    _, described = sift.compute(even, points)
    shares = described / np.maximum(described.sum(axis=1, keepdims=True), 1e-6)
    signs = np.sqrt(shares) @ projections() > 0
    words = signs @ (1 << np.arange(BITS))
    return list(dict.fromkeys(words.tolist()))[:MOST]


def at_most(grey: Grey, longest: int) -> Grey:
    """Return a picture with at most so many pixels on its longer side."""
    high, wide = grey.shape
    if max(high, wide) <= longest:
        return grey
    factor = longest / max(high, wide)
    size = max(1, round(wide * factor)), max(1, round(high * factor))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def standing_out(points: Any) -> list[cv2.KeyPoint]:  # noqa: ANN401 - OpenCV says a sequence
    """Return features by response, each place and size once, all of them taken as upright.

    A turn by quarters is asked for by order of bits; to leave out the angle keeps more words equal
    over the small turns that are left.
    """
    ranked = sorted(points, key=lambda point: -point.response)
    placed = {
        (*(round(value * SAME_PLACE) for value in (*point.pt, point.size)),): point
        for point in reversed(ranked)
    }
    upright = [
        cv2.KeyPoint(point.pt[0], point.pt[1], point.size, 0, point.response, point.octave)
        for point in sorted(placed.values(), key=lambda point: -point.response)
    ]
    return upright[: MOST + MOST // 4]  # some have a word in common


@cache
def projections() -> NDArray[np.float32]:
    """Return 24 directions: three, as each of the eight sides of a picture meets them.

    So the words of a turned or mirrored picture are those of the upright one with their bits in
    another order. Whole numbers, so that no library rounds them otherwise.
    """
    bits = np.unpackbits(np.frombuffer(bytes.fromhex("".join(DIRECTIONS)), np.uint8))
    signs = 2 * bits.reshape(GROUPS, DESCRIPTOR).astype(np.float32) - 1
    return from_all_sides(signs).T
