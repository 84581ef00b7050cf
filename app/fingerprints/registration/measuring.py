"""Measure a pair: register it, bring it into equal tones, and say what is left.

The side with more pixels is the *reference*; equal ones are put into order by their pixels, so that
a pair measures alike whichever side is named first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from app.fingerprints.registration import regions
from app.fingerprints.registration.agreement import agreement
from app.fingerprints.registration.aligning import BELIEVED, Aligned, alignments
from app.fingerprints.registration.codings import codings
from app.fingerprints.registration.detail import detail_beyond
from app.fingerprints.registration.geometry import (
    Affine,
    Size,
    inverse,
    moved,
    offset,
    overlap,
    parts_of,
    whole,
)
from app.fingerprints.registration.kept import Kept
from app.fingerprints.registration.laying import Laid, laid, wanted
from app.fingerprints.registration.maps import difference_map
from app.fingerprints.registration.palettes import through_palette
from app.fingerprints.registration.residuals import EIGHT, Blocks, blocks_of
from app.fingerprints.registration.surrounds import surrounds
from app.fingerprints.registration.tones import (
    Tone,
    numbers_of,
    samples_of,
    shifts_of,
    tone_between,
)

METHOD = 3  # raised whenever the same two pictures could measure otherwise
COARSE_PIXELS = 640 * 480
FINE_PIXELS = 16_000_000
FEWEST_BLOCKS = 12  # of a pair laid over one another: fewer say nothing
LEAST_LIKENESS = 0.3  # of structure: below, a map of few features is chance
SAME_PLACE = 0.7  # pixels: as near as features tell
MORE_ALIKE = 0.005  # likeness beyond chance
CALM, SURELY_ALIKE = 0.0005, 0.8  # share of differing blocks; likeness
ALIKE = 0.5  # likeness: below, no closer look is worth its price
SURE = 20  # inliers: a map that holds whatever is left of the pictures


@dataclass(frozen=True, slots=True)
class Look:
    """A pair laid over one another at one resolution, with what was found there."""

    aligned: Aligned
    pair: Laid
    tone: Tone
    shifts: dict[str, Any]
    blocks: Blocks
    standing: regions.Standing
    likeness: float


def measured(a: Kept, b: Kept) -> tuple[dict[str, Any], bytes | None]:
    """Measure two pictures; return numbers as JSON has them, and the difference map as a PNG.

    Raises:
        TooLarge, Undecodable, MemoryError: of the sides' decoding.
    """
    swapped = _rank(b) > _rank(a)
    one, other = (b, a) if swapped else (a, b)
    said: dict[str, Any] = {
        "reference": "b" if swapped else "a",
        "sizes": {"reference": list(one.full), "other": list(other.full)},
        "registered": False,
    }
    through = through_palette(one, other)
    if through is not None:
        one, other, said["palette"] = through
    maps = alignments(one, other)
    coming = _looks(one, other, maps)
    looks = _until_settled(coming, maps)
    best = _best(looks)
    if best is None or not _believed(best):
        return said | {"inliers": best.aligned.inliers if best else 0}, None
    said |= _geometry(best.aligned, one.full, other.full)
    said |= {"registered": True, "coarse": _numbers(best)}
    said["surrounds"] = surrounds(one.coarse, other.coarse, best.aligned.matrix)
    finest = best
    if worth_a_closer_look(said):
        rivals = (look for look in chain(looks, coming) if look is not best)
        fine, coarse = _closest(one, other, best, rivals)
        if fine is not None:
            if coarse is not best:
                said |= _geometry(fine.aligned, one.full, other.full) | {"coarse": _numbers(coarse)}
            finest = fine
            said["fine"] = _numbers(fine)
            said["detail"] = detail_beyond(one, other, fine.aligned.matrix)
            said["codings"] = _codings(one, other, fine)
    else:
        said["agreement"] = agreement(best.pair)
    said["region"] = (said.get("fine") or said["coarse"])["region"] or said["coarse"]["region"]
    return said, difference_map(one.coarse, finest.standing, finest.pair.back)


def worth_a_closer_look(said: dict[str, Any]) -> bool:
    """Tell a pair that could still be a copy of the same picture, so that small changes matter."""
    coarse = said["coarse"]
    return bool(coarse["differing_share"] < 0.02 and coarse["likeness"] > ALIKE)


def _codings(one: Kept, other: Kept, look: Look) -> dict[str, Any] | None:
    """Ask how the files are coded, where pixel lies on pixel and next to nothing differs."""
    upright = look.aligned.by == "frame" and parts_of(look.aligned.matrix).form == 0
    if not upright or one.full != other.full or not _calm(look):
        return None
    here = one.coding()
    there = other.coding() if here is not None else None
    if here is None or there is None or here.luma.shape != there.luma.shape:
        return None
    return codings(here, there)


def _rank(side: Kept) -> tuple[int, bytes]:
    return side.full[0] * side.full[1], side.coarse.pixels.tobytes()


def _look(one: Kept, other: Kept, aligned: Aligned, pixels: int, fine: bool = False) -> Look | None:
    first, second = one.coarse, other.coarse
    if fine:
        less_one, less_other = wanted(one.full, other.full, aligned.matrix, pixels)
        first = one.fine(round(max(one.full) * less_one))
        second = other.fine(round(max(other.full) * less_other))
    pair = laid(first, second, aligned.matrix, pixels)
    if pair.mask.size < FEWEST_BLOCKS * EIGHT * EIGHT:
        return None
    samples = samples_of(pair)
    tone = tone_between(samples)
    blocks = blocks_of(pair, tone)
    standing = regions.standing(blocks)
    if standing.counted.sum() < FEWEST_BLOCKS:
        return None
    like = regions.likeness(blocks, standing)
    return Look(aligned, pair, tone, shifts_of(samples), blocks, standing, like)


def _looks(one: Kept, other: Kept, maps: Sequence[Aligned]) -> Iterator[Look]:
    """Look at a pair under one map after the other, each only when it is asked for."""
    looks = (_look(one, other, each, COARSE_PIXELS) for each in maps)
    return (look for look in looks if look)


def _until_settled(looks: Iterator[Look], maps: Sequence[Aligned]) -> list[Look]:
    """Take looks until the choice hangs on no other: mostly the first one says it all."""
    found: list[Look] = []
    for look in looks:
        found.append(look)
        if _settles(look, maps):
            break
    return found


def _settles(look: Look, maps: Sequence[Aligned]) -> bool:
    """Tell that the frame is chosen (`_best`) however alike the pair is under other maps."""
    return (
        look.aligned.by == "frame"
        and _calm_enough(look)
        and all(_apart(look, each) < SAME_PLACE for each in maps if each.by != "frame")
    )


def _best(looks: list[Look]) -> Look | None:
    """Choose a map; the whole frame on the whole frame, given first, if it tells as much as others.

    The plainest account of a pair that leaves nothing over is the one to be believed, unless what
    features say lies apart from it and is more alike: then a little was cut off.
    """
    rivals = [look for look in looks if look.aligned.by != "frame"]
    rival = max(rivals, key=lambda look: look.likeness, default=None)
    for look in looks:
        if look.aligned.by == "frame" and _told_as_well(look, rival):
            return look
    return max(looks, key=lambda look: look.likeness, default=None)


def _told_as_well(frame: Look, rival: Look | None) -> bool:
    calm = _calm_enough(frame)
    if rival is None:
        return calm
    as_alike = frame.likeness >= rival.likeness - MORE_ALIKE
    if _apart(frame, rival.aligned) < SAME_PLACE:
        return calm or as_alike
    return calm and as_alike


def _calm_enough(look: Look) -> bool:
    return _calm(look) and look.likeness > SURELY_ALIKE


def _apart(frame: Look, rival: Aligned) -> float:
    """Return how far two maps take the frame's corners apart, at most, in the pixels looked at."""
    width, height = frame.pair.mask.shape[::-1]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    back = moved(frame.pair.back, corners)
    steps = moved(rival.matrix, back) - moved(frame.aligned.matrix, back)
    there = moved(frame.aligned.matrix, back)
    less = max(width, height) / max(1e-6, float(np.ptp(there, axis=0).max()))
    return float(np.hypot(steps[:, 0], steps[:, 1]).max() * less)


