"""Between which days an EDTF date lies."""

import re
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from typing import Any

from edtf import EDTFParseException, parse_edtf

Span = tuple[date, date]
UNKNOWN: Span = (date.max, date.min)  # after every day, and it overlaps with none
PLAIN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?")


@lru_cache(maxsize=10_000)
def span_of(text: str) -> Span:
    """Return the first and the last day that a date may mean; UNKNOWN where it is no date.

    What lies before the year 1 or after 9999 is cut there; an open end reaches as far.
    """
    found = PLAIN.fullmatch(text)
    try:
        if found is not None:
            return _of_plain(int(found[1]), found[2], found[3])
        parsed: Any = parse_edtf(text)
        first, last = (_day(parsed, end) for end in ("lower_strict", "upper_strict"))
    except (EDTFParseException, ValueError, TypeError, AttributeError, OverflowError):
        return UNKNOWN
    return (first, last) if first <= last else UNKNOWN


def _of_plain(year: int, month: str | None, day: str | None) -> Span:
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if day is None:
        if int(month) > 12:  # a season or a quarter
            return _of_season(year, int(month))
        first = date(year, int(month), 1)
        return first, _last_of_month(first)
    exact = date(year, int(month), int(day))
    return exact, exact


def _of_season(year: int, season: int) -> Span:
    parsed: Any = parse_edtf(f"{year:04d}-{season}")
    return _day(parsed, "lower_strict"), _day(parsed, "upper_strict")


def _last_of_month(first: date) -> date:
    if first.year == MAXYEAR and first.month == 12:
        return date.max
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _day(parsed: Any, end: str) -> date:  # noqa: ANN401 - the library's own classes
    """Return one end; the library tells an open one by an infinite number, or fails on it."""
    side = getattr(parsed, "lower" if end == "lower_strict" else "upper", None)
    if isinstance(side, float):
        return date.min if side < 0 else date.max
    try:
        moment = getattr(parsed, end)()
    except TypeError:  # half open: the side that is told stands in the interval itself
        inner = getattr(side, end, None)
        if inner is None:
            return date.min if end == "lower_strict" else date.max
        moment = inner()
    if isinstance(moment, float):
        return date.min if moment < 0 else date.max
    year, month, day = moment[:3]
    if year < 1:
        return date.min
    return date.max if year > MAXYEAR else date(year, month, day)
