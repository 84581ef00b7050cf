"""How much of what either side shows is found again in the other, where a map says it lies.

A map may rest on a mark that pictures of different things bear: a watermark, a stamp, a caption's
strip, a ruler and a colour target, a frame, a letter's head. The mark is found again, and nothing
else is. In two pictures of one scene most of either is, though not always on the very spot.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.geometry import moved
from app.fingerprints.registration.laying import Laid

CELLS = 192  # looked at, about
SMALLEST, LARGEST = 12, 32  # pixels of a cell's side
FINEST, COARSEST = 1.0, 6.0  # sigma in pixels: finer is noise, coarser is lighting
SOMETHING = 2.0  # levels of standard deviation between the two: there is something to be found
SAME = 0.75  # correlation of a cell with the place most like it
FULL = 0.9  # of a cell covered, for it to count
LUMA = np.array((0.299, 0.587, 0.114), np.float32)
Floats = npt.NDArray[Any]


def agreement(pair: Laid) -> dict[str, Any]:
    """Look for every cell of one side near its place in the other, as far away as it is wide.

    Returns:
        `cells` in which either side shows something; the `share` of its own cells that each side
        has in common, 0 to 1 (1: it shows nothing at all); the `box` around what is common, in
        pixels of one's full frame (x, y, width, height; None: nothing is).
    """
    one, other = _structure(pair.one), _structure(pair.other)
    side = _side(pair.mask.shape)
    rows, columns = (length // side for length in pair.mask.shape)
    shown, common = np.zeros((2, rows, columns), bool), np.zeros((rows, columns), bool)
    for row, column in np.ndindex(rows, columns):
        y, x = row * side, column * side
        here = (slice(y, y + side), slice(x, x + side))
        if pair.mask[here].mean() < FULL:
            continue
        shown[:, row, column] = [each[here].std() > SOMETHING for each in (one, other)]
        if shown[:, row, column].any():
            common[row, column] = _found(one[here], other, x, y)
    shares = [float((common & each).sum() / each.sum()) if each.any() else 1.0 for each in shown]
    return {
        "cells": int(shown.any(0).sum()),
        "share": {"one": round(shares[0], 3), "other": round(shares[1], 3)},
        "box": _box(common, side, pair),
    }


def _structure(pixels: Floats) -> Floats:
    luma = pixels.astype(np.float32) @ LUMA
    return cv2.GaussianBlur(luma, (0, 0), FINEST) - cv2.GaussianBlur(luma, (0, 0), COARSEST)


def _side(shape: tuple[int, ...]) -> int:
    return int(np.clip(round((shape[0] * shape[1] / CELLS) ** 0.5), SMALLEST, LARGEST))


def _found(cell: Floats, other: Floats, x: int, y: int) -> bool:
    """Look on the spot first: there copies have it, and it costs little."""
    side = len(cell)
    for reach in (side // 8, side):
        low_y, low_x = max(0, y - reach), max(0, x - reach)
        around = other[low_y : y + side + reach, low_x : x + side + reach]
        if cv2.matchTemplate(around, cell, cv2.TM_CCOEFF_NORMED).max() > SAME:
            return True
    return False


def _box(common: npt.NDArray[np.bool_], side: int, pair: Laid) -> list[int] | None:
    if not common.any():
        return None
    places = np.argwhere(common)[:, ::-1]
    (left, top), (right, bottom) = places.min(0) * side, (places.max(0) + 1) * side
    ends = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    there = moved(pair.back, ends)
    low, high = there.min(0), there.max(0)
    return [round(float(each)) for each in (*low, *(high - low))]
