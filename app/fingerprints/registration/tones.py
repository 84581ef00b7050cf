"""The one global change of tone and colour that takes a picture's values to another's."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.laying import Laid, Pixels

Doubles = npt.NDArray[Any]
SAMPLED = 96  # pixels of the longer side: tone is no matter of detail
KNOTS = np.linspace(0, 255, 18)
ROUNDS = 5
SOFTEST = 2.0  # levels of residual below which all pixels count alike
LUMA = np.array((0.299, 0.587, 0.114))
FEW = 8  # samples: fewer say nothing of a stretch of the scale
NO_CHANGE_COSTS = 0.5  # levels: a change that explains no more than this is none
DARK, BRIGHT = 12.0, 215.0  # levels between which light is told: no noise, no shoulder
GAMMA = 2.2
NO_SHIFTS: dict[str, Any] = {
    **dict.fromkeys(("shift_mean", "shift_greatest", "luma", "luma_mean", "tint"), 0.0),
    "chroma": 1.0,
    "chroma_one": 0.0,
    "chroma_other": 0.0,
    "hues_one": 0.0,
    "hues_other": 0.0,
    "stops": [0.0, 0.0, 0.0],
}
_SAME = np.hstack([np.eye(3), np.zeros((3, 1))])
_DRAWN = np.diag((1.0, 1.0, 1.0, 0.01))  # towards no change: few colours must not invent one


@dataclass(frozen=True, slots=True)
class Tone:
    """A 3x4 colour matrix and after it a rising curve for each channel, levels 0 to 255."""

    matrix: Doubles
    curves: Doubles  # 3 x len(KNOTS)
    forward: bool = True  # from one to the other; False: the reverse fits better
    misfit: float = 0.0  # mean of what is left, in levels

    @property
    def none(self) -> bool:
        """Tell no change at all."""
        return bool((self.matrix == _SAME).all() and (self.curves == KNOTS).all())

    def of(self, pixels: Pixels) -> npt.NDArray[Any]:
        """Return pixels as the other side would have them."""
        if self.none:
            return pixels.astype(np.float32)
        mixed = cv2.transform(pixels.astype(np.float32), self.matrix.astype(np.float32))
        for channel in range(3):
            mixed[..., channel] = _interpolated(mixed[..., channel], self.curves[channel])
        return mixed


@dataclass(frozen=True, slots=True)
class Samples:
    """Colours of both sides at the same places, N x 3, soft enough to be free of detail."""

    one: Doubles
    other: Doubles


def samples_of(pair: Laid) -> Samples:
    """Take samples where both sides have a picture."""
    height, width = pair.mask.shape
    less = min(1.0, SAMPLED / max(height, width))
    size = (max(1, round(width * less)), max(1, round(height * less)))
    mask = cv2.resize(pair.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    sides = []
    for pixels in (pair.one, pair.other):
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        sides.append(cv2.GaussianBlur(small, (0, 0), 1.0)[mask].astype(float))
    return Samples(*sides)


def tone_between(samples: Samples) -> Tone:
    """Estimate the change of tone, in the direction in which it can be undone better."""
    one, other = samples.one, samples.other
    if len(one) < FEW:
        return Tone(_SAME, np.tile(KNOTS, (3, 1)))
    unchanged = float(np.abs(one - other).max(1).mean())
    forth = _fitted(one, other, forward=True)
    back = _fitted(other, one, forward=False)
    best = forth if forth.misfit <= back.misfit else back
    if unchanged <= best.misfit + NO_CHANGE_COSTS:
        return Tone(_SAME, np.tile(KNOTS, (3, 1)), misfit=unchanged)
    return best


def shifts_of(samples: Samples) -> dict[str, Any]:
    """Say how far the other's tones are from one's, in levels and as ratios; signs are other - one.

    `stops` is the change of each channel's light, which an exposure moves alike.

    Shifts are medians over stretches of the *mean* of both sides, so that noise shifts nothing.
    """
    one, other = samples.one, samples.other
    if len(one) < FEW:
        return dict(NO_SHIFTS)
    found = [_shifts(one[:, c], other[:, c]) for c in range(3)]
    luma_one, luma_other = one @ LUMA, other @ LUMA
    luma, luma_greatest, signed = _shifts(luma_one, luma_other)
    # Tint: what channels do beyond luma, at colours alike.
    apart_one, apart_other = one - luma_one[:, None], other - luma_other[:, None]
    tint = max(abs(float(np.median((apart_other - apart_one)[:, c]))) for c in range(3))
    spread_one, spread_other = _chroma(apart_one), _chroma(apart_other)
    return {
        "shift_mean": round(max(luma, *(each[0] for each in found)), 3),
        "shift_greatest": round(max(luma_greatest, *(each[1] for each in found)), 3),
        "luma": round(signed, 3),
        "luma_mean": round(luma, 3),
        "tint": round(tint, 3),
        "chroma": round((spread_other + 2) / (spread_one + 2), 3),
        "chroma_one": round(spread_one, 2),
        "chroma_other": round(spread_other, 2),
        "hues_one": round(_hues(one), 2),
        "hues_other": round(_hues(other), 2),
        "stops": [round(_stops(one[:, c], other[:, c]), 3) for c in range(3)],
    }


def numbers_of(tone: Tone) -> dict[str, object]:
    """Write the estimated change down."""
    if tone.none:
        return {"none": True, "misfit": round(tone.misfit, 3)}
    return {
        "matrix": [[round(float(value), 3) for value in row] for row in tone.matrix],
        "curves": [[round(float(value), 1) for value in row] for row in tone.curves],
        "forward": tone.forward,
        "misfit": round(tone.misfit, 3),
    }


def _shifts(one: Doubles, other: Doubles) -> tuple[float, float, float]:
    middle = (one + other) / 2
    places = np.clip(middle / 16, 0, 15).astype(int)
    apart = other - one
    shifts, counts = [], []
    for place in range(16):
        here = places == place
        if here.sum() >= max(FEW, len(one) // 100):
            shifts.append(_middle(apart[here]))
            counts.append(int(here.sum()))
    if not shifts:
        return 0.0, 0.0, 0.0
    found = np.array(shifts)
    mean = float(np.average(np.abs(found), weights=counts))
    return mean, float(np.abs(found).max()), float(np.average(found, weights=counts))


def _fitted(start: Doubles, end: Doubles, *, forward: bool) -> Tone:
    """Fit by weighted least squares, what fits badly counting less each round."""
    full = np.hstack([start, np.ones((len(start), 1))])
    weights = np.ones(len(start))
    matrix = _SAME
    for _ in range(ROUNDS):
        weighed = full * weights[:, None]
        normal = weighed.T @ full + _DRAWN * len(start)
        matrix = np.linalg.solve(normal, weighed.T @ end + _DRAWN @ _SAME.T * len(start)).T
        apart = np.abs(full @ matrix.T - end).max(1)
        spread = max(1.48 * float(np.median(apart)), SOFTEST)
        weights = 1 / (1 + (apart / (2 * spread)) ** 4)
    mixed = full @ matrix.T
    curves = np.array([_curve(mixed[:, c], end[:, c], weights) for c in range(3)])
    left = [np.abs(_interpolated(mixed[:, c], curves[c]) - end[:, c]) for c in range(3)]
    return Tone(matrix, curves, forward, float(np.max(left, 0).mean()))


def _curve(start: Doubles, end: Doubles, weights: Doubles) -> Doubles:
    """Return the rising curve of the medians around each knot."""
    half = (KNOTS[1] - KNOTS[0]) / 2
    heights, places = [], []
    trusted = weights > 0.3
    order = np.argsort(start[trusted])
    start, end = start[trusted][order], end[trusted][order]
    firsts = np.searchsorted(start, KNOTS - half, "right")
    lasts = np.searchsorted(start, KNOTS + half, "left")
    for first, last in zip(firsts, lasts, strict=True):
        if last - first >= FEW:
            places.append(_middle(start[first:last]))
            heights.append(_middle(end[first:last]))
    if not places:
        return KNOTS.copy()
    shifts = np.interp(KNOTS, places, np.array(heights) - np.array(places))
    return np.maximum.accumulate(KNOTS + shifts)


def _middle(values: Doubles) -> float:
    """Return the median of what is not empty, without what makes NumPy's slow on few values."""
    half, odd = divmod(len(values), 2)
    if odd:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)


def _interpolated(values: npt.NDArray[Any], curve: Doubles) -> npt.NDArray[Any]:
    fine = np.linspace(-128, 383, 1023)
    table = np.interp(fine, KNOTS, curve).astype(np.float32)
    places = np.clip(np.rint((values + 128) * 2), 0, 1022).astype(np.intp)
    found: npt.NDArray[Any] = table[places]
    return found


def _stops(one: Doubles, other: Doubles) -> float:
    middle = (one > DARK) & (one < BRIGHT) & (other > DARK) & (other < BRIGHT)
    if middle.sum() < FEW:
        return 0.0
    return float(GAMMA * np.median(np.log2(other[middle] / one[middle])))


def _chroma(apart: Doubles) -> float:
    return float(np.percentile(np.abs(apart).max(1), 75))


def _hues(pixels: Doubles) -> float:
    """Return how far colours leave one line from dark to light, in levels: about 0 when toned."""
    luma = pixels @ LUMA
    order = np.argsort(luma, kind="stable")
    apart = (pixels - luma[:, None])[order]
    smooth = cv2.blur(apart, (1, max(3, len(order) // 32)), borderType=cv2.BORDER_REFLECT)
    return float(np.percentile(np.abs(apart - smooth).max(1), 90))
