"""Words of local features, by which parts of a picture are found in others.

A word is the 24 signs of one feature's projections. Two pictures of one scene share many; what a
crop, a border, a stamp or a turn by a few degrees leaves alone keeps its words. They nominate
pairs and decide nothing.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = np.ndarray[Any, np.dtype[np.uint8]]
BITS = 24
SIDE = 448  # pixels: half the price of 640, and no fewer crops found
MOST = 128  # words of a picture; each is four bytes in memory for every image of the catalogue
DETECTED = 800
CONTRAST = 0.02  # half of what SIFT asks for: flat pictures have words too
DESCRIPTOR = 128
SEED = 20260901
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

    A turn of the whole picture is found by its hash; to leave out the angle keeps more words equal
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
    """Return 24 directions, at right angles to each other and to what all features share.

    Rows of Sylvester's Hadamard matrix but the first, over drawn places: whole numbers, so that no
    library rounds them otherwise. The raw stream of the generator is the same in every numpy.
    """
    hadamard = np.ones((1, 1))
    while len(hadamard) < DESCRIPTOR:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    drawn = np.random.PCG64(SEED).random_raw(2 * DESCRIPTOR)
    places = drawn[:DESCRIPTOR].argsort()
    rows = 1 + drawn[DESCRIPTOR : 2 * DESCRIPTOR - 1].argsort()[:BITS]
    return hadamard[np.ix_(rows, places)].T.astype(np.float32)
