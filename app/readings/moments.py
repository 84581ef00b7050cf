"""Fields that are dates: capture, digitisation, modification."""

from collections.abc import Iterator

from app.readings.dates import to_edtf
from app.readings.extraction import Extracted
from app.readings.picking import NON_STANDARD, Candidate, in_order, pick, sources
from app.readings.tags import Tag, Tags
from app.readings.texts import BLANK, UNUSABLE, read_text

INVALID = "not a date"
_EXIF_ZONES = {
    "DateTimeOriginal": "EXIF:ExifIFD:OffsetTimeOriginal",
    "CreateDate": "EXIF:ExifIFD:OffsetTimeDigitized",
    "ModifyDate": "EXIF:ExifIFD:OffsetTime",
}
_IPTC_TIMES = {
    "DateCreated": "IPTC:TimeCreated",
    "DigitalCreationDate": "IPTC:DigitalCreationTime",
}
DATES = {
    "date_created": (
        "EXIF:ExifIFD:DateTimeOriginal",
        "XMP:XMP-photoshop:DateCreated",
        "IPTC:DateCreated",
    ),
    "date_digitised": (
        "EXIF:ExifIFD:CreateDate",
        "XMP:XMP-xmp:CreateDate",
        "IPTC:DigitalCreationDate",
    ),
    "date_modified": ("EXIF:IFD0:ModifyDate", "XMP:XMP-xmp:ModifyDate"),
}
LESSER = {
    "date_created": ("XMP:XMP-exif:DateTimeOriginal",),
    "date_digitised": ("XMP:XMP-exif:DateTimeDigitized",),
    "date_modified": (),
}


def date_statements(tags: Tags, *, iptc_wins: bool) -> Iterator[Extracted]:
    """Yield every date statement in EDTF, one of each field picked; what is no date is noted."""
    for field, places in DATES.items():
        found = sources(tags, in_order(places, iptc_wins=iptc_wins))
        found += sources(tags, LESSER[field])
        found += [(tag, NON_STANDARD) for tag in _of_other_kinds(tags, field)]
        yield from pick(
            _candidate(field, tag, note, tags, stale=iptc_wins and field == "date_modified")
            for tag, note in found
        )


def _of_other_kinds(tags: Tags, field: str) -> list[Tag]:
    """Find the capture date of formats without EXIF, such as CRW and X3F."""
    named = tags.named("DateTimeOriginal") if field == "date_created" else []
    return [tag for tag in named if tag.family not in ("EXIF", "XMP")]


def _candidate(field: str, tag: Tag, place: str | None, tags: Tags, *, stale: bool) -> Candidate:
    text, zone, locator = tag.text, "", tag.locator
    if tag.family == "EXIF":
        zone = tags.text(_EXIF_ZONES[tag.name])
    elif time := tags.text(_IPTC_TIMES.get(tag.name, "")) if tag.family == "IPTC" else "":
        text, locator = f"{text} {time}", f"{locator}+{_IPTC_TIMES[tag.name]}"
    edtf: str | None = to_edtf(text, zone) or to_edtf(tag.text, zone)
    if edtf is None:
        plain = read_text(text, tag.raw, None)
        flaw = BLANK if not plain.value.strip(" :") else INVALID
        statement = Extracted(field, plain.value, locator, False, tag.raw, None, flaw)
        return Candidate(statement, UNUSABLE)
    # XMP's date of modification says nothing once another tool has changed the file after it.
    outdated = stale and tag.family == "XMP"
    note = "IPTCDigest is not current" if outdated else place
    return Candidate(Extracted(field, edtf, locator, False, note=note), UNUSABLE if outdated else 0)
