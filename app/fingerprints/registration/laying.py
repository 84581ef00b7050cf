"""Two pictures laid over one another, pixel on pixel, in the frame of the sparser one."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.geometry import (
    Affine,
    Size,
    centred,
    inverse,
    offset,
    overlap,
    rescaled,
    whole,
)

Pixels = npt.NDArray[Any]
EDGE = 2  # pixels at the rim of an overlap that are mixed with what lies outside


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture at some resolution: HxWx3 in RGB, and the upright size that it has in full."""

    pixels: Pixels
    full: Size

    @property
    def size(self) -> Size:
        """Width and height as it is here."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def scale(self) -> tuple[float, float]:
        """How many of these pixels one of the full picture is, across and down."""
        return self.size[0] / self.full[0], self.size[1] / self.full[1]


@dataclass(frozen=True, slots=True)
class Laid:
    """Both sides at equal shape, where both have a picture, and the map back to one in full."""

    one: Pixels
    other: Pixels
    mask: npt.NDArray[np.bool_]
    back: Affine  # from these pixels' edges to edges of one's full frame


def wanted(one: Size, other: Size, matrix: Affine, pixels: float) -> tuple[float, float]:
    """Return by how much to reduce each side (0 to 1) so that both are as dense as the sparser.

    Args:
        one: its full size.
        other: its full size.
        matrix: from one to the other.
        pixels: that the overlap may have.
    """
    density = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    area, _ = overlap(matrix, one, other)
    area *= min(1.0, 1 / density**2)
    reduced = min(1.0, float(np.sqrt(pixels / max(area, 1.0))))
    return min(1.0, density) * reduced, min(1.0, 1 / density) * reduced


def laid(one: Sight, other: Sight, matrix: Affine, pixels: float) -> Laid:
    """Lay one over the other by a map of their full frames' edges."""
    less_one, less_other = wanted(one.full, other.full, matrix, pixels)
    first, second = _reduced(one, less_one), _reduced(other, less_other)
    here = rescaled(matrix, first.scale, second.scale)
    form = _whole_form(here, first.size, second.size)
    # Interpolation softens: the side that has more pixels to lose is the one that is moved.
    if form is not None:
        pixels_one = _turned(first.pixels, form)
        if pixels_one.shape != second.pixels.shape:
            pixels_one = cv2.resize(pixels_one, second.size, interpolation=cv2.INTER_AREA)
        mask = np.ones(pixels_one.shape[:2], bool)
    else:
        pixels_one = cv2.warpAffine(
            first.pixels,
            centred(here),
            second.size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        full = np.full(first.pixels.shape[:2], 255, np.uint8)
        inside = cv2.warpAffine(full, centred(here), second.size, flags=cv2.INTER_LINEAR)
        mask = cv2.erode(inside, np.ones((2 * EDGE + 1,) * 2, np.uint8), borderValue=255) == 255
    back = rescaled(inverse(here), (1.0, 1.0), (1 / first.scale[0], 1 / first.scale[1]))
    return _cut(Laid(pixels_one, second.pixels, mask, back))


def _reduced(sight: Sight, less: float) -> Sight:
    size = (max(1, round(sight.full[0] * less)), max(1, round(sight.full[1] * less)))
    if size[0] >= sight.size[0] and size[1] >= sight.size[1]:
        return sight
    return Sight(cv2.resize(sight.pixels, size, interpolation=cv2.INTER_AREA), sight.full)


def _whole_form(matrix: Affine, one: Size, other: Size) -> int | None:
    for form in range(8):
        if offset(matrix, whole(form, one, other), one) < 1e-3 * max(other):
            return form
    return None


def _turned(pixels: Pixels, form: int) -> Pixels:
    flipped = pixels[:, ::-1] if form > 3 else pixels
    return np.ascontiguousarray(np.rot90(flipped, form % 4))


def _cut(laid_: Laid) -> Laid:
    """Keep the rectangle in which anything overlaps."""
    rows, columns = np.flatnonzero(laid_.mask.any(1)), np.flatnonzero(laid_.mask.any(0))
    if not len(rows):
        return Laid(laid_.one[:0, :0], laid_.other[:0, :0], laid_.mask[:0, :0], laid_.back)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    back = laid_.back.copy()
    back[:, 2] += back[:, :2] @ (float(left), float(top))
    part = (slice(top, bottom), slice(left, right))
    return Laid(laid_.one[part], laid_.other[part], laid_.mask[part], back)
