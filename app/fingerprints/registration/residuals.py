"""What is left when two pictures lie on one another in equal tones, block by block.

A pixel differs by as much as it lies outside the range of the other side's 3x3 neighbourhood, both
ways: so an edge that lies one pixel off differs by nothing, and a stroke that one side lacks by all
of its contrast.
"""

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.laying import Laid
from app.fingerprints.registration.tones import Tone

Floats = npt.NDArray[Any]
EIGHT = 8  # pixels of a block's side
BAND = 256  # rows measured at once, a multiple of EIGHT: it bounds memory, and caches hold more
MARGIN = 16  # rows more, for the neighbourhoods
RINGING = 0.15  # of the contrast nearby, by which resamplers overshoot
TINT_NOISE = 1.5  # levels by which coded chroma wanders, beyond what blocks tell
LUMA = np.array((0.299, 0.587, 0.114), np.float32)
SOFT, TINT_SOFT = 0.7, 2.5  # sigma in pixels


@dataclass(frozen=True, slots=True)
class Blocks:
    """Means over blocks of EIGHT pixels a side, as grids of equal shape."""

    differing: Floats  # levels outside the other's range
    lively_one: Floats  # standard deviation of luma
    lively_other: Floats
    fine_one: Floats  # levels of the finest detail
    fine_other: Floats
    middle_one: Floats  # levels of the detail twice as coarse
    middle_other: Floats
    fine_apart: Floats  # levels of the finest detail of the difference: noise that is not shared
    likeness: Floats  # share of the structure that both have, -1 to 1
    covered: Floats  # share of the pixels where both sides have a picture


def blocks_of(pair: Laid, tone: Tone) -> Blocks:
    """Measure block by block, a band of rows at a time."""
    height = pair.mask.shape[0]
    bands: list[list[Floats]] = []
    for top in range(0, height, BAND):
        bottom = min(height, top + BAND)
        low, high = max(0, top - MARGIN), min(height, bottom + MARGIN)
        one, other = pair.one[low:high], pair.other[low:high]
        if tone.forward:
            sides = tone.of(one), other.astype(np.float32)
        else:
            sides = one.astype(np.float32), tone.of(other)
        inner = slice(top - low, bottom - low)
        bands.append(_pooled(*sides, pair.mask[low:high].astype(np.float32), inner))
    return Blocks(*(np.concatenate(grids) for grids in zip(*bands, strict=True)))


def _pooled(one: Floats, other: Floats, mask: Floats, inner: slice) -> list[Floats]:
    lumas = one @ LUMA, other @ LUMA
    outside = _outside(_soft(lumas[0], SOFT), _soft(lumas[1], SOFT), 3)
    for channel in (0, 2):
        tint_one, tint_other = (
            _soft(side[..., channel] - luma, TINT_SOFT)
            for side, luma in zip((one, other), lumas, strict=True)
        )
        outside = cv2.max(outside, _outside(tint_one, tint_other, 5) - TINT_NOISE)
    weight = mask[inner]
    everywhere = bool(weight.all())
    covered = _means(weight)
    whole = np.maximum(covered, 1e-6)

    def mean(values: Floats) -> Floats:
        return _means(values if everywhere else cv2.multiply(values, weight)) / whole

    apart = lumas[0] - lumas[1]
    once = [_soft(luma, 1.0) for luma in (*lumas, apart)]
    fine = [cv2.absdiff(a[inner], b[inner]) for a, b in zip((*lumas, apart), once, strict=True)]
    middle = [
        cv2.absdiff(soft[inner], _soft(luma, 2.2)[inner])
        for luma, soft in zip(lumas, once, strict=False)
    ]
    structure = [cv2.subtract(luma[inner], cv2.blur(luma, (25, 25))[inner]) for luma in lumas]
    both = mean(cv2.multiply(structure[0], structure[1]))
    squares = [mean(cv2.multiply(each, each)) for each in structure]
    lengths = np.sqrt(squares[0] * squares[1])
    return [
        mean(outside[inner]),
        *(
            np.sqrt(np.maximum(mean(cv2.multiply(each, each)) - mean(each) ** 2, 0))
            for each in (luma[inner] for luma in lumas)
        ),
        *(mean(each) for each in (*fine[:2], *middle, fine[2])),
        both / np.maximum(lengths, 1.0),
        covered,
    ]


def _soft(values: Floats, sigma: float) -> Floats:
    return cv2.GaussianBlur(values, (0, 0), sigma)


def _outside(one: Floats, other: Floats, reach: int) -> Floats:
    square = np.ones((reach, reach), np.uint8)
    low_one, high_one = cv2.erode(one, square), cv2.dilate(one, square)
    low_other, high_other = cv2.erode(other, square), cv2.dilate(other, square)
    # OpenCV's arithmetic: the same numbers as NumPy's in half the time.
    contrast = cv2.max(cv2.subtract(high_one, low_one), cv2.subtract(high_other, low_other))
    apart = cv2.max(cv2.subtract(one, high_other), cv2.subtract(low_other, one))
    apart = cv2.max(apart, cv2.subtract(other, high_one))
    apart = cv2.max(apart, cv2.subtract(low_one, other))
    beyond: Floats = np.maximum(cv2.subtract(apart, RINGING * contrast), 0)
    return beyond


def _means(values: Floats) -> Floats:
    height, width = values.shape
    rows, columns = -(-height // EIGHT), -(-width // EIGHT)
    full = cv2.copyMakeBorder(
        values, 0, rows * EIGHT - height, 0, columns * EIGHT - width, cv2.BORDER_CONSTANT, value=0.0
    )
    # Two passes of the resizer: many times faster than a mean over strided axes.
    return cv2.resize(full, (columns, rows), interpolation=cv2.INTER_AREA)


GRIDS = tuple(field.name for field in fields(Blocks))
