"""Local features of one picture, by which it is found again inside another."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

LONGEST = 640  # pixels of the longer side at which features are looked for
SMALL = 320  # below that a picture is doubled first: SIFT finds little in thumbnails
MOST = 800
NEAREST_RATIO = 0.8  # Lowe: a match nearer to its second is none
CLIP, GRID = 2.0, (8, 8)
ANGLES = 8  # of each of a descriptor's 4 x 4 parts
REFLECTED = np.arange(128).reshape(4, 4, ANGLES)[::-1, :, -np.arange(ANGLES) % ANGLES].ravel()

Floats = npt.NDArray[Any]
Grey = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Features:
    """Points (N x 2, pixels of the picture they were found in) and their RootSIFT (N x 128)."""

    points: Floats
    descriptors: Floats


def features_of(grey: Grey) -> Features:
    """Find at most MOST features in a grey picture of at most LONGEST pixels a side."""
    times = 2 if max(grey.shape) <= SMALL else 1
    if times > 1:
        grey = cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    even = cv2.createCLAHE(CLIP, GRID).apply(grey)
    # OpenCV keeps more where several are equally strong, hence the cut.
    found, described = cv2.SIFT.create(MOST, contrastThreshold=0.02).detectAndCompute(even, None)
    if not len(found):
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    places = np.array([point.pt for point in found[:MOST]], np.float32)
    points = (places + 0.5) / times - 0.5
    described = described[:MOST]
    # RootSIFT: the Hellinger distance of the histograms (Arandjelovic and Zisserman, 2012).
    roots = np.sqrt(described / np.maximum(described.sum(1, keepdims=True), 1e-6))
    return Features(points, roots.astype(np.float32))


def reflected(features: Features) -> Features:
    """Return what a mirror would show of features: near to what is found there, at no price.

    Points stay where they are. A descriptor's rows change places, and its angles their sign.
    """
    return Features(features.points, features.descriptors[:, REFLECTED])


def matched(one: Features, other: Features) -> tuple[Floats, Floats]:
    """Return the points of both sides that are each other's nearest and have no rival."""
    if min(len(one.points), len(other.points)) < 4:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    likeness = one.descriptors @ other.descriptors.T
    rows = np.arange(len(one.points))
    best = likeness.argmax(1)
    top = likeness[rows, best]
    rival = likeness.copy()
    rival[rows, best] = -1
    apart = np.sqrt(np.maximum(2 - 2 * top, 0))
    apart_rival = np.sqrt(np.maximum(2 - 2 * rival.max(1), 0))
    good = (likeness.argmax(0)[best] == rows) & (apart < NEAREST_RATIO * apart_rival)
    return one.points[good], other.points[best[good]]
