"""Scans, clocks that nobody set, time zones and sub-seconds: what a date may be believed to say."""

import json
from typing import Any

import pytest

from app.readings.compute import conclude
from app.readings.extraction import Extracted, Extraction
from app.readings.moments import EPOCH, OF_THE_SCAN

TAKEN, DIGITISED = "EXIF:ExifIFD:DateTimeOriginal", "EXIF:ExifIFD:CreateDate"
OFFSET, PARTS = "EXIF:ExifIFD:OffsetTimeOriginal", "EXIF:ExifIFD:SubSecTimeOriginal"
GPS_DAY, GPS_TIME = "EXIF:GPS:GPSDateStamp", "EXIF:GPS:GPSTimeStamp"
XMP_CREATED, SOURCE = "XMP:XMP-photoshop:DateCreated", "XMP:XMP-iptcExt:DigitalSourceType"
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype"
NOON = "2014:05:02 12:00:00"


def of(tags: dict[str, str]) -> Extraction:
    all_of_them = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", **tags}
    answer = json.dumps([{name: {"val": text} for name, text in all_of_them.items()}])
    return conclude(answer.encode(), b"\xff\xd8\xff", 9, "ExifTool", "13.59")


def statements(tags: dict[str, str], field: str) -> list[Extracted]:
    return [one for one in of(tags).statements if one.field == field]


def picked(tags: dict[str, str], field: str) -> Any:  # noqa: ANN401 - any JSON value
    return next((one.value for one in statements(tags, field) if one.picked), None)


@pytest.mark.parametrize("kind", ["negativeFilm", "positiveFilm", "print"])
@pytest.mark.parametrize("form", ["{}", f"{VOCABULARY}/{{}}", f" {VOCABULARY}/{{}}/"])
def test_the_dates_of_a_scan_say_when_it_was_digitised(kind: str, form: str) -> None:
    tags = {TAKEN: NOON, SOURCE: form.format(kind)}
    assert picked(tags, "date_created") is None
    assert picked(tags, "date_digitised") == "2014-05-02T12:00:00"
    (kept,) = statements(tags, "date_created")
    assert (kept.value, kept.note) == ("2014-05-02T12:00:00", OF_THE_SCAN)


def test_a_scans_own_word_for_when_it_was_digitised_goes_first() -> None:
    tags = {TAKEN: NOON, DIGITISED: "2015:01:01 09:00:00", SOURCE: "print"}
    assert picked(tags, "date_digitised") == "2015-01-01T09:00:00"


def test_a_capture_is_no_scan() -> None:
    tags = {TAKEN: NOON, SOURCE: f"{VOCABULARY}/digitalCapture"}
    assert picked(tags, "date_created") == "2014-05-02T12:00:00"
    assert picked(tags, "date_digitised") is None


@pytest.mark.parametrize(
    "start",
    [
        "1970:01:01 00:00:00",
        "1970:01:01 08:00:00",
        "1980:01:01 00:00:13",
        "2000:01:01 00:00:00",
        "1904:01:01 00:00:00",
        "0001:01:01 00:00:00",
    ],
)
def test_where_a_clock_begins_gives_way_to_every_other_date(start: str) -> None:
    assert picked({TAKEN: start, XMP_CREATED: "2004-05"}, "date_created") == "2004-05"
    (kept,) = statements({TAKEN: start}, "date_created")
    assert kept.note == EPOCH


def test_a_picture_of_the_new_year_is_not_where_a_clock_begins() -> None:
    (kept,) = statements({TAKEN: "2000:01:01 12:00:00"}, "date_created")
    assert kept.note is None


