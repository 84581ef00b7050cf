"""Tags of one name in one place: a second comment or packet is kept beside the first."""

import io
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from built import picture, tiff
from drawn import drawn, opened
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.readings.compute import conclude
from app.readings.extraction import Extracted, Extraction, Outcome
from app.readings.extractor import Extractor
from app.readings.tags import parse_answer

JPEG = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", "File:ImageWidth": "4"}
ARTIST, LEFT_OUT = 0x13B, "repeated tags were left out"


def segment(kind: int, body: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments: bytes) -> bytes:
    plain = drawn(".jpg", (), (32, 24))
    return plain[:2] + b"".join(segments) + plain[2:]


def comments(*texts: bytes) -> bytes:
    return jpeg(*(segment(0xFE, text) for text in texts))


def packet(title: str) -> bytes:
    ns = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    alt = f'<rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt>'
    body = f"<rdf:Description {dc}><dc:title>{alt}</dc:title></rdf:Description>"
    whole = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {ns}>{body}</rdf:RDF></x:xmpmeta>'
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + whole.encode())


def png(*texts: tuple[str, str]) -> bytes:
    held, written = io.BytesIO(), PngInfo()
    for key, text in texts:
        written.add_text(key, text)
    Image.new("RGB", (8, 8)).save(held, "PNG", pnginfo=written)
    return held.getvalue()


def gif(*texts: bytes) -> bytes:
    held = io.BytesIO()
    Image.new("P", (8, 8)).save(held, "GIF", comment=b"last")
    plain = held.getvalue()
    at = plain.index(b"\x21\xfe")
    more = b"".join(b"\x21\xfe" + bytes([len(one)]) + one + b"\0" for one in texts)
    return plain[:at] + more + plain[at:]


