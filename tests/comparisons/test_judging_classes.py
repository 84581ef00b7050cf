"""Each class is proposed where its demands are met, and in doubt the one further from deletion."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measures import (
    CITY,
    DIFFERS,
    LOOK,
    NOISY,
    NOTHING_AROUND,
    REDUCED,
    REGION,
    SMALL,
    TONES,
    by_hand,
    judged,
    looks,
    measures,
    same_size,
    tones,
)
from scenes import side

from app.comparisons.judging import PairFacts, judge
from app.policies.rules.standard import Thresholds

DELETABLE = {"exact_bytes", "identical_image_data", "derivative_reduced"}
DERIVED = {"derivative_reduced", "derivative_converted"}


def test_a_smaller_copy_is_reduced_from_the_larger() -> None:
    found = judged(REDUCED)
    assert (found.class_, found.copy) == ("derivative_reduced", "b")
    assert 0.8 < found.score <= 1
    compared = {reason["threshold"]: reason for reason in found.reasons if "threshold" in reason}
    assert compared["residual_strength_max"]["value"] == 0.4
    assert all(reason["holds"] for reason in compared.values())
    assert judged(measures(reference="b"), SMALL, side()).copy == "a"


BURST = {"sequence_no": "1"}, {"sequence_no": "2"}
MOVED = by_hand(coarse=DIFFERS, fine=DIFFERS, rotation_degrees=0.4)
EVEN = {"fine": 1.0, "middle": 1.0}
OTHER_CONTENT = DIFFERS | {"likeness": 0.6, "regions": 12, "informative_differing_share": 0.3}
CASES: dict[str, tuple[str, dict[str, Any] | None, dict[str, Any], dict[str, Any]]] = {
    "nothing in common": (
        "unrelated",
        {"reference": "a", "registered": False, "inliers": 3},
        {},
        {},
    ),
    "hardly anything in common": (
        "unrelated",
        measures(inliers=9, coarse=LOOK | {"likeness": 0.2}, fine=None),
        {},
        {},
    ),
    "other numbers in a burst": ("sequence", REDUCED, *BURST),
    "other instants": (
        "sequence",
        REDUCED,
        {"captured_at": "2004-05-06T07:08:09.12"},
        {"captured_at": "2004-05-06T07:08:09.31"},
    ),
    "a blank side": ("undetermined", REDUCED, {"low_information": "blank"}, {}),
    "one form a hair apart": (
        "unrelated",
        by_hand(
            frame_offset_percent=0.1, coarse=OTHER_CONTENT, fine=OTHER_CONTENT, rotation_degrees=0.2
        ),
        {},
        {},
    ),
    "one form filled twice": (
        "unrelated",
        measures(coarse=OTHER_CONTENT, fine=OTHER_CONTENT),
        {},
        {},
    ),
    "turned": ("undetermined", measures(form=1), {}, {}),
    "mirrored": ("undetermined", measures(form=4), {}, {}),
    "straightened": ("undetermined", by_hand(rotation_degrees=3.0), {}, {}),
    "a border": (
        "retouched_or_composite",
        measures(surrounds={"reference": NOTHING_AROUND | {"plain": True}}),
        {},
        {},
    ),
    "a hand that moved": ("sequence", MOVED, {}, {}),
    "another view": ("sequence", by_hand(coarse=LOOK | {"likeness": 0.5}, fine=None), {}, {}),
    "a scene that moved before a tripod": (
        "sequence",
        same_size(fine=DIFFERS | {"noise": NOISY}, coarse=DIFFERS),
        {},
        {},
    ),
    "something in one place": ("retouched_or_composite", measures(fine=DIFFERS), {}, {}),
    "something seen only from afar": ("retouched_or_composite", measures(coarse=DIFFERS), {}, {}),
    "said to be edited": ("retouched_or_composite", REDUCED, {}, {"edited": True}),
    "scanned anew": (
        "re_digitisation",
        by_hand(rotation_degrees=0.8, coarse=LOOK, fine=LOOK | {"noise": NOISY}),
        {},
        {},
    ),
    "a part": (
        "crop",
        measures(by="features", coverage_percent={"reference": 60.0, "other": 100.0}),
        {},
        {},
    ),
    "nearly all": (
        "crop",
        measures(by="features", coverage_percent={"reference": 99.2, "other": 100.0}),
        {},
        {},
    ),
    "darker": (
        "tonal_variant",
        tones(shift_mean=20.0, luma_mean=20.0, luma=-20.0, stops=[-0.7, -0.7, -0.7]),
        {},
        {},
    ),
    "warmer": ("tonal_variant", tones(shift_mean=9.0, tint=8.0, stops=[0.5, 0.0, -0.5]), {}, {}),
    "grey": ("tonal_variant", tones(chroma=0.1, chroma_other=0.5), {}, {}),
    "sepia": ("tonal_variant", tones(shift_mean=9.0, hues_other=0.5), {}, {}),
    "blurred": (
        "retouched_or_composite",
        same_size(fine=LOOK | {"sharpness": {"fine": 0.5, "middle": 0.8}}),
        {},
        {},
    ),
    "squeezed": ("undetermined", measures(aspect_difference_percent=1.2), {}, {}),
    "too small to tell": ("undetermined", looks(width=40, height=30), {}, {}),
    "too empty to tell": ("undetermined", looks(informative=4), {}, {}),
    "never looked at closely": ("undetermined", measures(fine=None), {}, {}),
    "pages nobody compared": ("undetermined", REDUCED, {"frames": 2}, {"frames": 2}),
    "frames nobody counted": ("undetermined", REDUCED, {"frames": None}, {}),
    "enlarged": (
        "undetermined",
        measures(detail={"beyond": 0.1, "below": 20.0, "lower": 40.0, "scale": 0.5}),
        {},
        {},
    ),
    "hardly smaller": ("undetermined", measures(scale=[0.9, 0.9]), {}, {}),
    "a deeper copy": ("undetermined", REDUCED, {}, {"bit_depth": 16}),
    "a copy with alpha": ("undetermined", REDUCED, {}, {"alpha": True}),
    "a copy in colour of a grey": ("undetermined", REDUCED, {"colour": "L"}, {}),
    "a copy of another gamut": ("undetermined", REDUCED, {}, {"icc_sha256": b"p" * 32}),
    "a gain map": ("undetermined", REDUCED, {"auxiliary": 1}, {}),
    "bytes behind a copy": ("undetermined", REDUCED, {}, {"trailer_sha256": b"t" * 32}),
    "a depth nobody knows": ("undetermined", REDUCED, {"bit_depth": None}, {}),
    "no direction": (
        "undetermined",
        same_size(fine=LOOK | {"sharpness": {"fine": 1.0, "middle": 1.0}}),
        {},
        {},
    ),
}


@pytest.mark.parametrize(("expected", "measured", "a", "b"), CASES.values(), ids=CASES)
def test_the_class_that_keeps_is_proposed(
    expected: str, measured: dict[str, Any], a: dict[str, Any], b: dict[str, Any]
) -> None:
    small = {} if measured.get("scale") == [1.0, 1.0] else {"width": 450, "height": 300}
    found = judged(measured, side(**a), side(**small | b))
    assert found.class_ == expected, found.reasons
    assert 0 <= found.score <= 1
    assert found.reasons


CONVERTED = same_size(fine=LOOK | {"sharpness": {"fine": 0.9, "middle": 1.0}})


@pytest.mark.parametrize(
    ("a", "b", "copy"),
    [
        ({}, {}, "b"),
        ({"format": "image/tiff"}, {"format": "image/jpeg"}, "b"),
        ({"format": "image/jpeg"}, {"format": "image/png"}, "a"),
        ({"bit_depth": 8}, {"bit_depth": 16}, "a"),
        ({"format": "image/webp"}, {"format": "image/jpeg"}, "b"),
        ({"size_bytes": 50_000}, {}, "a"),
        ({"size_bytes": None}, {}, "b"),
    ],
    ids=[
        "by detail",
        "out of TIFF",
        "into JPEG",
        "by depth",
        "a format that may be either",
        "by bytes",
        "unknown bytes",
    ],
)
def test_a_converted_copy_is_the_lossy_side(
    a: dict[str, Any], b: dict[str, Any], copy: str
) -> None:
    found = judged(CONVERTED, side(**a), side(**b))
    assert (found.class_, found.copy) == ("derivative_converted", copy)


def test_the_sharper_side_is_what_the_softer_was_made_of() -> None:
    sharper = same_size(fine=LOOK | {"sharpness": {"fine": 1.2, "middle": 1.0}})
    assert judged(sharper, side(), side()).copy == "a"
    assert judged(sharper | {"reference": "b"}, side(), side()).copy == "b"


def test_a_crop_goes_from_the_part_to_the_whole() -> None:
    part = {"reference": 60.0, "other": 100.0}
    assert judged(measures(by="features", coverage_percent=part)).copy == "b"
    around = {"reference": 100.0, "other": 60.0}
    assert judged(measures(by="features", coverage_percent=around)).copy == "a"
    both = {"reference": 90.0, "other": 90.0}
    assert judged(measures(by="features", coverage_percent=both)).copy is None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("exposure", {"shift_mean": 20.0, "luma_mean": 20.0, "stops": [-0.7, -0.7, -0.7]}),
        ("colour", {"shift_mean": 20.0, "luma_mean": 2.0, "stops": [0.5, 0.0, -0.5]}),
        ("colour", {"shift_mean": 20.0, "luma_mean": 3.0, "chroma": 1.7}),
        ("exposure", {"shift_mean": 40.0, "luma_mean": 11.0, "stops": [-0.72, -0.75, -0.71]}),
        ("exposure", {"shift_mean": 40.0, "luma_mean": 11.0, "stops": [1.46, 1.48, 1.45]}),
        ("colour", {"shift_mean": 12.0, "luma_mean": 1.4, "stops": [0.11, -0.08, -0.16]}),
        ("greyscale", {"chroma": 0.1, "chroma_other": 0.5}),
        ("toned", {"shift_mean": 9.0, "hues_other": 0.5}),
    ],
)
def test_the_change_of_tone_is_named(kind: str, changes: dict[str, Any]) -> None:
    told = {reason["code"]: reason for reason in judged(tones(**changes)).reasons}
    assert told["mapping"]["kind"] == kind


def test_vivid_colours_may_move_further_in_coding_but_luma_never() -> None:
    vivid = {"chroma_one": 140.0, "chroma_other": 140.0, "shift_mean": 3.0, "shift_greatest": 5.0}
    assert judged(tones(**vivid)).class_ == "derivative_reduced"
    assert judged(tones(**vivid, luma_mean=2.0)).class_ == "tonal_variant"


def test_clipped_lights_of_a_strong_exposure_are_no_retouched_place() -> None:
    strong = TONES | {"shift_mean": 40.0, "luma_mean": 40.0, "stops": [1.5, 1.5, 1.5]}
    clipped = DIFFERS | {"tones": strong}
    assert judged(measures(coarse=clipped, fine=clipped)).class_ == "tonal_variant"


def test_companions_stay_together_whatever_was_measured() -> None:
    for outcome, measured in (("measured", REDUCED), ("crashed", None)):
        found = judged(measured, outcome=outcome, companions="raw_and_jpeg")
        assert (found.class_, found.copy) == ("capture_pair", None)


@pytest.mark.parametrize("outcome", ["undecodable", "too_large", "timed_out", "crashed"])
def test_what_was_not_measured_is_undetermined(outcome: str) -> None:
    found = judged(None, outcome=outcome)
    assert (found.class_, found.copy, found.score) == ("undetermined", None, 0.0)
    assert judged(REDUCED, outcome=outcome).class_ == "undetermined"


EQUAL = {"pixels_sha256": b"s" * 32}


def test_equal_pixels_under_equal_rendering_are_identical() -> None:
    assert judged(REDUCED, side(**EQUAL), side(**EQUAL)).class_ == "identical_image_data"
    assert judged(None, side(**EQUAL), side(**EQUAL), outcome="crashed").class_ == "undetermined"


def test_black_frames_of_other_captures_are_a_sequence() -> None:
    first = side(**EQUAL, low_information="blank", sequence_no="1")
    again = side(**EQUAL, low_information="blank", sequence_no="2")
    assert judged(REDUCED, first, again).class_ == "sequence"
    assert judged(REDUCED, first, first).class_ == "identical_image_data"


DOUBTS = st.sampled_from(
    [
        {"form": 3},
        {"by": "features"},
        {"fine": None},
        {"aspect_difference_percent": 0.6},
        {"coarse": DIFFERS},
        {"fine": DIFFERS},
        {"coverage_percent": {"reference": 97.0, "other": 100.0}},
        {"detail": {"beyond": 0.0, "below": 1.0, "lower": 1.0, "scale": 0.5}},
        {"scale": [0.81, 0.81]},
        {"registered": False},
        {"fine": LOOK | {"informative": 3}},
        {"fine": LOOK | {"likeness": 0.7}},
        {"fine": LOOK | {"width": 10}},
        {"fine": LOOK | {"tones": TONES | {"shift_mean": 4.0}}},
        {"fine": LOOK | {"tones": TONES | {"luma_mean": 1.6}}},
        {"fine": LOOK | {"tones": TONES | {"shift_greatest": 9.0}}},
        {"fine": LOOK | {"tones": TONES | {"chroma": 1.1}}},
        {"fine": LOOK | {"sharpness": {"fine": 1.0, "middle": 1.4}}},
    ]
)
FACTS = st.sampled_from(
    [
        *({name: None} for name in ("frames", "bit_depth", "colour", "alpha", "auxiliary")),
        *({"frames": 2}, {"auxiliary": 1}, {"low_information": "two_tone"}, {"edited": True}),
    ]
)


@given(st.lists(DOUBTS, max_size=4), st.lists(FACTS, max_size=3), st.booleans())
def test_no_doubt_is_ever_deletable(
    doubts: list[dict[str, Any]], facts: list[dict[str, Any]], of_the_copy: bool
) -> None:
    measured, known = dict(REDUCED), dict[str, Any]()
    for doubt in doubts:
        measured |= doubt
    for fact in facts:
        known |= fact
    a, b = (side(), side(width=450, height=300, **known)) if of_the_copy else (side(**known), SMALL)
    found = judged(measured, a, b)
    assert (found.class_ in DELETABLE) == (not doubts and not facts), found.reasons


@given(st.sampled_from(sorted(Thresholds.model_fields)))
def test_every_threshold_can_take_the_proposal_back(name: str) -> None:
    strictest = {
        **dict.fromkeys((name for name in Thresholds.model_fields if "_min" in name), 10**9),
        **dict.fromkeys((name for name in Thresholds.model_fields if "_max" in name), 0),
        "crop_coverage_below_percent": 100.5,
        "same_form_likeness_below": 1.0,
    }
    whole = looks(likeness=0.9, regions=9, informative_differing_share=0.2, noise=NOISY)
    slight = {"region": REGION | {"weight": 0.5}, "tones": TONES | {"chroma": 1.01}}
    whole["fine"] = whole["coarse"] = whole["fine"] | slight
    moved = whole | {"rotation_degrees": 0.05, "aspect_difference_percent": 0.1}
    moved["agreement"] = {"cells": 150, "share": {"one": 0.9, "other": 0.9}, "box": [0, 0, 9, 9]}
    tighter = CITY.model_copy(update={name: strictest[name]})
    untouched = {"registration_inliers_min", "registration_likeness_min", "rotation_max_degrees"}
    untouched |= {"sharpness_change_max_percent"}
    found = judge(PairFacts(side(), SMALL, None), "measured", moved, tighter)
    assert (found.class_ == "derivative_reduced") == (name in untouched)
