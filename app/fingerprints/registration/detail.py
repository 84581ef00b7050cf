"""Whether the larger side holds detail beyond the smaller's, or was enlarged from it."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.geometry import Affine, parts_of
from app.fingerprints.registration.kept import Kept

ROOM = 0.58  # of the scale: the reference is decoded no finer than shows what lies beyond
TILE = 512  # pixels of the liveliest window, in which frequencies are counted
NARROWEST = 64  # pixels: of less, frequencies say nothing
ALIKE = 0.98  # of the scale: no room in which anything could be beyond
BELOW = (0.7, 0.92)  # of the smaller side's finest frequency
LOWER = (0.5, 0.66)
BEYOND = 1.2  # of it: nearer to it, resampling leaks
FAR = 1.7  # of it, and no further than the reference goes
NONE = {"beyond": 0.0, "below": 0.0, "lower": 0.0, "scale": 1.0}


def detail_beyond(one: Kept, other: Kept, matrix: Affine) -> dict[str, float]:
    """Compare the power of frequencies beyond the other's finest with that of those just below.

    Returns:
        `beyond` and `below` as mean powers in squared levels, and the `scale` they were told at. A
        picture that was enlarged has next to nothing beyond.
    """
    parts = parts_of(matrix)
    scale = max(parts.scale_x, parts.scale_y)
    sight = one.fine(min(max(one.full), round(max(other.full) / ROOM)))
    scale *= max(one.full) / max(sight.size)
    if scale > ALIKE or min(sight.size) < NARROWEST:
        return NONE | {"scale": round(min(scale, 1.0), 4)}
    tile = _liveliest(cv2.cvtColor(sight.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32))
    window = np.outer(np.hanning(tile.shape[0]), np.hanning(tile.shape[1]))
    power = np.abs(np.fft.rfft2((tile - tile.mean()) * window)) ** 2 / tile.size
    down, across = np.fft.fftfreq(tile.shape[0])[:, None], np.fft.rfftfreq(tile.shape[1])[None]
    finest = np.maximum(np.abs(down), across) * 2  # a square: pixels are resampled along axes
    below = (finest >= BELOW[0] * scale) & (finest < BELOW[1] * scale)
    beyond = (finest >= BEYOND * scale) & (finest <= min(FAR * scale, 1.0))
    lower = (finest >= LOWER[0] * scale) & (finest < LOWER[1] * scale)
    if not (beyond.any() and below.any() and lower.any()):
        return NONE | {"scale": round(scale, 4)}
    return {
        "beyond": round(float(power[beyond].mean()), 4),
        "below": round(float(power[below].mean()), 4),
        "lower": round(float(power[lower].mean()), 4),
        "scale": round(scale, 4),
    }


def _liveliest(grey: npt.NDArray[Any]) -> npt.NDArray[Any]:
    height, width = grey.shape
    rows, columns = min(height, TILE), min(width, TILE)
    small = cv2.resize(
        np.abs(cv2.Laplacian(grey, cv2.CV_32F)),
        None,
        fx=1 / 16,
        fy=1 / 16,
        interpolation=cv2.INTER_AREA,
    )
    lively = cv2.blur(small, (max(1, columns // 16), max(1, rows // 16)))
    row, column = np.unravel_index(int(lively.argmax()), lively.shape)
    top = min(max(0, int(row) * 16 - rows // 2), height - rows)
    left = min(max(0, int(column) * 16 - columns // 2), width - columns)
    return grey[top : top + rows, left : left + columns]