def read(folder: Path, *contents: bytes) -> list[Extraction]:
    paths = [folder / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    descriptors = opened(paths)
    with Extractor() as extractor:
        found = extractor.read(descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return found


def said(found: Extraction, field: str) -> dict[str, Any]:
    return {one.locator: one.value for one in found.statements if one.field == field}


def of(tags: dict[str, str]) -> list[Extracted]:
    answer = json.dumps([{key: {"val": text} for key, text in (JPEG | tags).items()}])
    return list(conclude(answer.encode(), b"", 99, "T", "1").statements)


def test_every_comment_text_and_packet_of_a_file_is_stated(tmp_path: Path) -> None:
    comment, drawing, moving, packets, pages = read(
        tmp_path,
        comments(b"first", b"second", b"third"),
        png(("Title", "one"), ("Title", "two"), ("Comment", "three"), ("Comment", "four")),
        gif(b"eins", b"zwei"),
        jpeg(packet("one title"), packet("another title")),
        tiff([*picture(4, 3), (ARTIST, b"Chan"), (ARTIST, b"Wong")]),
    )
    told = said(comment, "description")
    assert told == {
        "File:Comment": "first",
        "File:Comment[2]": "second",
        "File:Comment[3]": "third",
    }
    assert sorted(said(drawing, "title").values()) == ["one", "two"]
    assert sorted(said(drawing, "description").values()) == ["four", "three"]
    assert sorted(said(moving, "description").values()) == ["eins", "last", "zwei"]
    assert sorted(said(packets, "title").values()) == ["another title", "one title"]
    assert sorted(said(pages, "creator").values()) == [["Chan"], ["Wong"]]
    for found in (comment, drawing, moving, packets, pages):
        assert sum(s.picked for s in found.statements if s.field == "title") <= 1
        assert LEFT_OUT not in repr(found.noise)


def test_a_hundred_repeated_tags_are_kept_and_no_flood_of_them_costs_the_reading(
    tmp_path: Path,
) -> None:
    hundred, flood, large, pages = read(
        tmp_path,
        comments(*(b"%d" % number for number in range(100))),
        comments(*(b"%d" % number for number in range(20000))),
        comments(*(b"%03d" % number + b"x" * 60000 for number in range(80))),
        tiff(*(picture(number + 1, 3) for number in range(150))),
    )
    assert len(said(hundred, "description")) == 100
    assert LEFT_OUT not in repr((hundred.noise, pages.noise))
    for found in (flood, large):
        assert found.outcome is Outcome.READ
        assert LEFT_OUT in found.noise["ExifTool"]
    assert 100 <= len(said(flood, "description")) <= 110
    assert len(said(large, "description")) >= 8
    (technical,) = said(pages, "technical").values()
    assert technical["frames"] == 150


@pytest.mark.parametrize(
    ("tags", "picked"),
    [
        ({"XMP:XMP-dc:Title": "a", "XMP:XMP-dc:Copy1:Title": "b"}, "XMP:XMP-dc:Title"),
        ({"XMP:XMP-dc:Copy1:Title": "b", "XMP:XMP-dc:Title": "a"}, "XMP:XMP-dc:Title"),
        ({"XMP:XMP-dc:Title": " ", "XMP:XMP-dc:Copy1:Title": "b"}, "XMP:XMP-dc:Title[2]"),
        ({"XMP:XMP-dc:Copy3:Title": "a", "XMP:XMP-dc:Copy4:Title": "b"}, "XMP:XMP-dc:Title"),
        (
            {"File:Comment": "LEAD Technologies", "File:Copy1:Comment": "維多利亞港夜景"},
            "File:Comment[2]",
        ),
    ],
    ids=["the first", "the tool's choice", "a blank first", "none unnumbered", "a stamp first"],
)
def test_which_of_repeated_tags_is_picked(tags: dict[str, str], picked: str) -> None:
    field = "description" if "File:Comment" in tags else "title"
    found = [one for one in of(tags) if one.field == field]
    assert len(found) == 2
    assert [one.locator for one in found if one.picked] == [picked]


def test_a_repeated_date_takes_no_zone_that_may_not_be_its_own() -> None:
    taken, zone = "EXIF:ExifIFD:DateTimeOriginal", "EXIF:ExifIFD:OffsetTimeOriginal"
    again = "EXIF:ExifIFD:Copy1:DateTimeOriginal"
    found = of({taken: "2014:05:02 10:11:12", zone: "+08:00", again: "2015:06:03 01:02:03"})
    dates = {one.locator: one.value for one in found if one.field == "date_created"}
    assert dates == {taken: "2014-05-02T10:11:12+08:00", f"{taken}[2]": "2015-06-03T01:02:03"}


def test_the_tools_own_warnings_stay_one(tmp_path: Path) -> None:
    stray = b"stray bytes of nobody"
    several = jpeg(segment(0xED, b"x"), stray, segment(0xED, b"y"), stray * 2)
    (found,) = read(tmp_path, several)
    assert found.raw.count(b'Warning": {') == 1


def test_a_tag_of_equal_name_elsewhere_is_no_repetition() -> None:
    places = {"EXIF:IFD0:ImageWidth": "40", "EXIF:IFD1:Copy1:ImageWidth": "4"}
    tags = parse_answer(json.dumps([{key: {"val": v} for key, v in places.items()}]).encode())
    assert [tag.locator for tag in tags] == ["EXIF:IFD0:ImageWidth", "EXIF:IFD1:ImageWidth"]
    assert [tag.name for tag in tags.named("ImageWidth")] == ["ImageWidth", "ImageWidth"]
    assert not tags.repeated("EXIF:IFD0:ImageWidth")


def test_repeated_structures_are_left_to_the_answer_and_name_no_text() -> None:
    history: Any = [{"Action": "saved"}]
    places: dict[str, Any] = {"XMP:XMP-xmpMM:History": history}
    places |= {"XMP:XMP-xmpMM:Copy1:History": history, "XMP:XMP-xmpMM:Copy2:History": "text"}
    tags = parse_answer(json.dumps([{key: {"val": v} for key, v in places.items()}]).encode())
    assert [one.locator for one in tags.repeated("XMP:XMP-xmpMM:History")] == [
        "XMP:XMP-xmpMM:History[3]"
    ]
    assert tags.repeated("XMP:XMP-xmpMM:History")[0].name == "History"
