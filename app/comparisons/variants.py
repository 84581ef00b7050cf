"""Rules that keep a picture: other content, place, tone or sharpness than its likeness has."""

from collections.abc import Mapping
from typing import Any

from app.comparisons.evidence import Evidence
from app.comparisons.sides import PairFacts, Side, without_capture

Found = tuple[str, Side | None, float]
ITS_OWN_MARGIN = 0.5  # of the rim goes on as plain: then what lies outside is no border
MANY = 8  # regions that differ, so that it is no one retouched place
STRAIGHTENED = 1.0  # degrees: less is a hand that moved
NEARLY_ALL = 60.0  # percent of both sides: a camera that moved a little
ZOOMED = 0.01  # of the area, in frames of one size: crops change the size, cameras do not
STILL = 0.3  # percent of the frame: two pixels where features are looked for
NOISY = 1.0  # levels, and independent if together they explain the difference
STRONG, ALIKE_STILL = 6.0, 0.7  # levels; likeness under them
STOPS_APART = 0.3
COLOURLESS = 3.0  # levels of colour that a grey picture has after coding
VIVID = 120.0  # levels of colour at which coding may move it twice as far
SPREAD = 0.05  # of the blocks with something in them


def same_form(_: PairFacts, seen: Evidence) -> Found | None:
    """Frame on frame, with much else in it: two cards of one form, two pages of one print."""
    found = seen.finest
    coarse = seen.measured["coarse"]
    scattered = max(found["regions"], coarse["regions"]) >= MANY
    share = max(found["informative_differing_share"], coarse["informative_differing_share"])
    on_frame = _unmoved(seen) and seen.measured["form"] == 0 and not _tone_explains(seen)
    if not (on_frame and scattered and share >= SPREAD):
        return None
    likeness = min(found["likeness"], coarse["likeness"])
    if seen.at_least("same_form_likeness", likeness, "same_form_likeness_below"):
        return None
    seen.tell("same_form_other_content", share=share, regions=found["regions"])
    return "unrelated", None, 1 - likeness


def turned(_: PairFacts, seen: Evidence) -> Found | None:
    """A turn that no orientation tag explains: both sides are upright as their files have them."""
    form, angle = seen.measured["form"], seen.measured["rotation_degrees"]
    alike = seen.finest["likeness"] > seen.standard.same_form_likeness_below
    straightened = abs(angle) >= STRAIGHTENED and alike
    if form == 0 and not (straightened and not _differs(seen)):
        return None
    seen.tell("turn", form=form, degrees=angle)
    return "undetermined", None, 0.9


def bordered(_: PairFacts, seen: Evidence) -> Found | None:
    """What one side has around the other is plain: a border, a mount, a caption's strip."""
    for side, around in seen.measured["surrounds"].items():
        if around["plain"] and around.get("continued", 0.0) < ITS_OWN_MARGIN:
            seen.tell("plain_border", side=side, share=around["share"], level=around["level"])
            return "retouched_or_composite", None, 0.8
    return None


def moved(_: PairFacts, seen: Evidence) -> Found | None:
    """The camera or what it saw moved: the scene is the same, the moment is another."""
    if not _differs(seen) and seen.finest["likeness"] >= seen.standard.same_form_likeness_below:
        return None
    if _unmoved(seen):
        if not _independent(seen) or not _differs(seen):
            return None
        seen.tell("fresh_noise", **seen.finest["noise"])
        return "sequence", None, 0.7
    scales = seen.measured["scale"]
    turn = abs(seen.measured["rotation_degrees"])
    zoomed = list(seen.sizes[0]) == list(seen.sizes[1]) and abs(scales[0] * scales[1] - 1) > ZOOMED
    by_hand = turn > seen.standard.rotation_max_degrees or zoomed
    likeness = seen.finest["likeness"]
    if likeness >= seen.standard.same_form_likeness_below and not (
        by_hand and min(seen.coverages) >= NEARLY_ALL
    ):
        return None
    seen.tell("moved", degrees=seen.measured["rotation_degrees"], scale=scales, likeness=likeness)
    return "sequence", None, 0.8


def retouched(pair: PairFacts, seen: Evidence) -> Found | None:
    """Something is there on one side and not on the other, or a file says that it was edited."""
    if _differs(seen) and not _tone_explains(seen):
        seen.tell("region", region=seen.finest["region"] or seen.measured["coarse"]["region"])
        return "retouched_or_composite", None, 0.9
    if pair.a.edited or pair.b.edited:
        seen.tell("said_to_be_edited", a=pair.a.edited, b=pair.b.edited)
        return "retouched_or_composite", None, 0.9
    return None