def _believed(look: Look) -> bool:
    if look.aligned.inliers >= SURE:
        return True
    return look.likeness >= LEAST_LIKENESS and (
        look.aligned.by == "frame" or look.aligned.inliers >= BELIEVED
    )


def _closest(
    one: Kept, other: Kept, best: Look, rivals: Iterable[Look]
) -> tuple[Look | None, Look]:
    """Look closely under the chosen map, and under the others only where that leaves something."""
    found: list[tuple[Look, Look]] = []
    for coarse in chain((best,), rivals):
        fine = _closer(one, other, coarse) if coarse.likeness > ALIKE else None
        if fine is None:
            continue
        found.append((fine, coarse))
        if _calm(fine):
            break
    fine = _best([each for each, _ in found])
    return fine, next((coarse for each, coarse in found if each is fine), best)


def _calm(look: Look) -> bool:
    return bool((look.standing.strength > 1).mean() < CALM)


def _closer(one: Kept, other: Kept, coarse: Look) -> Look | None:
    less = wanted(one.full, other.full, coarse.aligned.matrix, FINE_PIXELS)
    height, width = coarse.pair.mask.shape
    finest = min(
        one.full[0] * one.full[1] * less[0] ** 2, other.full[0] * other.full[1] * less[1] ** 2
    )
    if finest <= 1.1 * width * height:
        return coarse
    return _look(one, other, coarse.aligned, FINE_PIXELS, fine=True)


