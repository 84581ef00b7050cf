"""Pillow's Lanczos reduction to the bit, of several sizes at once: products of whole matrices.

imagehash reduces each picture so for each of its hashes; beside a scaled decode that is dear.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = np.ndarray[Any, np.dtype[np.uint8]]
Matrix = NDArray[np.float64]
Size = tuple[int, int]
LOBES = 3
BITS = 22  # of Pillow's fixed point, for samples of eight bits
HALF, ONE = float(1 << BITS - 1), float(1 << BITS)
KEPT = 256  # matrices: about 16 KiB each


def reduced_to(grey: Grey, sizes: tuple[Size, ...]) -> list[Grey]:
    """Return a grey picture (HxW) in each of the sizes (width, height), as `Image.resize` does.

    Across first, and rounded to eight bits, then down. Sums of whole numbers below 2**53, so that
    neither the order of a product nor the library that makes it changes one.
    """
    height, width = grey.shape
    if width < height:  # of which Pillow may go down first
        picture = Image.fromarray(grey)
        return [np.asarray(picture.resize(size, Image.Resampling.LANCZOS)) for size in sizes]
    across = rounded(grey.astype(np.float64) @ columns(width, tuple(wide for wide, _ in sizes)))
    found: list[Grey] = []
    at = 0
    for wide, high in sizes:
        down = rounded(weights(height, high) @ across[:, at : at + wide])
        found.append(down.astype(np.uint8))
        at += wide
    return found


@lru_cache(KEPT)
def columns(source: int, widths: tuple[int, ...]) -> Matrix:
    """Return the weights of several widths side by side (source x all of them)."""
    return np.ascontiguousarray(np.vstack([weights(source, wide) for wide in widths]).T)


@lru_cache(KEPT)
def weights(source: int, target: int) -> Matrix:
    """Return the weight of each pixel of a line in each of the reduced one, in fixed point."""
    scale = source / target
    stretch = max(scale, 1.0)
    centres = (np.arange(target)[:, None] + 0.5) * scale
    first = np.maximum(0, (centres - LOBES * stretch + 0.5).astype(int))
    last = np.minimum(source, (centres + LOBES * stretch + 0.5).astype(int))
    places = first + np.arange((last - first).max())
    distance = (places - centres + 0.5) * (1.0 / stretch)
    near = (places < last) & (abs(distance) < LOBES)
    curve = np.where(near, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    curve /= curve.sum(axis=1, keepdims=True)
    found = np.zeros((target, source))
    rows, at = np.nonzero(near)
    found[rows, places[near]] = np.trunc(curve * ONE + np.copysign(0.5, curve))[rows, at]
    return found


def rounded(sums: Matrix) -> Matrix:
    """Bring sums in fixed point back to samples."""
    return np.clip(np.floor((sums + HALF) / ONE), 0, 255)