def digitised_again(pair: PairFacts, seen: Evidence) -> Found | None:
    """Two scans of one original: laid down anew, with noise of their own, taken by no camera."""
    if seen.exact or not without_capture(pair.a, pair.b) or not _independent(seen):
        return None
    turn = abs(seen.measured["rotation_degrees"])
    if not seen.standard.rotation_max_degrees < turn < 5 or min(seen.coverages) < NEARLY_ALL:
        return None
    seen.tell("scanned_anew", degrees=turn, **seen.finest["noise"])
    return "re_digitisation", None, 0.6


def cropped(_: PairFacts, seen: Evidence) -> Found | None:
    """One lies inside the other; also where so little is missing that only its place shows it."""
    reference, other = seen.coverages
    name = "crop_coverage_below_percent"
    whole = seen.at_least("coverage", min(reference, other), name)
    if whole and seen.exact:
        return None
    seen.tell("crop_box", box=seen.measured["crop_box"], reference=reference, other=other)
    inside: Side | None = None
    if other >= seen.standard.crop_coverage_below_percent > reference:
        inside = seen.other
    elif reference >= seen.standard.crop_coverage_below_percent > other:
        inside = seen.reference
    return "crop", inside, 0.95 if not whole else 0.6


def toned(_: PairFacts, seen: Evidence) -> Found | None:
    """Other tones or colours over all of the picture."""
    if _same_tones(seen):
        return None
    tones = seen.finest["tones"]
    kind = mapping_of(tones)
    seen.tell("mapping", kind=kind, luma=tones["luma"], tint=tones["tint"], chroma=tones["chroma"])
    return "tonal_variant", None, 0.9


def filtered(_: PairFacts, seen: Evidence) -> Found | None:
    """Blurred or sharpened beyond what coding and resampling do."""
    change = round(100 * abs(seen.finest["sharpness"]["middle"] - 1), 2)
    reduced = max(seen.measured["scale"]) < 0.99
    name = "sharpness_change_reduced_max_percent" if reduced else "sharpness_change_max_percent"
    if seen.at_most("sharpness_change", change, name):
        return None
    return "retouched_or_composite", None, 0.6


def mapping_of(tones: Mapping[str, Any]) -> str:
    """Name what a change of tone does: greyscale, toned, exposure, colour."""
    if _lost(tones["chroma_one"], tones["chroma_other"]):
        return "greyscale"
    if _lost(tones["hues_one"], tones["hues_other"]):
        return "toned"
    # An exposure moves the light of all channels alike, and luma as far as any of them, but where
    # colours are so vivid that one channel has most of the light.
    stops = tones["stops"]
    alike = max(stops) - min(stops) < STOPS_APART
    told = min(stops) > STOPS_APART or max(stops) < -STOPS_APART
    by_luma = tones["luma_mean"] > tones["shift_mean"] / 2
    return "exposure" if alike and (told or by_luma) else "colour"


def _unmoved(seen: Evidence) -> bool:
    """Tell frame on frame, as nearly as features can tell."""
    return seen.exact or bool(seen.measured["frame_offset_percent"] <= STILL)


def _lost(one: float, other: float) -> bool:
    return min(one, other) < COLOURLESS and max(one, other) > COLOURLESS + 3 * min(one, other)


def _differs(seen: Evidence) -> bool:
    """Tell whether any place differs by more than coding noise, at either resolution."""
    looks = [seen.measured["coarse"], seen.finest]
    strongest = max(look["strongest"] for look in looks)
    weight = max((look["region"] or {"weight": 0.0})["weight"] for look in looks)
    calm = seen.at_most("residual_strength", strongest, "residual_strength_max")
    return not (seen.at_most("residual_region", weight, "residual_region_weight_max") and calm)


def _same_tones(seen: Evidence) -> bool:
    tones = seen.finest["tones"]
    chroma = round(100 * abs(tones["chroma"] - 1), 2)
    # Coding clips vivid colours: their shift is weighed by how vivid they are, that of luma never.
    vivid = 1 + max(tones["chroma_one"], tones["chroma_other"]) / VIVID
    mean = max(tones["luma_mean"], round(tones["shift_mean"] / vivid, 3))
    greatest = round(tones["shift_greatest"] / vivid, 3)
    return (
        seen.at_most("tone_shift_mean", mean, "tone_shift_mean_max_levels")
        and seen.at_most("tone_shift_greatest", greatest, "tone_shift_greatest_max_levels")
        and seen.at_most("tone_chroma_change", chroma, "tone_chroma_change_max_percent")
    )


def _tone_explains(seen: Evidence) -> bool:
    """Tell a strong change of tone, of which clipped lights and colours are left over."""
    tones = seen.finest["tones"]
    return bool(tones["shift_mean"] > STRONG and seen.finest["likeness"] > ALIKE_STILL)


def _independent(seen: Evidence) -> bool:
    noise = seen.finest["noise"]
    one, other, both = noise["one"], noise["other"], noise["apart"]
    quiet, loud = min(one, other), max(one, other)
    return bool(quiet >= NOISY and loud < 2 * quiet and both**2 >= 0.85 * (one**2 + other**2))
