"""Whether a picture shows enough to be told from others by its looks (domain.md, 5.1).

Blank pages and plain two-toned ones hash alike whatever they are; nothing is said of them by
likeness. Pages of text and forms have structure: they are no two-toned pictures here.
"""

from typing import Any

import cv2
import numpy as np

from app.fingerprints.seeing.hashes import PDQ_SIDE, Grey

LEVELS = np.arange(256)
CELLS = PDQ_SIDE  # to a side: areas in which grain and dust are averaged away
ENDS = [CELLS * CELLS // 100, CELLS * CELLS - 1 - CELLS * CELLS // 100]
BLANK_RANGE = 10  # levels of 256 between the darkest and the lightest hundredth
NEAR_TONE = 12  # levels around one of two tones
TWO_TONES = 0.98  # share of the pixels that are near either
BLOCKS = 16  # to a side
PURE = 5  # levels of 255, a fiftieth: less of the other tone in a block is dust
MIXED = 0.10  # share of blocks with both tones, above which there is structure
BLANK, TWO_TONE = "blank", "two_tone"
PARAMETERS = {
    "cells": CELLS,
    "blank_range": BLANK_RANGE,
    "near_tone": NEAR_TONE,
    "two_tones": TWO_TONES,
    "blocks": BLOCKS,
    "mixed": MIXED,
}


def information_of(grey: Grey, cells: Grey) -> tuple[str | None, dict[str, Any]]:
    """Say whether a small grey picture is blank or two-toned, and by what measures.

    Args:
        grey: upright.
        cells: its 64 times 64 areas, as `cells_of` averages them.
    """
    low, high = map(int, np.partition(cells, ENDS, axis=None)[ENDS])
    share, mixed = two_tones(grey)
    measured = {"range": high - low, "two_tones": share, "mixed": mixed}
    found: str | None = None
    if high - low <= BLANK_RANGE:
        found = BLANK
    elif share >= TWO_TONES and mixed <= MIXED:
        found = TWO_TONE
    return found, {**measured, "parameters": PARAMETERS}


def two_tones(grey: Grey) -> tuple[float, float]:
    """Return the share of pixels near one of two tones, and of blocks that hold both."""
    counts = counted(grey)
    middle = threshold(counts)
    dark, light = int(np.argmax(counts[: middle + 1])), middle + 1
    light += int(np.argmax(counts[middle + 1 :])) if middle < 255 else 0
    near = (abs(LEVELS - dark) <= NEAR_TONE) | (abs(LEVELS - light) <= NEAR_TONE)
    share = float(counts[near].sum() / counts.sum())
    lights = cv2.threshold(grey, middle, 255, cv2.THRESH_BINARY)[1]
    blocks = cv2.resize(lights, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
    both = (blocks > PURE) & (blocks < 255 - PURE)
    return round(share, 4), round(float(both.mean()), 4)


def counted(grey: Grey) -> np.ndarray[Any, Any]:
    """Count the pixels of each level; floats of 32 bits count so few without a loss."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.int64)


def threshold(counts: np.ndarray[Any, Any]) -> int:
    """Return the level that parts a histogram best (Otsu, 1979)."""
    shown = np.flatnonzero(counts)
    if shown.size < 2:
        return 0
    between = slice(shown[0], shown[-1])  # where there are pixels on both sides
    below, sums = np.cumsum(counts), np.cumsum(counts * LEVELS)
    total, whole = below[-1], sums[-1]
    below, sums = below[between], sums[between]
    parted = (whole * below / total - sums) ** 2 / (below * (total - below))
    return int(shown[0] + np.argmax(parted))
