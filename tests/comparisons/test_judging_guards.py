"""One guard at a time: each demand of a class is asked for even where all others are met."""

from typing import Any

import pytest
from measures import (
    DIFFERS,
    LOOK,
    NOISY,
    NOTHING_AROUND,
    REDUCED,
    REGION,
    by_hand,
    judged,
    looks,
    same_size,
)
from scenes import side

from app.comparisons.sides import identical

SCANNED = {"rotation_degrees": 0.8, "coarse": LOOK, "fine": LOOK | {"noise": NOISY}}
PIXELS = {"pixels_sha256": b"p" * 32}


def test_two_scans_of_one_original_are_turned_a_little() -> None:
    assert judged(by_hand(**SCANNED)).class_ == "re_digitisation"
    for degrees in (0.0, 5.5):
        found = judged(by_hand(**SCANNED | {"rotation_degrees": degrees}))
        assert found.class_ != "re_digitisation", degrees
    part = {"reference": 59.0, "other": 100.0}
    assert judged(by_hand(**SCANNED, coverage_percent=part)).class_ != "re_digitisation"


@pytest.mark.parametrize("taken", [{"camera": "X100"}, {"captured_at": "2020-01-01T10:00:00"}])
@pytest.mark.parametrize("mine", [True, False])
def test_what_a_camera_took_is_no_scan(taken: dict[str, Any], mine: bool) -> None:
    a, b = (side(**taken), side()) if mine else (side(), side(**taken))
    assert judged(by_hand(**SCANNED), a, b).class_ != "re_digitisation"


def test_bytes_behind_either_end_are_enough_to_differ() -> None:
    plain, longer = side(**PIXELS), side(**PIXELS, trailer_sha256=b"t" * 32)
    assert identical(plain, plain)
    assert not identical(plain, longer)
    assert not identical(longer, plain)


AGREEMENT = {"cells": 150, "share": {"one": 0.3, "other": 0.4}, "box": [0, 500, 900, 100]}
TAKEN = ({"captured_at": "2004-05-06T07:08:09"}, {"captured_at": "2004-05-06T07:08:10"})
DATA = {"image_sha256": b"i" * 32, "rendering_sha256": b"r" * 32, "colour_space": "1"}


def test_what_shares_a_mark_alone_is_unrelated_and_says_where_the_mark_is() -> None:
    found = judged(REDUCED | {"agreement": AGREEMENT})
    assert (found.class_, found.copy, found.score) == ("unrelated", None, 0.6)
    assert found.reasons[-2] == {
        "code": "found_again",
        "value": 0.4,
        "threshold": "registration_found_again_min",
        "limit": 0.6,
        "holds": False,
    }
    told = {"code": "shared_mark", "box": [0, 500, 900, 100], "one": 0.3, "other": 0.4}
    assert found.reasons[-1] == told


@pytest.mark.parametrize("shares", [(0.6, 0.1), (0.1, 0.6)])
def test_one_side_that_is_found_again_is_enough(shares: tuple[float, float]) -> None:
    """What was laid over the other is not to be found in it, and need not be."""
    share = dict(zip(("one", "other"), shares, strict=True))
    found = judged(REDUCED | {"agreement": AGREEMENT | {"share": share}})
    assert found.class_ == "derivative_reduced"
    assert any(reason["code"] == "found_again" for reason in found.reasons)


def test_a_shared_mark_goes_before_what_files_say_of_their_captures() -> None:
    a, b = (side(**taken) for taken in TAKEN)
    assert judged(REDUCED, a, b).class_ == "sequence"
    assert judged(REDUCED | {"agreement": AGREEMENT}, a, b).class_ == "unrelated"


@pytest.mark.parametrize("continued", [0.49, 0.5])
def test_a_margin_that_goes_on_inside_is_no_border(continued: float) -> None:
    around = {"share": 0.2, "plain": True, "level": 250.0, "continued": continued}
    part = {"reference": 80.0, "other": 100.0}
    surrounds = {"reference": around, "other": NOTHING_AROUND}
    found = judged(by_hand(surrounds=surrounds, coverage_percent=part))
    assert found.class_ == ("retouched_or_composite" if continued < 0.5 else "crop")


def test_a_border_measured_before_its_rim_was_is_a_border() -> None:
    around = {"share": 0.2, "plain": True, "level": 250.0}
    found = judged(looks() | {"surrounds": {"reference": around, "other": NOTHING_AROUND}})
    assert found.class_ == "retouched_or_composite"


