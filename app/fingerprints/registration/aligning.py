"""Where one picture lies in another: by features, by its mirror image's, by the whole frame."""

from dataclasses import dataclass

from app.fingerprints.registration.features import matched, reflected
from app.fingerprints.registration.frames import best_form
from app.fingerprints.registration.geometry import (
    Affine,
    edged,
    fitted,
    offset,
    overlap,
    parts_of,
    rescaled,
    whole,
)
from app.fingerprints.registration.kept import Kept

WITHIN = 3.0  # pixels at features.LONGEST
PLENTY = 15  # inliers: then no mirror image is tried
BELIEVED = 8  # inliers: chance mostly has fewer, and with fewer no features are believed
FEWEST = 6  # inliers: with fewer there is no map to speak of
FRAME_LIKENESS = 0.5  # of whole frames, to be looked at closely
SNAPPED = 0.006  # of the frame: a map nearer than this to frame on frame is tried as that
SNAPPED_PIXELS = 2.0  # and, in small pictures, nearer than this
LEAST_OVERLAP = 0.02  # of the smaller side


@dataclass(frozen=True, slots=True)
class Aligned:
    """A map from one's full frame to the other's, by pixel edges, and what it rests on."""

    matrix: Affine
    by: str  # features, frame
    inliers: int
    matches: int
    frame_likeness: float  # -1 to 1


def alignments(one: Kept, other: Kept) -> list[Aligned]:
    """Return the maps that come into question, the exact frame on frame first."""
    form, likeness = best_form(one.square, other.square, one.full, other.full)
    found = _by_features(one, other)
    matrix, inliers, matches = found
    maps: list[Aligned] = []
    if matrix is not None and _possible(matrix, one, other):
        form_there = parts_of(matrix).form
        frame = whole(form_there, one.full, other.full)
        near = offset(matrix, frame, one.full) <= max(SNAPPED * max(other.full), SNAPPED_PIXELS)
        if near:
            maps.append(Aligned(frame, "frame", inliers, matches, likeness))
        maps.append(Aligned(matrix, "features", inliers, matches, likeness))
        if near or inliers >= PLENTY:
            return maps
    if likeness >= FRAME_LIKENESS:
        frame = whole(form, one.full, other.full)
        maps.insert(0, Aligned(frame, "frame", 0, matches, likeness))
    return maps


def _by_features(one: Kept, other: Kept) -> tuple[Affine | None, int, int]:
    matrix, inliers, matches = _tried(one, other, mirrored=False)
    if inliers < PLENTY and _perhaps_mirrored(one, other):
        again = _tried(one, other, mirrored=True)
        if again[1] > inliers:
            matrix, inliers, matches = again
    if matrix is None or inliers < FEWEST:
        return None, inliers, matches
    a, b = one.coarse.scale, other.coarse.scale
    return rescaled(edged(matrix), (1 / a[0], 1 / a[1]), (1 / b[0], 1 / b[1])), inliers, matches


def _perhaps_mirrored(one: Kept, other: Kept) -> bool:
    """Tell whether it is worth looking for features in the mirror image, which costs the most."""
    here, there = matched(reflected(one.features()), other.features())
    return fitted(here, there, WITHIN)[1] >= BELIEVED


def _tried(one: Kept, other: Kept, *, mirrored: bool) -> tuple[Affine | None, int, int]:
    here, there = matched(one.features(mirrored=mirrored), other.features())
    if mirrored:
        here = here.copy()
        here[:, 0] = one.coarse.size[0] - 1 - here[:, 0]
    matrix, inliers = fitted(here, there, WITHIN)
    return matrix, inliers, len(here)


def _possible(matrix: Affine, one: Kept, other: Kept) -> bool:
    if not parts_of(matrix).sane:
        return False
    area, _ = overlap(matrix, one.full, other.full)
    width, height = one.full
    density = abs(float(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]))
    smaller = min(other.full[0] * other.full[1], width * height * density)
    return area >= LEAST_OVERLAP * smaller
