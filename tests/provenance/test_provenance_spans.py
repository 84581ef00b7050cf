"""Between which days a date lies."""

from datetime import date

import pytest

from app.provenance.spans import UNKNOWN, span_of


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1967", "1967-01-01", "1967-12-31"),
        ("196X", "1960-01-01", "1969-12-31"),
        ("1967?", "1967-01-01", "1967-12-31"),
        ("1967-02", "1967-02-01", "1967-02-28"),
        ("1967-12", "1967-12-01", "1967-12-31"),
        ("9999-12", "9999-12-01", "9999-12-31"),
        ("1967-05-02", "1967-05-02", "1967-05-02"),
        ("2019-05-02T10:00:00+08:00", "2019-05-02", "2019-05-02"),
        ("2001-21", "2001-03-01", "2001-05-31"),
        ("1960/1970", "1960-01-01", "1970-12-31"),
        ("../1960", "0001-01-01", "1960-12-31"),
        ("1960/..", "1960-01-01", "9999-12-31"),
        ("../..", "0001-01-01", "9999-12-31"),
        ("[..1668]", "0001-01-01", "1668-12-31"),
        ("-0044", "0001-01-01", "0001-01-01"),
        ("Y17000000002", "9999-12-31", "9999-12-31"),
    ],
)
def test_a_date_lies_between_two_days(text: str, first: str, last: str) -> None:
    assert span_of(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["", "yesterday", "12/05/1967", "1967-13", "1967-02-30", "0000"])
def test_what_is_no_date_lies_nowhere(text: str) -> None:
    assert span_of(text) == UNKNOWN
    assert UNKNOWN[0] > UNKNOWN[1]
