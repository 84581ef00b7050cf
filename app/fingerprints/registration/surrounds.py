"""What lies around the overlap in each side: more picture, or a plain border."""

import cv2
import numpy as np

from app.fingerprints.registration.geometry import Affine, centred, inverse, rescaled
from app.fingerprints.registration.laying import Sight

PLAIN = 4.0  # levels of standard deviation: paper and borders, after coding
LEAST = 0.004  # of the frame: less is rounding
REACH = 21  # pixels: half of them, from what is free, is looked at inside of the overlap


def surrounds(one: Sight, other: Sight, matrix: Affine) -> dict[str, dict[str, float | bool]]:
    """Describe, for each side, the share of its frame outside the other's and how plain it is.

    `continued` is the share of the overlap's own rim that is as plain and as bright: where a
    border ends, a picture begins; a picture's own margin goes on.
    """
    here = rescaled(matrix, one.scale, other.scale)
    return {
        "reference": _around(one, other, inverse(here)),
        "other": _around(other, one, here),
    }


def _around(sight: Sight, guest: Sight, matrix: Affine) -> dict[str, float | bool]:
    """Describe what a guest, moved into a sight, leaves free of it."""
    full = np.full(guest.pixels.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(full, centred(matrix), sight.size, flags=cv2.INTER_NEAREST)
    free = cv2.dilate(covered, np.ones((7, 7), np.uint8)) == 0
    share = float(free.mean())
    if share < LEAST:
        return {"share": round(share, 4), "plain": False, "level": 0.0, "continued": 0.0}
    grey = cv2.cvtColor(sight.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = np.percentile(grey[free], (2, 98))
    level = float(np.median(grey[free]))
    near = cv2.dilate(free.astype(np.uint8), np.ones((REACH, REACH), np.uint8)) > 0
    rim = np.abs(grey[near & (covered > 0)] - level) <= PLAIN * 2
    return {
        "share": round(share, 4),
        "plain": bool(high - low <= PLAIN * 2),
        "level": round(level, 1),
        "continued": round(float(rim.mean()), 3) if rim.size else 0.0,
    }
