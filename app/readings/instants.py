"""When the picture was taken in the world's time: only where the file itself tells the zone.

EXIF's own offset, else the difference between the camera's clock and GPS, which is UTC, rounded to
the quarters of an hour that zones keep. Without either there is no instant here: a zone that only
the policy knows makes a derived one.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.readings.dates import to_edtf
from app.readings.extraction import Extracted
from app.readings.tags import Tags

_EXIF = "EXIF:ExifIFD"
_TAKEN, _OFFSET = f"{_EXIF}:DateTimeOriginal", f"{_EXIF}:OffsetTimeOriginal"
_SUB_SECONDS = f"{_EXIF}:SubSecTimeOriginal"
_GPS = ("EXIF:GPS:GPSDateStamp", "EXIF:GPS:GPSTimeStamp")
_QUARTER = timedelta(minutes=15)
_NEAR = timedelta(minutes=5)  # a fix that is older than that tells no zone
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)


def instant_statement(tags: Tags, dates: Sequence[Extracted]) -> Iterator[Extracted]:
    """Tell sub-seconds and instant of the date that EXIF gave, as far as the file knows them."""
    stated = [one for one in dates if one.locator == _TAKEN and "T" in str(one.value)]
    if not stated:
        return
    local = datetime.fromisoformat(str(stated[0].value))
    value, places = {"local": local.replace(tzinfo=None).isoformat()}, [_TAKEN]
    if (parts := tags.text(_SUB_SECONDS)).isascii() and parts.isdigit() and len(parts) < 10:
        value["sub_seconds"], places = parts, [*places, _SUB_SECONDS]
    offset, said_by = _offset(tags, local)
    if offset is not None:
        utc = local.replace(tzinfo=None) - offset
        value |= {"utc": f"{utc.isoformat()}Z", "rule": said_by[-1]}
    if len(value) > 1:
        yield Extracted("capture_instant", value, "+".join([*places, *said_by]), True)


def _offset(tags: Tags, local: datetime) -> tuple[timedelta | None, list[str]]:
    """Return how far the camera's clock was ahead of UTC, and by what tag that is known."""
    if local.utcoffset() is not None:
        return local.utcoffset(), [_OFFSET]
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
