"""How one picture lies in another: an affine map of pixel centres, taken apart."""

from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Affine = npt.NDArray[Any]  # 2 x 3, from pixels (x, y) of one side to pixels of the other
Size = tuple[int, int]  # width, height
ACROSS, SQUEEZED, SKEWED = 25.0, 2.0, 0.35  # beyond such a scale or shear a fit is chance
SEED = 20_260_901
# The linear parts of the eight forms: np.rot90 k = 0..3, and the same of the mirrored picture.
_TURNS = [((1, 0), (0, 1)), ((0, 1), (-1, 0)), ((-1, 0), (0, -1)), ((0, -1), (1, 0))]
FORMS = [np.array(turn, float) for turn in _TURNS]
FORMS += [form @ np.array(((-1.0, 0.0), (0.0, 1.0))) for form in FORMS[:4]]


@dataclass(frozen=True, slots=True)
class Parts:
    """An affine map in words: other = turn * rotation * shear * scale of this, then moved."""

    scale_x: float
    scale_y: float
    rotation_degrees: float  # what is left after the form, -45 to 45, counter-clockwise
    shear: float
    form: int  # 0 to 7

    @property
    def sane(self) -> bool:
        """Tell a map that copies are made by from one that chance fitted."""
        scales = sorted((abs(self.scale_x), abs(self.scale_y)))
        if scales[0] < 1 / ACROSS or scales[1] > ACROSS:
            return False
        return scales[1] / scales[0] < SQUEEZED and abs(self.shear) < SKEWED


def fitted(
    one: npt.NDArray[Any], other: npt.NDArray[Any], within: float
) -> tuple[Affine | None, int]:
    """Fit an affine map to matched points; return it and how many it moves to `within` pixels."""
    if len(one) < 4:
        return None, 0
    cv2.setRNGSeed(SEED)
    matrix, kept = cv2.estimateAffine2D(
        one,
        other,
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=within,
        maxIters=4000,
        confidence=0.999,
        refineIters=20,
    )
    if matrix is None or not np.isfinite(matrix).all():  # type: ignore[redundant-expr]
        return None, 0
    return matrix, int(kept.sum())


def parts_of(matrix: Affine) -> Parts:
    """Take an affine map apart."""
    linear = matrix[:, :2]
    rotation, _ = _polar(linear)
    form = int(np.argmax([np.trace(rotation.T @ each) for each in FORMS]))
    rest = FORMS[form].T @ linear  # what the form does not explain, before it is applied
    turn, stretch = _polar(rest)
    angle = degrees(atan2(turn[0, 1], turn[0, 0]))
    shear = 2 * stretch[0, 1] / max(stretch[0, 0] + stretch[1, 1], 1e-12)
    return Parts(float(stretch[0, 0]), float(stretch[1, 1]), float(angle), float(shear), form)


def _polar(linear: Affine) -> tuple[Affine, Affine]:
    left, sizes, right = np.linalg.svd(linear)
    return left @ right, right.T @ np.diag(sizes) @ right


def whole(form: int, one: Size, other: Size) -> Affine:
    """Return the map of the whole of one frame, in a form, onto the whole of the other."""
    turned = one if form % 2 == 0 else one[::-1]
    linear = np.diag((other[0] / turned[0], other[1] / turned[1])) @ FORMS[form]
    centre = np.array(one, float) / 2
    return np.hstack([linear, (np.array(other, float) / 2 - linear @ centre)[:, None]])


def centred(matrix: Affine) -> Affine:
    """Turn a map of pixel edges (0 is the frame's corner) into one of pixel centres."""
    return np.hstack([matrix[:, :2], (matrix @ (0.5, 0.5, 1.0) - 0.5)[:, None]])


def edged(matrix: Affine) -> Affine:
    """Turn a map of pixel centres into one of pixel edges."""
    return np.hstack([matrix[:, :2], (matrix @ (-0.5, -0.5, 1.0) + 0.5)[:, None]])


def inverse(matrix: Affine) -> Affine:
    """Return the map back."""
    return cv2.invertAffineTransform(matrix)


def rescaled(matrix: Affine, one: tuple[float, float], other: tuple[float, float]) -> Affine:
    """Restate a map of edges for sides scaled by (x, y): matrix' = other * matrix * 1/one."""
    scaled = np.diag(other) @ matrix
    return np.hstack([scaled[:, :2] @ np.diag((1 / one[0], 1 / one[1])), scaled[:, 2:]])


def corners(size: Size) -> npt.NDArray[Any]:
    """Return the corners of a frame, by pixel edges."""
    width, height = size
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)


def moved(matrix: Affine, points: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return where a map takes points."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def overlap(matrix: Affine, one: Size, other: Size) -> tuple[float, npt.NDArray[Any]]:
    """Return the area that one covers of the other, in the other's pixels, and its corners."""
    shape = moved(matrix, corners(one))
    area, common = cv2.intersectConvexConvex(shape, corners(other))
    if not area:
        return 0.0, np.zeros((0, 2), np.float32)
    return float(area), common.reshape(-1, 2)


def offset(matrix: Affine, exact: Affine, one: Size) -> float:
    """Return how far two maps are apart at a frame's corners, at most, in the other's pixels."""
    apart = moved(matrix, corners(one)) - moved(exact, corners(one))
    return max(hypot(*step) for step in apart.tolist())
