"""Where two readers say different things of one tag: both values kept, neither corrected."""

import json
from collections.abc import Iterator
from fractions import Fraction

from app.readings.extraction import Extracted
from app.readings.tags import Tags

TAG = "exifread:EXIF"
DISAGREES = "the readers disagree"
GAVE_UP = "exifread gave up"
_ERROR = "error"
_IFD0, _EXIF, _GPS = "EXIF:IFD0", "EXIF:ExifIFD", "EXIF:GPS"
# exifread's name of a tag -> ours. Texts beyond ASCII are a matter of charsets, not of readers.
COMPARED = {
    "Image Make": f"{_IFD0}:Make",
    "Image Model": f"{_IFD0}:Model",
    "Image Software": f"{_IFD0}:Software",
    "Image Artist": f"{_IFD0}:Artist",
    "Image Copyright": f"{_IFD0}:Copyright",
    "Image ImageDescription": f"{_IFD0}:ImageDescription",
    "Image Orientation": f"{_IFD0}:Orientation",
    "Image DateTime": f"{_IFD0}:ModifyDate",
    "EXIF DateTimeOriginal": f"{_EXIF}:DateTimeOriginal",
    "EXIF DateTimeDigitized": f"{_EXIF}:CreateDate",
    "EXIF OffsetTimeOriginal": f"{_EXIF}:OffsetTimeOriginal",
    "EXIF SubSecTimeOriginal": f"{_EXIF}:SubSecTimeOriginal",
    "EXIF ISOSpeedRatings": f"{_EXIF}:ISO",
    "EXIF FNumber": f"{_EXIF}:FNumber",
    "EXIF ExposureTime": f"{_EXIF}:ExposureTime",
    "EXIF FocalLength": f"{_EXIF}:FocalLength",
    "EXIF BodySerialNumber": f"{_EXIF}:SerialNumber",
    "EXIF ImageUniqueID": f"{_EXIF}:ImageUniqueID",
    "GPS GPSLatitude": f"{_GPS}:GPSLatitude",
    "GPS GPSLatitudeRef": f"{_GPS}:GPSLatitudeRef",
    "GPS GPSLongitude": f"{_GPS}:GPSLongitude",
    "GPS GPSLongitudeRef": f"{_GPS}:GPSLongitudeRef",
}
_SEXAGESIMAL = frozenset({f"{_GPS}:GPSLatitude", f"{_GPS}:GPSLongitude"})
LONGEST = 500  # characters of a text that are compared
_CLOSE = 1e-6  # of the larger: ExifTool writes ten digits


def disagreement_statement(tags: Tags) -> Iterator[Extracted]:
    """Name the tags of which exifread says something else than ExifTool; nothing if it agrees."""
    said: dict[str, str] = json.loads(tags.text(TAG) or "{}")
    if error := said.pop(_ERROR, None):
        yield Extracted("second_opinion", [], TAG, False, note=f"{GAVE_UP}: {error}")
        return
    differ = [
        {"tag": locator, "exiftool": ours, "exifread": _storable(text)}
        for locator, text in said.items()
        if not _agree(ours := _storable(_ours(tags, locator)), _storable(text), locator)
    ]
    if differ:
        yield Extracted("second_opinion", differ, TAG, False, note=DISAGREES)


def _ours(tags: Tags, locator: str) -> str:
    tag = tags.get(locator)
    return " ".join(tag.texts) if tag else ""


def _storable(text: str) -> str:
    """Keep the beginning before a NUL, for what follows is padding, as a database can store it."""
    return text.partition("\0")[0].encode("utf-8", "replace").decode().strip()[:LONGEST]


def _agree(ours: str, theirs: str, locator: str) -> bool:
    if ours == theirs or not theirs:
        return True
    if not (ours.isascii() and theirs.isascii()):
        return bool(ours)
    if not ours and "/0" in theirs:  # no number to either
        return True
    one, other = _numbers(ours), _numbers(theirs)
    if locator in _SEXAGESIMAL and other:
        other = [sum(part / 60**place for place, part in enumerate(other[:3]))]
    if not one or not other or len(one) != len(other):
        return False
    return all(abs(a - b) <= _CLOSE * max(abs(a), abs(b)) for a, b in zip(one, other, strict=True))


def _numbers(text: str) -> list[float]:
    try:
        return [float(Fraction(part)) for part in text.split()]
    except (ValueError, ZeroDivisionError, OverflowError):
        return []
