"""From tags to statements: the Metadata Working Group's order, and what never wins."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.readings import compute
from app.readings.children import REASONS, STOPS
from app.readings.compute import conclude, digest_is_stale, failed
from app.readings.extraction import Extracted, Extraction, Outcome
from app.readings.formats import EMPTY_FILE, why_unreadable
from app.readings.tags import AnswerMalformed, parse_answer

Entry = str | list[str] | tuple[str, bytes]
JPEG = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", "File:ImageWidth": "4"}
JPEG |= {"File:ImageHeight": "3"}
STALE = {"File:CurrentIPTCDigest": "aa", "Photoshop:IPTCDigest": "bb"}
CURRENT = {"File:CurrentIPTCDigest": "aa", "Photoshop:IPTCDigest": "aa"}
UTF8 = {"IPTC:CodedCharacterSet": "\x1b%G"}
EXIF, XMP, IPTC = (
    "EXIF:IFD0:ImageDescription",
    "XMP:XMP-dc:Description",
    "IPTC:Caption-Abstract",
)


def answer(tags: Mapping[str, Entry]) -> bytes:
    """Write tags as ExifTool does; a pair is a text with its exact bytes."""
    document: dict[str, Any] = {"SourceFile": "0001"}
    for locator, entry in tags.items():
        if isinstance(entry, tuple):
            document[locator] = {"val": entry[0], "hex": entry[1].hex(" ")}
        else:
            document[locator] = {"val": entry}
    return json.dumps([document]).encode()


def of(tags: dict[str, Entry], base: dict[str, str] | None = None) -> Extraction:
    return conclude(answer({**(JPEG if base is None else base), **tags}), b"", 99, "T", "1")


def picked(tags: dict[str, Entry], field: str) -> Extracted | None:
    found = [s for s in of(tags).statements if s.field == field and s.picked]
    assert len(found) < 2
    return found[0] if found else None


def locator(tags: dict[str, Entry], field: str) -> str | None:
    found = picked(tags, field)
    return found.locator if found else None


@pytest.mark.parametrize(
    ("tags", "winner"),
    [
        pytest.param({EXIF: "a", XMP: "b", IPTC: "c"}, EXIF, id="EXIF first"),
        pytest.param({EXIF: "  \0", XMP: "b", IPTC: "c"}, XMP, id="a blank EXIF falls through"),
        pytest.param({XMP: "b", IPTC: "c"}, XMP, id="no digest: XMP"),
        pytest.param({XMP: "b", IPTC: "c"} | CURRENT, XMP, id="current digest: XMP"),
        pytest.param({XMP: "b", IPTC: "c"} | STALE, IPTC, id="stale digest: IPTC"),
        pytest.param({EXIF: "a", XMP: "b", IPTC: "c"} | STALE, EXIF, id="EXIF before either"),
        pytest.param({EXIF: "???? ??", XMP: "真"}, XMP, id="question marks lose"),
        pytest.param({EXIF: "????"}, None, id="question marks alone are nothing"),
        pytest.param({EXIF: "base64:w7/D/w==", XMP: "真"}, XMP, id="unknown charset loses"),
        pytest.param({EXIF: ""}, None, id="blank alone is nothing"),
        pytest.param({IPTC: "a" * 2000, XMP: "a" * 2100} | STALE, XMP, id="IPTC cut at 2000"),
        pytest.param({IPTC: "a" * 1500, XMP: "a" * 2100} | STALE, IPTC, id="IPTC shorter, not cut"),
        pytest.param({f"{XMP}-zh-hant": "b", XMP: "a"}, XMP, id="x-default, wherever it stands"),
        pytest.param(
            {IPTC: "b" * 2000, XMP: "a" * 2100} | STALE, IPTC, id="IPTC says other things"
        ),
        pytest.param({"EXIF:ExifIFD:UserComment": "u", IPTC: "c"}, IPTC, id="lesser places last"),
        pytest.param({"EXIF:IFD1:ImageDescription": "u"}, None, id="the thumbnail's says nothing"),
        pytest.param({"File:Comment": "Created with a program"}, None, id="a file's comment never"),
        pytest.param(
            {"EXIF:SubIFD:ImageDescription": "x", XMP: "b"},
            XMP,
            id="out of place after the standard places",
        ),
    ],
)
def test_which_description_is_picked(tags: dict[str, Entry], winner: str | None) -> None:
    assert locator(tags, "description") == winner


def test_every_source_is_kept_beside_the_picked_one() -> None:
    tags: dict[str, Entry] = {EXIF: "a", XMP: "b", f"{XMP}-zh-Hant": "丙", IPTC: "d"}
    tags["IPTC:IPTC2:Caption-Abstract"] = "e"
    found = [s for s in of(tags).statements if s.field == "description"]
    assert [(s.locator, s.value, s.picked) for s in found] == [
        (EXIF, "a", True),
        (XMP, "b", False),
        (f"{XMP}-zh-Hant", "丙", False),
        (IPTC, "d", False),
        ("IPTC:IPTC2:Caption-Abstract", "e", False),
    ]
    assert found[-1].note == "non_standard_location"


def test_lists_are_split_as_their_standards_do() -> None:
    assert picked({"EXIF:IFD0:Artist": "A; B;"}, "creator").value == ["A", "B"]  # type: ignore[union-attr]
    assert picked({"XMP:XMP-dc:Creator": ["A; B", "C"]}, "creator").value == ["A; B", "C"]  # type: ignore[union-attr]
    assert picked({"IPTC:Keywords": ["007", "x"]}, "subject").value == ["007", "x"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("tags", "value", "charset", "note"),
    [
        pytest.param(
            {EXIF: ("before", b"before\0after\0")},
            "before",
            "ascii",
            "text after NUL",
            id="NUL",
        ),
        pytest.param({EXIF: ("a", b"a\0")}, "a", "ascii", None, id="NUL at the end"),
        pytest.param({EXIF: "真"}, "真", "utf-8", "charset guessed", id="EXIF in UTF-8"),
        pytest.param(
            {EXIF: ("base64:s68=", b"\xb3\xaf\0")}, "³¯", None, "charset unknown", id="EXIF in Big5"
        ),
        pytest.param({IPTC: "base64:s4E="}, "³\x81", None, "charset unknown", id="undeclared IPTC"),
        pytest.param(
            {IPTC: "base64:Y2Fm6SD//g=="} | UTF8,
            "caf\ufffd \ufffd\ufffd",
            "utf-8",
            "replacement characters",
            id="invalid UTF-8",
        ),
        pytest.param(
            {IPTC: "base64:55yf55w="} | UTF8, "真", "utf-8", "cut inside a character", id="cut"
        ),
        pytest.param({IPTC: "真"} | UTF8, "真", "utf-8", None, id="declared UTF-8"),
        pytest.param(
            {IPTC: "x", "IPTC:CodedCharacterSet": "\x1b.A"}, "x", "latin-1", None, id="other"
        ),
        pytest.param(
            {EXIF: "base64:dGV4dA=="}, "base64:dGV4dA==", "ascii", None, id="looks like base64"
        ),
        pytest.param({EXIF: "base64:!"}, "base64:!", "ascii", None, id="looks a bit like base64"),
        pytest.param(
            {"EXIF:ExifIFD:UserComment": ("?", b"JIS\0\0\0\0\0\x1b$B>>\x1b(B")},
            "松",
            "iso2022_jp",
            None,
            id="JIS comment",
        ),
        pytest.param(
            {"EXIF:ExifIFD:UserComment": ("u", b"UNICODE\0\x7eg")},
            "松",
            "utf-16-le",
            None,
            id="comment",
        ),
        pytest.param({"PNG:Description": "真"}, "真", "utf-8", None, id="PNG"),
    ],
)
def test_text_keeps_what_is_known_of_its_bytes(
    tags: dict[str, Entry], value: str, charset: str | None, note: str | None
) -> None:
    [found] = [s for s in of(tags).statements if s.field == "description"]
    assert (found.value, found.note) == (value, note)
    assert (found.raw_bytes is not None) == (note is not None)
    assert found.raw_charset == charset
    assert "\0" not in found.value
    found.value.encode("utf-8")


def test_windows_text_is_read_from_its_own_bytes() -> None:
    tags: dict[str, Entry] = {"EXIF:IFD0:XPTitle": ("?", "𨋢口\0".encode("utf-16-le"))}
    assert picked(tags, "title").value == "𨋢口"  # type: ignore[union-attr]
    broken = "EXIF:IFD0:XPTitle"
    flawed = of({broken: ("base64:7aCAQQ==", b"\x00\xd8A\x00")}).statements
    [found] = [s for s in flawed if s.field == "title"]
    assert not found.picked
    assert (found.value, found.note) == ("\ufffdA", "replacement characters")
    assert found.raw_bytes == b"\x00\xd8A\x00"


def test_a_surrogate_in_the_answer_itself_becomes_a_replacement() -> None:
    raw = answer(JPEG | {XMP: "x"}).replace(b'"x"', b'"a\\ud800b"')
    (found,) = [s for s in conclude(raw, b"", 9, "T", "1").statements if s.field == "description"]
    assert (found.value, found.note) == ("a\ufffd\ufffd\ufffdb", "replacement characters")


@pytest.mark.parametrize(
    ("tags", "value"),
    [
        ({"EXIF:ExifIFD:DateTimeOriginal": "2014:05:02 10:11:12"}, "2014-05-02T10:11:12"),
        (
            {
                "EXIF:ExifIFD:DateTimeOriginal": "2014:05:02 10:11:12",
                "EXIF:ExifIFD:OffsetTimeOriginal": "+08:00",
            },
            "2014-05-02T10:11:12+08:00",
        ),
        ({"XMP:XMP-photoshop:DateCreated": "1967"}, "1967"),
        ({"IPTC:DateCreated": "1967:05:00"}, "1967-05"),
        (
            {"IPTC:DateCreated": "1967:05:02", "IPTC:TimeCreated": "10:11:12+08:00"},
            "1967-05-02T10:11:12+08:00",
        ),
        ({"IPTC:DateCreated": "1967:05:02", "IPTC:TimeCreated": "99"}, "1967-05-02"),
        (
            {
                "EXIF:ExifIFD:DateTimeOriginal": "0000:00:00 00:00:00",
                "IPTC:DateCreated": "1967:05:02",
            },
            "1967-05-02",
        ),
        ({"SigmaRaw:DateTimeOriginal": "2001:01:01 00:36:35"}, "2001-01-01T00:36:35"),
    ],
)
def test_which_capture_date_is_picked(tags: dict[str, Entry], value: str) -> None:
    found = picked(tags, "date_created")
    assert found
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("0000:00:00 00:00:00", "not a date"),
        ("    :  :     :  :  ", "blank"),
        ("2999:13:45 99:00:00", "not a date"),
        ("soon", "not a date"),
    ],
)
def test_what_is_no_date_is_kept_and_never_picked(text: str, note: str) -> None:
    (found,) = [
        s
        for s in of({"EXIF:ExifIFD:DateTimeOriginal": (text, text.encode())}).statements
        if s.field == "date_created"
    ]
    assert (found.picked, found.note, found.raw_bytes) == (False, note, text.encode())


def test_xmp_says_nothing_of_the_modification_after_a_later_tool() -> None:
    date: dict[str, Entry] = {"XMP:XMP-xmp:ModifyDate": "2014:05:02 10:11:12"}
    assert locator(date | CURRENT, "date_modified") == "XMP:XMP-xmp:ModifyDate"
    assert locator(date | STALE, "date_modified") is None


def test_the_device_is_one_statement_for_each_kind_of_metadata() -> None:
    tags: dict[str, Entry] = {
        "PNG:Software": "Editor",
        "XMP:XMP-xmp:CreatorTool": "Editor",
        "EXIF:IFD0:Make": "Maker",
        "EXIF:IFD0:Model": "\0",
        "EXIF:ExifIFD:SerialNumber": "007",
    }
    found = picked(tags, "capture_device")
    assert found
    assert found.value == {"make": "Maker", "serial": "007"}
    assert found.locator == "EXIF:IFD0:Make+EXIF:ExifIFD:SerialNumber"
    assert locator({"PNG:Software": "Editor"}, "capture_device") == "PNG:Software"
    makers: dict[str, Entry] = {"MakerNotes:CanonRaw:Make": "Canon", "EXIF:IFD1:Make": "Other"}
    assert locator(makers, "capture_device") == "MakerNotes:CanonRaw:Make"
    guessed = picked({"EXIF:IFD0:Make": "真"}, "capture_device")
    assert guessed
    assert guessed.note == "charset guessed"


def gps(lat: str, north: str, lon: str, east: str) -> dict[str, Entry]:
    return {
        "EXIF:GPS:GPSLatitude": (lat, b"\1"),
        "EXIF:GPS:GPSLatitudeRef": north,
        "EXIF:GPS:GPSLongitude": (lon, b"\2"),
        "EXIF:GPS:GPSLongitudeRef": east,
    }


def test_coordinates_carry_their_hemisphere() -> None:
    found = picked(gps("33.5", "S", "70.5", "W"), "place")
    assert found
    assert found.value == {"coords": {"lat": -33.5, "lon": -70.5}}
    xmp: dict[str, Entry] = {
        "XMP:XMP-exif:GPSLatitude": "-33.5",
        "XMP:XMP-exif:GPSLongitude": "70.5",
    }
    found = picked(xmp, "place")
    assert found
    assert found.value == {"coords": {"lat": -33.5, "lon": 70.5}}


@pytest.mark.parametrize(
    "tags",
    [
        gps("999", "N", "114", "E"),
        gps("22", "N", "", "E"),
        gps("nan", "N", "114", "E"),
        gps("inf", "N", "114", "E"),
        gps("22", "0", "114", "1"),
        gps("22", "E", "114", "N"),
        gps("9" * 900, "N", "114", "E"),
        {"EXIF:GPS:GPSLatitude": "22", "EXIF:GPS:GPSLongitude": "114"},
        {"EXIF:GPS:GPSLatitude": ("22", b"\1")},
        {"EXIF:GPS:GPSLongitude": "114", "EXIF:GPS:GPSLongitudeRef": "E"},
    ],
)
def test_coordinates_that_cannot_be_are_kept_and_never_picked(tags: dict[str, Entry]) -> None:
    (found,) = [s for s in of(tags).statements if s.field == "place"]
    assert (found.picked, found.note, found.value["coords"]) == (False, "out of range", None)
    json.dumps(found.value, allow_nan=False)
    assert all(len(text) <= 200 for text in found.value["stated"].values())


def test_null_island_is_noted_and_gives_way_to_a_name() -> None:
    nowhere = gps("0", "N", "0", "E")
    found = picked(nowhere, "place")
    assert found
    assert found.note == "0,0"
    names: dict[str, Entry] = {"IPTC:City": "Hong Kong", "IPTC:Sub-location": "Central"}
    found = picked(nowhere | names, "place")
    assert found
    assert found.value == {
        "name": "Central, Hong Kong",
        "location": "Central",
        "city": "Hong Kong",
    }
    assert locator(
        gps("22", "N", "114", "E") | names,
        "place",
    ).startswith("EXIF:GPS")  # type: ignore[union-attr]
    both = names | {"XMP:XMP-photoshop:City": "Kowloon", "XMP:XMP-photoshop:State": " "}
    assert locator(both, "place") == "XMP:XMP-photoshop:City"
    assert locator(both | STALE, "place") == "IPTC:Sub-location+IPTC:City"
    created: dict[str, Entry] = {"XMP:XMP-iptcExt:LocationCreatedCity": "Macau"}
    assert locator(names | created, "place") == "XMP:XMP-iptcExt:LocationCreatedCity"
    assert locator(both | created, "place") == "XMP:XMP-photoshop:City"


def test_a_careless_hemisphere_of_xmp_counts() -> None:
    place = "XMP:XMP-exif:GPS"
    tags: dict[str, Entry] = {f"{place}Latitude": "33.5", f"{place}LatitudeRef": "S"}
    found = picked(tags | {f"{place}Longitude": "70.5"}, "place")
    assert found
    assert found.value == {"coords": {"lat": -33.5, "lon": 70.5}}


def technical(tags: dict[str, Entry], base: dict[str, str]) -> dict[str, Any]:
    (found,) = [s for s in of(tags, base).statements if s.field == "technical"]
    assert isinstance(found.value, dict)
    return found.value


TIFF = {"File:FileType": "TIFF", "File:MIMEType": "image/tiff"}
RAW = {"File:FileType": "CR2", "File:MIMEType": "image/x-canon-cr2"}


@pytest.mark.parametrize(
    ("base", "tags", "width"),
    [
        pytest.param(
            JPEG, {"EXIF:IFD0:ImageWidth": "9", "EXIF:IFD0:ImageHeight": "9"}, 4, id="JPEG"
        ),
        pytest.param(
            TIFF,
            {"EXIF:IFD0:ImageWidth": "5", "EXIF:IFD0:ImageHeight": "5"}
            | {"EXIF:IFD2:ImageWidth": "9", "EXIF:IFD2:ImageHeight": "9"},
            5,
            id="TIFF's first page",
        ),
        pytest.param(
            RAW,
            {"EXIF:IFD0:ImageWidth": "5", "EXIF:IFD0:ImageHeight": "5"}
            | {"EXIF:ExifIFD:ExifImageWidth": "9", "EXIF:ExifIFD:ExifImageHeight": "9"}
            | {"File:ImageWidth": "1", "File:ImageHeight": "1"},
            9,
            id="RAW's largest",
        ),
        pytest.param(
            RAW,
            {"EXIF:IFD0:ImageWidth": "5", "EXIF:IFD0:ImageHeight": "5"}
            | {"Composite:ImageWidth": "8", "Composite:ImageHeight": "8"},
            8,
            id="composed",
        ),
        pytest.param(
            {"File:FileType": "PNG", "File:MIMEType": "image/png"},
            {"PNG:ImageWidth": "7", "PNG:ImageHeight": "7"}
            | {"EXIF:IFD1:ImageWidth": "9", "EXIF:IFD1:ImageHeight": "9"}
            | {"XMP:XMP-tiff:ImageWidth": "9", "XMP:XMP-tiff:ImageHeight": "9"},
            7,
            id="PNG",
        ),
        pytest.param(TIFF, {"EXIF:IFD0:ImageWidth": "5"}, None, id="no height"),
        pytest.param(
            TIFF, {"EXIF:IFD0:ImageWidth": "x", "EXIF:IFD0:ImageHeight": "0"}, None, id="no"
        ),
    ],
)
def test_dimensions_come_from_the_image_itself(
    base: dict[str, str], tags: dict[str, Entry], width: int | None
) -> None:
    assert technical(tags, base)["width"] == width


def test_a_profile_without_end_is_cut_and_one_that_is_no_text_left_out() -> None:
    place = "ICC_Profile:ICC-header:ProfileDescription"
    for said, kept in (("P" * 900, "P" * 200), ("a\tb", None), ("", None)):
        technical = picked({place: said}, "technical")
        assert technical
        assert technical.value.get("icc_profile") == kept


@pytest.mark.parametrize(("stated", "valid"), [("6", 6), ("99", None), ("0", None), ("x", None)])
def test_orientation_is_1_to_8_or_unknown(stated: str, valid: int | None) -> None:
    found = of({"EXIF:IFD0:Orientation": stated})
    (statement,) = [s for s in found.statements if s.field == "technical"]
    assert statement.value["orientation"] == valid
    assert (statement.note is None) == (valid is not None)


def test_headers_say_what_they_can_of_frames_depth_and_colour() -> None:
    found = technical(
        {
            "File:PageCount": "12",
            "EXIF:IFD0:BitsPerSample": "8 8 8",
            "EXIF:ExifIFD:ColorSpace": "1",
            "EXIF:IFD0:Compression": "5",
        },
        TIFF,
    )
    assert (found["frames"], found["bit_depth"]) == (12, 8)
    assert (found["colour_space"], found["compression"]) == ("sRGB", "lzw")
    profile: dict[str, Entry] = {"ICC_Profile:ProfileDescription": "Display P3"}
    assert technical(profile, TIFF)["colour_space"] == "Display P3"


def test_how_an_answer_is_judged() -> None:
    assert of({}).outcome is Outcome.NOTHING_FOUND
    assert of({EXIF: "x"}).outcome is Outcome.READ
    assert of({}, {"ExifTool:Error": "Unknown file type"}).reason == "unknown_format"
    assert (
        of({}, {"File:FileType": "ZIP", "File:MIMEType": "application/zip"}).reason
        == "not_an_image"
    )
    assert of({"ExifTool:Warning": "format error"}, TIFF).reason == "truncated_header"
    assert of({}, {"ExifTool:Error": "Error opening file"}) == failed("not_opened", "T", "1")
    assert of({}, TIFF).outcome is Outcome.NOTHING_FOUND
    assert failed("crashed", "T", "1").outcome is Outcome.UNREADABLE
    remark = of({}, {"File:FileType": "WEBP (lossless)", "File:MIMEType": "image/webp"})
    assert remark.format == "WEBP"


@pytest.mark.parametrize(
    "bad", [b"", b"[]", b"[1]", b'[{"a:b": 1}]', b'[{"a:b": {}}]', b"[" * 100_000, b'[{"a']
)
def test_an_answer_of_another_shape_is_unreadable(bad: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        parse_answer(bad)
    assert conclude(bad, b"", 9, "T", "1").reason == "answer_malformed"


def test_tags_know_their_place() -> None:
    tags = parse_answer(
        b'[{"SourceFile":"0001","A:B:C":{"val":"x","hex":"61 [...]"},"A:D":{"val":[1,"y"]},'
        b'"A:E":{"val":[]}}]'
    )
    one, other, none = tags
    assert (one.family, one.group, one.name, one.raw) == ("A", "B", "C", None)
    assert (other.family, other.group, other.texts) == ("A", "A", ("1", "y"))
    assert none.text == ""
    assert tags.text("A:E", "A:B:C") == "x"
    assert tags.text("A:F") == ""


def test_a_digest_of_zeros_is_no_digest() -> None:
    zeros = answer({"File:CurrentIPTCDigest": "aa", "Photoshop:IPTCDigest": "00000000"})
    assert not digest_is_stale(parse_answer(zeros))


def test_every_reason_why_a_file_is_unreadable_is_a_word_that_can_be_asked_for() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(compute.__file__).parent.glob("*.py"))
    said = {*re.findall(r'failed\(\s*"([a-z_]+)"', source), *REASONS.values(), *STOPS}
    by_form = {why_unreadable(head) for head in (b"", b"\xff\xd8\xff", b"<html")}
    assert said | by_form | {EMPTY_FILE} == compute.WHY_UNREADABLE
