"""Whether a picture shows enough to be told from others by its looks (domain.md, 5.1).

Blank pages and plain two-toned ones hash alike whatever they are; nothing is said of them by
likeness. Pages of text and forms have structure: they are no two-toned pictures here.
"""

from typing import Any

import numpy as np

from app.fingerprints.seeing.hashes import Grey, brought_to

CELLS = 64  # the longer side at which grain and dust are averaged away
BLANK_RANGE = 10  # levels of 256 between the darkest and the lightest hundredth
NEAR_TONE = 12  # levels around one of two tones
TWO_TONES = 0.98  # share of the pixels that are near either
BLOCKS = 16  # to a side
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


def information_of(grey: Grey) -> tuple[str | None, dict[str, Any]]:
    """Say whether a small grey picture is blank or two-toned, and by what measures."""
    low, high = np.percentile(brought_to(grey, CELLS), (1, 99))
    share, mixed = two_tones(grey)
    measured = {"range": round(float(high - low), 1), "two_tones": share, "mixed": mixed}
    found: str | None = None
    if high - low <= BLANK_RANGE:
        found = BLANK
    elif share >= TWO_TONES and mixed <= MIXED:
        found = TWO_TONE
    return found, {**measured, "parameters": PARAMETERS}


def two_tones(grey: Grey) -> tuple[float, float]:
    """Return the share of pixels near one of two tones, and of blocks that hold both."""
    counts = np.bincount(grey.ravel(), minlength=256)
    middle = threshold(counts)
    dark, light = int(np.argmax(counts[: middle + 1])), middle + 1
    light += int(np.argmax(counts[middle + 1 :])) if middle < 255 else 0
    levels = np.arange(256)
    near = (abs(levels - dark) <= NEAR_TONE) | (abs(levels - light) <= NEAR_TONE)
    share = float(counts[near].sum() / counts.sum())
    rows, columns = (np.linspace(0, side, BLOCKS + 1).astype(int)[:-1] for side in grey.shape)
    lights = np.add.reduceat(np.add.reduceat(grey > middle, rows, 0, np.int64), columns, 1)
    sizes = np.add.reduceat(np.add.reduceat(np.ones_like(grey, np.int64), rows, 0), columns, 1)
    both = (lights > sizes * 0.02) & (lights < sizes * 0.98)
    return round(share, 4), round(float(both.mean()), 4)


def threshold(counts: np.ndarray[Any, Any]) -> int:
    """Return the level that parts a histogram best (Otsu, 1979)."""
    levels, total = np.arange(counts.size), counts.sum()
    below = np.cumsum(counts)
    sums = np.cumsum(counts * levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / total - sums) ** 2 / (below * (total - below))
    return int(np.nanargmax(np.where(np.isfinite(between), between, -1)))
