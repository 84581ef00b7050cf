"""Whole frame to whole frame: the guess that needs no features, for small and soft pictures."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

SQUARE = 96  # pixels: finer than this, small misfits decide
SOFT = 6.0  # pixels of that square: what is coarser is lighting, not structure
ASPECTS_APART = 0.15  # of their ratio

Floats = npt.NDArray[Any]
Grey = npt.NDArray[Any]
Size = tuple[int, int]


def square_of(grey: Grey) -> Floats:
    """Reduce a picture to a square of structure, of zero mean and unit length."""
    small = cv2.resize(grey, (SQUARE, SQUARE), interpolation=cv2.INTER_AREA).astype(np.float32)
    structure = small - cv2.GaussianBlur(small, (0, 0), SOFT)
    structure -= structure.mean()
    length = float(np.linalg.norm(structure))
    return structure / length if length > SQUARE * 0.5 else np.zeros_like(structure)


def best_form(one: Floats, other: Floats, one_size: Size, other_size: Size) -> tuple[int, float]:
    """Return the form in which one square is most like the other, and how much, -1 to 1."""
    found = [(-1.0, 0)]
    for form in range(8):
        turned = one_size if form % 2 == 0 else one_size[::-1]
        ratio = turned[0] * other_size[1] / (turned[1] * other_size[0])
        if max(ratio, 1 / ratio) <= 1 + ASPECTS_APART:
            shape = np.rot90(np.fliplr(one) if form > 3 else one, form % 4)
            found.append((float((shape * other).sum()), -form))
    likeness, form = max(found)
    return -form, likeness