def test_equal_data_of_two_instants_are_identical_and_the_contradiction_is_told() -> None:
    a, b = (side(**DATA, **taken) for taken in TAKEN)
    found = judged(REDUCED, a, b)
    assert found.class_ == "identical_image_data"
    told = {"by": "captured_at", "a": TAKEN[0]["captured_at"], "b": TAKEN[1]["captured_at"]}
    assert found.reasons[-1] == {"code": "captures_contradict"} | told
    agreed = judged(REDUCED, a, a)
    assert [reason["code"] for reason in agreed.reasons] == ["equal_digests_and_rendering"]


@pytest.mark.parametrize("data", [{"image_sha256": b"i" * 32}, PIXELS])
def test_equal_data_shown_otherwise_are_no_two_exposures(data: dict[str, Any]) -> None:
    a, b = side(**data, **TAKEN[0]), side(**data, **TAKEN[1], icc_sha256=b"c" * 32)
    found = judged(REDUCED, a, b)
    assert (found.class_, found.copy, found.score) == ("undetermined", None, 0.0)
    assert found.reasons[-1]["code"] == "captures_contradict"
    other = dict.fromkeys(data, b"o" * 32)
    assert judged(REDUCED, a, side(**TAKEN[1], **other)).class_ == "sequence"
    assert judged(REDUCED, side(**TAKEN[0]), side(**TAKEN[1])).class_ == "sequence"


@pytest.mark.parametrize("data", [{"image_sha256": b"i" * 32}, PIXELS])
def test_nothing_lies_between_equal_data_so_neither_was_made_of_the_other(
    data: dict[str, Any],
) -> None:
    """Whoever strips a file of what it says makes it shorter, and no copy of its pixels."""
    short, long = {"size_bytes": 50_000}, {"size_bytes": 100_000, "colour_space": "1"}
    found = judged(same_size(), side(**long, **data), side(**short, **data))
    assert (found.class_, found.copy) == ("undetermined", None)
    assert [reason["code"] for reason in found.reasons[-2:]] == ["equal_data", "no_direction"]
    other = judged(same_size(), side(**long), side(**short))
    assert (other.class_, other.copy) == ("derivative_converted", "b")


def test_what_was_not_registered_says_by_how_many_features() -> None:
    for told, inliers in (({}, 0), ({"inliers": 5}, 5)):
        found = judged({"reference": "a", "registered": False} | told)
        assert found.class_ == "unrelated"
        assert found.reasons == [{"code": "not_registered", "inliers": inliers}]


@pytest.mark.parametrize("mine", [True, False])
def test_one_side_known_to_be_empty_is_enough_for_other_captures(mine: bool) -> None:
    empty = {"low_information": "blank"}
    a, b = side(**DATA, **TAKEN[0], **empty if mine else {}), side(**DATA, **TAKEN[1])
    b = b if mine else side(**DATA, **TAKEN[1], **empty)
    assert judged(REDUCED, a, b).class_ == "sequence"


def test_a_score_has_three_digits() -> None:
    share = {"one": 0.4567, "other": 0.1}
    assert judged(REDUCED | {"agreement": AGREEMENT | {"share": share}}).score == 0.543


@pytest.mark.parametrize(("regions", "class_"), [(7, "retouched_or_composite"), (8, "unrelated")])
def test_cards_of_one_form_differ_in_many_places(regions: int, class_: str) -> None:
    many = {"likeness": 0.7, "strongest": 9.0, "region": REGION, "regions": regions}
    assert judged(looks(**many, informative_differing_share=0.2)).class_ == class_


@pytest.mark.parametrize(
    ("moved", "class_"),
    [
        ({"scale": [1.02, 1.0]}, "sequence"),
        ({"scale": [1.004, 1.0]}, "retouched_or_composite"),
        ({"scale": [1.02, 1.0], "sizes": {"reference": [900, 600], "other": [882, 600]}}, None),
        ({"rotation_degrees": 0.5}, "sequence"),
        ({"rotation_degrees": 0.5, "coverage_percent": {"reference": 59.0, "other": 100.0}}, None),
    ],
)
def test_a_hand_moves_the_camera_and_crops_change_the_size(
    moved: dict[str, Any], class_: str | None
) -> None:
    found = judged(by_hand(coarse=DIFFERS, fine=DIFFERS) | moved)
    assert found.class_ == (class_ or "retouched_or_composite")


@pytest.mark.parametrize(
    ("copy", "class_"),
    [
        ({"colour_space": "1"}, "derivative_reduced"),
        ({"colour_space": "2"}, "undetermined"),
        ({"colour_space": "1", "icc_sha256": b"c" * 32}, "undetermined"),
    ],
)
def test_a_reduced_copy_of_another_colour_space_is_plain_or_none(
    copy: dict[str, Any], class_: str
) -> None:
    wide = side(icc_sha256=b"w" * 32)
    found = judged(REDUCED, wide, side(width=450, height=300, **copy))
    assert found.class_ == class_
