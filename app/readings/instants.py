"""When the picture was taken, to parts of a second, and in the world's time where a zone is told.

EXIF's own offset, else the difference between the camera's clock and GPS, which is UTC, rounded to
the quarters of an hour that zones keep. Without either there is no instant here: a zone that only
the policy knows makes a derived one.

Parts of a second stand beside the date, digit by digit, for EDTF has none. EXIF has a tag for them;
in XMP they are a fraction, which counts where its date is the same to the second.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.readings.dates import to_edtf
from app.readings.extraction import Extracted
from app.readings.moments import DATES, LESSER
from app.readings.tags import Tags

_EXIF = "EXIF:ExifIFD"
_TAKEN, _OFFSET = f"{_EXIF}:DateTimeOriginal", f"{_EXIF}:OffsetTimeOriginal"
_SUB_SECONDS = f"{_EXIF}:SubSecTimeOriginal"
_XMP = tuple(at for at in (*DATES["date_created"], *LESSER["date_created"]) if at[:3] == "XMP")
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_FRACTION = re.compile(r":\d\d\.(\d{1,9})(?!\d)", re.ASCII)
_GPS = ("EXIF:GPS:GPSDateStamp", "EXIF:GPS:GPSTimeStamp")
_QUARTER = timedelta(minutes=15)
_NEAR = timedelta(minutes=5)  # a fix that is older than that tells no zone
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)


def instant_statement(tags: Tags, dates: Sequence[Extracted]) -> Iterator[Extracted]:
    """Tell sub-seconds and instant of the date that EXIF gave, or else of the picked one of XMP."""
    stated = [one for one in dates if one.locator == _TAKEN]
    created = [one for one in dates if one.picked and one.field == "date_created"]
    stated += [one for one in created if one.locator in _XMP]
    if not stated or "T" not in str(stated[0].value):
        return
    place, local = stated[0].locator, datetime.fromisoformat(str(stated[0].value))
    value, places = {"local": local.replace(tzinfo=None).isoformat()}, [place]
    if parts := _parts(tags, value["local"], place):
        value["sub_seconds"], places = parts[0], [*places, *({parts[1]} - {place})]
    offset, said_by = _offset(tags, local, place)
    if offset is not None:
        utc = local.replace(tzinfo=None) - offset
        value |= {"utc": f"{utc.isoformat()}Z", "rule": said_by[-1]}
    if len(value) > 1:
        yield Extracted(
            "capture_instant", value, "+".join(dict.fromkeys([*places, *said_by])), True
        )


def _parts(tags: Tags, local: str, place: str) -> tuple[str, str] | None:
    """Return the digits of the second's parts, and which tag tells them."""
    parts = tags.text(_SUB_SECONDS).strip("\0 ") if place == _TAKEN else ""
    if _DIGITS.fullmatch(parts):
        return parts, _SUB_SECONDS
    for told in (place, *_XMP):
        text = tags.text(told)
        fraction = _FRACTION.search(text)
        if fraction and (to_edtf(text) or "").startswith(local):
            return fraction[1], told
    return None


def _offset(tags: Tags, local: datetime, place: str) -> tuple[timedelta | None, list[str]]:
    """Return how far the camera's clock was ahead of UTC, and by what tag that is known."""
    if local.utcoffset() is not None:
        return local.utcoffset(), [_OFFSET if place == _TAKEN else place]
    stated = to_edtf(" ".join(tags.text(place) for place in _GPS)) or ""
    if "T" not in stated:
        return None, []
    try:
        utc = datetime.fromisoformat(stated)
        ahead = local - utc.astimezone(UTC).replace(tzinfo=None) if utc.tzinfo else local - utc
        offset = round(ahead / _QUARTER) * _QUARTER
    except (ValueError, OverflowError):
        return None, []
    if abs(ahead - offset) > _NEAR or not _WEST <= offset <= _EAST:
        return None, []
    return offset, list(_GPS)
