"""One guard at a time: each demand of a class is asked for even where all others are met."""

from typing import Any

import pytest
from measures import LOOK, NOISY, by_hand, judged
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
