"""Dates of metadata as EDTF (levels 0 and 1), the capture's local time, zone only where stated."""

import re
from datetime import datetime

_DATE = re.compile(
    r"(?P<year>\d{4})(?:[:/.-](?P<month>\d\d))?(?:[:/.-](?P<day>\d\d))?"
    r"(?:[ T]+(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d*)?)?)?"
    r"\s*(?P<zone>Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_DATE_LENGTH = 10
_UNSURE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?[?~%]|\d{3}X|\d{2}XX", re.ASCII)
_ZONE = re.compile(r"Z|[+-](?:0\d|1[0-4]):?[0-5]\d", re.ASCII)


def to_edtf(text: str, zone: str = "") -> str | None:
    """Return `2014`, `2014-05`, `2014-05-02` or `2014-05-02T10:11:12[+08:00]`; None if no date.

    Parts that are zero are unknown, as IPTC writes them, or blank, as EXIF does: 2014:05:00 is
    2014-05. `1967?`, `1967~` and `196X`, EDTF already, stay. Fractions of a second are told by
    `capture_instant`, for EDTF has none.
    """
    text = text.strip(" \0")
    if _UNSURE.fullmatch(text):
        return text if to_edtf(text.rstrip("?~%").replace("X", "0")) else None
    found = _DATE.fullmatch(_filled(text))
    if not found or found["year"] == "0000":
        return None
    year, month, day = found["year"], found["month"] or "00", found["day"] or "00"
    if month == "00" or day == "00":
        return _partial(year, month, day)
    hour, minute, second = found["hour"] or "00", found["minute"] or "00", found["second"] or "00"
    try:
        whole = datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}")
    except ValueError:
        return None
    if not found["hour"]:
        return whole.date().isoformat()
    return whole.isoformat() + _offset(found["zone"] or zone)


def _filled(text: str) -> str:
    """Write zeros where a camera or EXIF leaves blanks: `2002: 1: 8` and `1999:  :     :  :  `."""
    if len(text) < _DATE_LENGTH or text[4] != ":":
        return text
    day, clock = text[:10], text[10:]
    return day.replace(" ", "0") + (
        clock[:1] + clock[1:].replace(" ", "0") if clock.strip(" :") else ""
    )


def _partial(year: str, month: str, day: str) -> str | None:
    if month == "00":
        return year if day == "00" else None
    return f"{year}-{month}" if 1 <= int(month) <= 12 else None


def _offset(zone: str) -> str:
    zone = zone.strip()
    if not _ZONE.fullmatch(zone):
        return ""
    return zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
