"""The two classes of a picture made from another: each demand is met, or it is not that class."""

from collections.abc import Mapping
from typing import Any

from app.comparisons.evidence import Evidence
from app.comparisons.sides import PairFacts, Side, SideFacts, lossless, same_data

Found = tuple[str, Side | None, float]
FEWER_BYTES = 0.85  # as a share: what a file says of itself does not make that much
COUNTED, COMPARED = 200, 1000  # coefficients: fewer say nothing
FOLLOWS = 0.2  # share that misses what the first file gives, by rounding to whole samples
STRAYS, ITS_OWN = 0.35, 0.5  # share of values that the first's steps cannot give; of any values
SHOWN = 0.05  # beyond chance: the first's steps after another coding on other blocks
NEAREST = 0.95  # share of pixels: a picture made of few colours, coded anew, leaves them
CERTAIN = 3.5  # deviations
LESS = 0.6  # of what the first file has of the copy, if at all
SRGB = (None, "srgb", "sRGB", "1")


def derivative(pair: PairFacts, seen: Evidence) -> Found | None:
    """Same frame, tone, sharpness and content: a reduced or a converted copy."""
    if not _comparable(seen) or not _one_frame_each(pair, seen):
        return "undetermined", None, 0.2
    score = _score(seen)
    copy = _reduced_copy(pair, seen)
    if copy is not None:
        return "derivative_reduced", copy, score
    copy = _converted_copy(pair, seen)
    if copy is None:
        seen.tell("no_direction")
        return "undetermined", None, score / 2
    return "derivative_converted", copy, score


def _comparable(seen: Evidence) -> bool:
    """Tell whether enough was compared for finding no difference to say something."""
    found = seen.finest
    compared = found["width"] * found["height"]
    aspect = seen.measured["aspect_difference_percent"]
    tests = (
        seen.at_least("compared_pixels", compared, "derivative_compared_pixels_min"),
        seen.at_least(
            "informative_blocks", found["informative"], "derivative_informative_blocks_min"
        ),
        seen.at_least("likeness_of_detail", found["likeness"], "derivative_likeness_min"),
        seen.at_most("aspect_difference", aspect, "derivative_aspect_difference_max_percent"),
    )
    return all(tests) and _finely_compared(seen)


def _finely_compared(seen: Evidence) -> bool:
    """Small changes were looked for at the smaller side's own resolution."""
    if seen.measured.get("fine") is None:
        seen.tell("not_compared_finely")
        return False
    return True


def _one_frame_each(pair: PairFacts, seen: Evidence) -> bool:
    if pair.a.frames == pair.b.frames == 1:
        return True
    seen.tell("frames_not_compared", a=pair.a.frames, b=pair.b.frames)
    return False


def _reduced_copy(pair: PairFacts, seen: Evidence) -> Side | None:
    """Return the side that is the other reduced, if nothing speaks against that."""
    (width, height), (less_wide, less_high) = seen.sizes
    if not (less_wide < width and less_high < height):
        return None
    keeper = pair.a if seen.reference == "a" else pair.b
    copy = pair.b if seen.reference == "a" else pair.a
    doubt = doubts(keeper, copy)
    if doubt:
        seen.tell("not_merely_reduced", doubts=doubt)
        return None
    scale = round(100 * max(seen.measured["scale"]), 2)
    detail = seen.measured["detail"]
    share = round(100 * detail["beyond"] / max(detail["below"], 1e-6), 2)
    tests = (
        seen.at_most("scale", scale, "derivative_scale_max_percent"),
        seen.at_least("detail_beyond_the_copy", share, "derivative_detail_min_percent"),
    )
    return seen.other if all(tests) else None


def doubts(keeper: SideFacts, copy: SideFacts) -> list[str]:
    """Return what the copy may have that the keeper has not; what is not known is a doubt."""
    found = [
        name
        for name in ("bit_depth", "colour", "alpha", "auxiliary", "orientation")
        if getattr(keeper, name) is None or getattr(copy, name) is None
    ]
    if (copy.bit_depth or 0) > (keeper.bit_depth or 0):
        found.append("copy_is_deeper")
    if copy.alpha and not keeper.alpha:
        found.append("copy_has_alpha")
    if keeper.auxiliary or copy.auxiliary:
        found.append("auxiliary_images")
    if copy.trailer_sha256 is not None:
        found.append("bytes_behind_the_copy")
    same_profile = (copy.icc_sha256, copy.colour_space) == (keeper.icc_sha256, keeper.colour_space)
    plain = copy.icc_sha256 is None and copy.colour_space in SRGB
    if not (same_profile or plain):
        found.append("other_colour_space")
    if _grey(keeper) and not _grey(copy):
        found.append("copy_has_colour")
    return found


