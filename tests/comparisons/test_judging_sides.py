"""Two files are identical as the database has it, and other captures as they say themselves."""

from typing import Any

import pytest
from scenes import side

from app.comparisons.pair_facts import captured_at
from app.comparisons.sides import corrected, identical, lossless, other_capture, without_capture

NINE = "2004-05-06T07:08:09"
PIXELS = {"pixels_sha256": b"p" * 32}
ENCODED = {"image_sha256": b"i" * 32, "rendering_sha256": b"r" * 32}


@pytest.mark.parametrize(
    "known", [PIXELS, ENCODED, PIXELS | ENCODED], ids=["pixels", "data", "both"]
)
def test_equal_digests_under_equal_rendering_are_identical(known: dict[str, Any]) -> None:
    assert identical(side(**known), side(**known))


BEHIND = {"trailer_sha256": b"t" * 32}
TRAPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing known": ({}, {}),
    "other pixels": (PIXELS, {"pixels_sha256": b"q" * 32}),
    "another page": (PIXELS | {"frames": 2}, PIXELS | {"frames": 1}),
    "16 bits": (PIXELS | {"bit_depth": 16}, PIXELS),
    "a depth nobody knows": (PIXELS | {"bit_depth": None}, PIXELS | {"bit_depth": None}),
    "alpha": (PIXELS | {"alpha": True}, PIXELS),
    "a gain map": (PIXELS | {"auxiliary": 1}, PIXELS | {"auxiliary": 1}),
    "a gain map nobody looked for": (PIXELS | {"auxiliary": None}, PIXELS | {"auxiliary": None}),
    "bytes behind": (
        PIXELS | {"trailer_sha256": b"t" * 32},
        PIXELS | {"trailer_sha256": b"t" * 32},
    ),
    "other bytes behind": (ENCODED | {"trailer_sha256": b"t" * 32}, ENCODED),
    "another profile": (PIXELS | {"icc_sha256": b"c" * 32}, PIXELS),
    "another colour space": (ENCODED | {"colour_space": "srgb"}, ENCODED),
    "another orientation": (ENCODED | {"orientation": 6}, ENCODED),
    "no orientation": (ENCODED | {"orientation": None}, ENCODED | {"orientation": None}),
    "another rendering": (ENCODED, ENCODED | {"rendering_sha256": b"s" * 32}),
    "no rendering": (
        {"image_sha256": b"i" * 32},
        {"image_sha256": b"i" * 32},
    ),
}


@pytest.mark.parametrize(("a", "b"), TRAPS.values(), ids=TRAPS)
def test_traps_are_not_identical(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert not identical(side(**a), side(**b))
    assert not identical(side(**b), side(**a))


def test_the_same_bytes_behind_equal_data_are_identical() -> None:
    known = ENCODED | {"trailer_sha256": b"t" * 32}
    assert identical(side(**known), side(**known))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("2004-05-06T07:08:09", "2004-05-06T07:08:09", False),
        ("2004-05-06T07:08:09", "2004-05-06T07:08:10", True),
        ("2004-05-06T07:08:09.10", "2004-05-06T07:08:09.25", True),
        ("2004-05-06T07:08:09.10", "2004-05-06T07:08:09", False),
        ("2004-05-06T07:08", "2004-05-06T07:08:09", False),
        ("2004-05-06", "2004-05-06T07:08:09", False),
        ("2004-05-06T07:08:09+08:00", "2004-05-05T23:08:09Z", False),
        ("2004-05-06T07:08:09+08:00", "2004-05-06T07:08:09Z", True),
        ("2004-05-06T07:08:09+08:00", "2004-05-06T07:08:09", False),
        ("2004-05-06T07:08:09.10+08:00", "2004-05-05T23:08:09.25Z", True),
        ("2004-05-06T07:08:09.10+08:00", "2004-05-05T23:08:09.1Z", False),
        ("2004-05-06T07:08:09.10+08:00", "2004-05-05T23:08:09Z", False),
        ("2004-05-06T07:08:09.10+08:00", "2004-05-06T07:08:09.25", True),
        ("2004-05", "2004-05-06", False),
        ("2004-05", "2004-06-06", True),
    ],
)
def test_moments_are_compared_as_precisely_as_both_are_known(
    one: str, other: str, apart: bool
) -> None:
    for a, b in ((one, other), (other, one)):
        found = other_capture(side(captured_at=a), side(captured_at=b))
        assert (found is not None) == apart


@pytest.mark.parametrize(
    ("date", "instant", "told"),
    [
        (NINE, {"local": NINE, "sub_seconds": "045"}, f"{NINE}.045"),
        (f"{NINE}+08:00", {"local": NINE, "sub_seconds": "5"}, f"{NINE}.5+08:00"),
        (NINE, {"local": NINE, "utc": f"{NINE}Z"}, NINE),
        (NINE, {"local": "1999-01-01T00:00:00", "sub_seconds": "5"}, NINE),
        ("2004-05", {"local": NINE, "sub_seconds": "5"}, "2004-05"),
        (NINE, None, NINE),
        (None, {"local": NINE, "sub_seconds": "5"}, None),
    ],
)
def test_a_capture_is_told_to_the_parts_of_its_own_second(
    date: str | None, instant: dict[str, str] | None, told: str | None
) -> None:
    assert captured_at({"date_created": date, "capture_instant": instant}) == told


@pytest.mark.parametrize("name", ["sequence_no", "image_unique_id", "content_id"])
def test_other_numbers_are_other_captures(name: str) -> None:
    found = other_capture(side(**{name: "1"}), side(**{name: "2"}))
    assert found == {"by": name, "a": "1", "b": "2"}
    assert other_capture(side(**{name: "1"}), side(**{name: "1"})) is None
    assert other_capture(side(**{name: "1"}), side()) is None


def test_whether_a_camera_took_it_and_whether_a_format_keeps_all() -> None:
    assert without_capture(side(), side())
    assert not without_capture(side(), side(camera="Leica M3"))
    assert not without_capture(side(captured_at="1999"), side())
    kinds = {"image/tiff": True, "PNG": True, "image/jpeg": False, "image/webp": None, None: None}
    assert {kind: lossless(side(format=kind)) for kind in kinds} == kinds


@pytest.mark.parametrize(
    ("told", "said", "holds"),
    [
        pytest.param(None, "2019-05-02T10:11:10", None, id="the file says nothing"),
        pytest.param("2019-05-02T10:11:14", None, "2019-05-02T10:11:14", id="nobody does"),
        pytest.param("2019-05-02T10:11:14", "2019-05-02", "2019-05-02T10:11:14", id="the day"),
        pytest.param("2019-05-02T10:11:14", "1965", "2019-05-02T10:11:14", id="a year"),
        pytest.param("2019-05-02T10:11:14", "196X", "2019-05-02T10:11:14", id="no moment"),
        pytest.param(
            "2019-05-02T10:11:14.25", "2019-05-02T10:11:10", "2019-05-02T10:11:14.25", id="coarser"
        ),
        pytest.param(
            "2019-05-02T10:11:14+08:00", "2019-05-02T10:11:10", "2019-05-02T10:11:10", id="as fine"
        ),
    ],
)
def test_a_person_corrects_a_capture_who_says_it_as_finely(
    told: str | None, said: str | None, holds: str | None
) -> None:
    assert corrected(told, said) == holds