def test_a_second_iptc_block_dates_nothing() -> None:
    tags = {"IPTC:IPTC2:DateCreated": "2005:12:23"}
    assert picked(tags, "date_created") is None
    assert [one.note for one in statements(tags, "date_created")] == ["non_standard_location"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param(
            {PARTS: "045", OFFSET: "+08:00"},
            {"sub_seconds": "045", "utc": "2014-05-02T04:00:00Z", "rule": OFFSET},
            id="EXIF's own offset",
        ),
        pytest.param(
            {GPS_DAY: "2014:05:02", GPS_TIME: "04:01:30"},
            {"utc": "2014-05-02T04:00:00Z", "rule": GPS_TIME},
            id="GPS a minute away",
        ),
        pytest.param(
            {GPS_DAY: "2014:05:01", GPS_TIME: "22:15:00"},
            {"utc": "2014-05-01T22:15:00Z", "rule": GPS_TIME},
            id="a zone of three quarters, the day before",
        ),
        pytest.param(
            {OFFSET: "+09:00", GPS_DAY: "2014:05:02", GPS_TIME: "04:00:00"},
            {"utc": "2014-05-02T03:00:00Z", "rule": OFFSET},
            id="the offset before GPS",
        ),
        pytest.param({PARTS: "5"}, {"sub_seconds": "5"}, id="sub-seconds without a zone"),
    ],
)
def test_an_instant_is_told_where_the_file_knows_its_zone(
    tags: dict[str, str], expected: dict[str, str]
) -> None:
    told = picked({TAKEN: NOON, **tags}, "capture_instant")
    assert told == {"local": "2014-05-02T12:00:00", **expected}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param(
            {TAKEN: NOON, XMP_CREATED: "2014:05:02 12:00:00.25"},
            ("25", f"{TAKEN}+{XMP_CREATED}"),
            id="of XMP where EXIF's second is the same",
        ),
        pytest.param(
            {TAKEN: NOON, PARTS: "7\0", XMP_CREATED: "2014:05:02 12:00:00.25"},
            ("7", f"{TAKEN}+{PARTS}"),
            id="of EXIF first",
        ),
        pytest.param(
            {TAKEN: f"{NOON}.5", PARTS: "junk"},
            ("5", TAKEN),
            id="against the standard",
        ),
        pytest.param(
            {XMP_CREATED: "2014:05:02 12:00:00.045+08:00"}, ("045", XMP_CREATED), id="of XMP alone"
        ),
        pytest.param(
            {TAKEN: NOON, XMP_CREATED: "2014:05:02 12:00:01.25"}, None, id="of another second"
        ),
        pytest.param({TAKEN: NOON, PARTS: "1234567890"}, None, id="of no clock"),
        pytest.param({XMP_CREATED: "2014:05:02"}, None, id="of a day"),
    ],
)
def test_parts_of_a_second_are_kept_digit_by_digit(
    tags: dict[str, str], expected: tuple[str, str] | None
) -> None:
    found = statements(tags, "capture_instant")
    assert [(one.value["sub_seconds"], one.locator) for one in found] == (
        [expected] if expected else []
    )


def test_an_xmp_date_with_its_zone_tells_an_instant() -> None:
    told = picked({XMP_CREATED: "2014:05:02 12:00:00.045+08:00"}, "capture_instant")
    utc = {"utc": "2014-05-02T04:00:00Z", "rule": XMP_CREATED}
    assert told == {"local": "2014-05-02T12:00:00", "sub_seconds": "045", **utc}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({}, id="no zone"),
        pytest.param({GPS_DAY: "2014:04:30", GPS_TIME: "04:00:00"}, id="a fix of another day"),
        pytest.param({GPS_DAY: "2014:05:02", GPS_TIME: "04:07:30"}, id="a fix between two zones"),
        pytest.param({GPS_DAY: "2014:05:02"}, id="GPS without a time"),
        pytest.param({GPS_DAY: "junk", GPS_TIME: "junk"}, id="GPS without sense"),
        pytest.param({OFFSET: "+99:00"}, id="no offset on earth"),
        pytest.param({PARTS: "   "}, id="blank sub-seconds"),
    ],
)
def test_no_instant_is_made_up(tags: dict[str, str]) -> None:
    assert picked({TAKEN: NOON, **tags}, "capture_instant") is None
    assert picked({TAKEN: NOON, **tags}, "date_created") == "2014-05-02T12:00:00"