def _grey(side: SideFacts) -> bool:
    return (side.colour or "").partition(";")[0] in ("1", "L", "LA", "I", "F", "I;16")


def _converted_copy(pair: PairFacts, seen: Evidence) -> Side | None:
    """Return the side that a lossy step made of the other, as far as the files tell."""
    if list(seen.sizes[0]) != list(seen.sizes[1]):
        return None
    if same_data(pair.a, pair.b):  # no step lies between them: what differs was only said
        seen.tell("equal_data")
        return None
    palette = seen.measured.get("palette")
    if palette is not None:
        if palette["nearest"] < NEAREST:
            return None
        seen.tell("direction", by="palette", **palette)
        return seen.reference if palette["few"] == "one" else seen.other
    return _lesser_format(pair, seen) or _coded_later(seen) or _lesser_file(pair, seen)


def _lesser_format(pair: PairFacts, seen: Evidence) -> Side | None:
    """Return the side whose format holds less of a picture."""
    for name, one, other in (
        ("bit_depth", pair.a.bit_depth or 0, pair.b.bit_depth or 0),
        ("lossless", lossless(pair.a), lossless(pair.b)),
    ):
        if one is None or other is None or one == other:
            continue
        seen.tell("direction", by=name, a=one, b=other)
        return "b" if one > other else "a"
    return None


def _lesser_file(pair: PairFacts, seen: Evidence) -> Side | None:
    """Return the side that has clearly fewer bytes, or less of the finest detail."""
    smaller = _smaller_file(pair)
    if smaller is not None:
        seen.tell("direction", by="size_bytes", a=pair.a.size_bytes, b=pair.b.size_bytes)
        return smaller
    sharp = seen.finest["sharpness"]["fine"]
    if abs(sharp - 1) < 0.02:
        return None
    seen.tell("direction", by="finest_detail", ratio=sharp)
    return seen.other if sharp < 1 else seen.reference


def _coded_later(seen: Evidence) -> Side | None:
    """Return the side that shows the steps of the other's coding, if that one shows none of its."""
    codings = seen.measured.get("codings")
    if codings is None:
        return None
    test = _coded_from if codings["grid"] == "one" else _shows
    one, other = codings["one"], codings["other"]
    later = {"one": test(one, other), "other": test(other, one)}
    if later["one"] == later["other"]:
        return None
    seen.tell("direction", by="codings", reference=one, other=other)
    return seen.other if later["other"] else seen.reference


def _coded_from(copy: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Tell a JPEG whose coefficients follow from another's, which do not follow from its own."""
    if copy["followed"] >= COUNTED and copy["missed"] > FOLLOWS:
        return False
    if min(copy["compared"], first["compared"]) >= COMPARED:
        return bool(copy["strayed"] <= min(STRAYS, LESS * first["strayed"]))
    if copy["expected"] >= COUNTED:
        return bool(copy["between"] <= STRAYS)
    enough = min(copy["followed"], first["expected"]) >= COUNTED
    return bool(enough and first["between"] >= ITS_OWN)


def _shows(copy: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Tell a JPEG that keeps another's steps where its blocks lay, which keeps none of its own."""
    shown, opposite = (each["shown"] - each["chance"] for each in (copy, first))
    least = max(SHOWN, CERTAIN / max(copy["compared"], 1) ** 0.5)
    return bool(shown >= least and opposite <= LESS * shown)


def _smaller_file(pair: PairFacts) -> Side | None:
    """Return the side that spends clearly fewer bytes on as many pixels: it was coded once more."""
    a, b = pair.a.size_bytes, pair.b.size_bytes
    if not a or not b or min(a, b) > FEWER_BYTES * max(a, b):
        return None
    return "a" if a < b else "b"


def _score(seen: Evidence) -> float:
    """Return how far it is from the nearest class that keeps: 1 at no difference at all."""
    tones = seen.finest["tones"]
    limits = seen.standard
    worst = max(
        seen.finest["strongest"] / limits.residual_strength_max,
        tones["shift_mean"] / max(limits.tone_shift_mean_max_levels, 1e-6),
        tones["shift_greatest"] / max(limits.tone_shift_greatest_max_levels, 1e-6),
    )
    return float(1 - worst / 2)
