"""Fields that are dates: capture, digitisation, modification."""

from collections.abc import Iterator
from dataclasses import replace

from app.readings.dates import to_edtf
from app.readings.extraction import Extracted
from app.readings.picking import NON_STANDARD, Candidate, in_order, pick, sources
from app.readings.tags import Tag, Tags
from app.readings.texts import BLANK, UNUSABLE, read_text

INVALID = "not a date"
OF_THE_SCAN = "of the scan"
EPOCH = "where a clock that nobody set begins"
# Kept and picked where nothing else stands; the policy's list of defaults lets them answer nothing.
EPOCHS = ("0001-01-01", "1970-01-01", "1904-01-01T00:00", "1980-01-01T00:00", "2000-01-01T00:00")
_EPOCH_DAMAGE = 5
_SCANS = frozenset({"negativeFilm", "positiveFilm", "print"})  # IPTC, digitalsourcetype
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


def date_statements(tags: Tags, *, iptc_wins: bool, scanned: bool = False) -> Iterator[Extracted]:
    """Yield every date statement in EDTF, one of each field picked; what is no date is noted.

    Args:
        tags: of the file.
        iptc_wins: whether IPTC was edited after XMP.
        scanned: whether the picture is of a negative, a slide or a print: its dates are the scan's.
    """
    found = {field: list(_candidates(tags, field, iptc_wins=iptc_wins)) for field in DATES}
    if scanned:
        taken = found["date_created"]
        found["date_digitised"] += [_of_the_scan(one, "date_digitised", 1) for one in taken]
        found["date_created"] = [_of_the_scan(one, "date_created", UNUSABLE) for one in taken]
    for candidates in found.values():
        yield from pick(candidates)


def is_scan(source_type: str) -> bool:
    """Tell whether a digital source type is of something physical; a URI counts by its end."""
    return source_type.strip().rstrip("/").rpartition("/")[2] in _SCANS


def _of_the_scan(one: Candidate, field: str, damage: int) -> Candidate:
    """Let a date of a scan say when it was digitised, after what says so itself."""
    statement = replace(one.statement, field=field, note=one.statement.note or OF_THE_SCAN)
    return Candidate(statement, max(one.damage, damage))


def _candidates(tags: Tags, field: str, *, iptc_wins: bool) -> Iterator[Candidate]:
    found = sources(tags, in_order(DATES[field], iptc_wins=iptc_wins))
    found += sources(tags, LESSER[field])
    found += [(tag, NON_STANDARD) for tag in _of_other_kinds(tags, field)]
    for tag, note in found:
        yield _candidate(field, tag, note, tags, stale=iptc_wins and field == "date_modified")


def _of_other_kinds(tags: Tags, field: str) -> list[Tag]:
    """Find the capture date of formats without EXIF, such as CRW and X3F."""
    named = tags.named("DateTimeOriginal") if field == "date_created" else []
    return [tag for tag in named if tag.family not in ("EXIF", "XMP")]


def _candidate(field: str, tag: Tag, place: str | None, tags: Tags, *, stale: bool) -> Candidate:
    text, zone, locator = tag.text, "", tag.locator
    if tag.again:  # which of the repeated zones and times is its own, nothing says
        pass
    elif tag.family == "EXIF":
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
    # A second IPTC block, as in a trailer, is not where the standard has readers look.
    misplaced = place is not None and tag.family == "IPTC"
    damage = UNUSABLE if outdated or misplaced else 0
    if edtf.startswith(EPOCHS):
        note, damage = note or EPOCH, max(damage, _EPOCH_DAMAGE)
    return Candidate(Extracted(field, edtf, locator, False, note=note), damage)