def _geometry(aligned: Aligned, one: Size, other: Size) -> dict[str, Any]:
    parts = parts_of(aligned.matrix)
    frame = whole(parts.form, one, other)
    back = inverse(aligned.matrix)
    area_other, _ = overlap(aligned.matrix, one, other)
    area_one, common = overlap(back, other, one)
    low, high = (common.min(0), common.max(0)) if len(common) else (np.zeros(2), np.zeros(2))
    return {
        "by": aligned.by,
        "inliers": aligned.inliers,
        "matches": aligned.matches,
        "frame_likeness": round(aligned.frame_likeness, 4),
        "matrix": _rounded(aligned.matrix),
        "scale": [round(parts.scale_x, 5), round(parts.scale_y, 5)],
        "rotation_degrees": round(parts.rotation_degrees, 3),
        "shear": round(parts.shear, 5),
        "form": parts.form,
        "anisotropy_percent": round(abs(parts.scale_x / parts.scale_y - 1) * 100, 3),
        "aspect_difference_percent": aspect_difference(one, other, parts.form),
        "frame_offset_percent": round(100 * offset(aligned.matrix, frame, one) / max(other), 3),
        "coverage_percent": {
            "reference": round(100 * area_one / (one[0] * one[1]), 2),
            "other": round(100 * area_other / (other[0] * other[1]), 2),
        },
        "crop_box": [round(float(each)) for each in (*low, *(high - low))],
    }


def aspect_difference(one: Size, other: Size, form: int) -> float:
    """Return by how much one's frame was squeezed into the other's, in percent.

    What rounding the shorter side to whole pixels explains is none.
    """
    width, height = one if form % 2 == 0 else one[::-1]
    away = min(abs(other[0] * height / width - other[1]), abs(other[1] * width / height - other[0]))
    if away <= 1:
        return 0.0
    return round(abs(width / height * other[1] / other[0] - 1) * 100, 3)


def _rounded(matrix: Affine) -> list[list[float]]:
    return [[round(float(value), 6) for value in row] for row in matrix]


def _numbers(look: Look) -> dict[str, Any]:
    found = regions.described(look.standing, look.blocks)
    height, width = look.pair.mask.shape
    if found["region"] is not None:
        found["region"]["box"] = _box(found["region"]["box"], look.pair.back)
    return found | {
        "width": width,
        "height": height,
        "likeness": look.likeness,
        "tones": look.shifts | {"estimate": numbers_of(look.tone)},
        "sharpness": regions.sharpness(look.blocks, look.standing),
        "noise": regions.noise(look.blocks, look.standing),
    }


def _box(blocks: list[int], back: Affine) -> list[int]:
    """Return a box of blocks in pixels of the reference: x, y, width, height."""
    x, y, width, height = (value * EIGHT for value in blocks)
    ends = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)
    there = moved(back, ends)
    low, high = there.min(0), there.max(0)
    return [round(float(each)) for each in (*low, *(high - low))]
