"""What lies around the overlap in each side: more picture, or a plain border."""

import cv2
import numpy as np

from app.fingerprints.registration.geometry import Affine, centred, inverse, rescaled
from app.fingerprints.registration.laying import Sight

PLAIN = 4.0  # levels of standard deviation: paper and borders, after coding
LEAST = 0.004  # of the frame: less is rounding


def surrounds(one: Sight, other: Sight, matrix: Affine) -> dict[str, dict[str, float | bool]]:
    """Describe, for each side, the share of its frame outside the other's and how plain it is."""
    here = rescaled(matrix, one.scale, other.scale)
    return {
        "reference": _around(one, other, inverse(here)),
        "other": _around(other, one, here),
    }


def _around(sight: Sight, guest: Sight, matrix: Affine) -> dict[str, float | bool]:
    """Describe what a guest, moved into a sight, leaves free of it."""
    full = np.full(guest.pixels.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(full, centred(matrix), sight.size, flags=cv2.INTER_NEAREST)
    covered = cv2.dilate(covered, np.ones((7, 7), np.uint8))
    free = covered == 0
    share = float(free.mean())
    if share < LEAST:
        return {"share": round(share, 4), "plain": False, "level": 0.0}
    grey = cv2.cvtColor(sight.pixels, cv2.COLOR_RGB2GRAY)[free].astype(np.float32)
    low, high = np.percentile(grey, (2, 98))
    return {
        "share": round(share, 4),
        "plain": bool(high - low <= PLAIN * 2),
        "level": round(float(np.median(grey)), 1),
    }
