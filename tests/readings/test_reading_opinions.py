"""What other readers say beside ExifTool, what a maker notes, and how a picture was taken."""

import json
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from built import Entry, picture, tiff
from drawn import draw, opened

from app.readings import second_opinion
from app.readings.compute import conclude
from app.readings.disagreements import DISAGREES, GAVE_UP, LONGEST, TAG
from app.readings.extraction import Extracted, Extraction
from app.readings.extractor import Extractor
from app.readings.makernotes import CUT, KEPT_BYTES, maker_note, once
from app.readings.opinions import joined, opinions
from app.readings.tags import parse_answer
from app.readings.verification import Verifier

MAKER_NOTE = 0x927C


@pytest.fixture(scope="module")
def reader() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


def said(reader: Extractor, path: Path) -> Extraction:
    (descriptor,) = opened([path])
    try:
        return reader.read([descriptor])[0]
    finally:
        os.close(descriptor)


def of(found: Extraction, field: str) -> list[Extracted]:
    return [one for one in found.statements if one.field == field]


def concluded(ours: dict[str, str], theirs: dict[str, str]) -> Extraction:
    tags = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", **ours}
    answer = json.dumps([{name: {"val": text} for name, text in tags.items()}]).encode()
    head = b"\xff\xd8\xff\xe1"
    return conclude(joined(answer, {TAG: json.dumps(theirs)}), head, 9, "ExifTool", "13.59")


MAKE, TAKEN = "EXIF:IFD0:Make", "EXIF:ExifIFD:DateTimeOriginal"
SPEED, LATITUDE = "EXIF:ExifIFD:ExposureTime", "EXIF:GPS:GPSLatitude"


@pytest.mark.parametrize(
    ("locator", "ours", "theirs"),
    [
        (MAKE, "Maker", "Maker  "),
        (MAKE, "Maker", "Maker\0padding"),
        (SPEED, "0.008", "1/125"),
        (LATITUDE, "22.28", "22 84/5 0"),
        (LATITUDE, "", "0/0 0/0 0/0"),
        (MAKE, "相機", "Ã¥"),
        (MAKE, "M" * 600, "M" * 500),
    ],
)
def test_readers_agree_where_they_mean_the_same(locator: str, ours: str, theirs: str) -> None:
    assert not of(concluded({locator: ours}, {locator: theirs}), "second_opinion")


@pytest.mark.parametrize(
    ("locator", "ours", "theirs"),
    [
        (MAKE, "Maker", "Other"),
        (TAKEN, "", "2014:05:02 10:11:12"),
        (SPEED, "0.008", "1/60"),
        (LATITUDE, "22.28", "23 0 0"),
    ],
)
def test_a_disagreement_names_the_tag_and_both_values(locator: str, ours: str, theirs: str) -> None:
    (statement,) = of(concluded({locator: ours}, {locator: theirs}), "second_opinion")
    assert statement.value == [{"tag": locator, "exiftool": ours, "exifread": theirs}]
    assert (statement.picked, statement.note) == (False, DISAGREES)


def test_a_disagreement_is_no_description_of_the_picture() -> None:
    assert concluded({}, {MAKE: "Other"}).outcome == "nothing_found"


def test_a_sound_picture_gives_no_cause_to_disagree(reader: Extractor, tmp_path: Path) -> None:
    tags = ("-IFD0:Make=Maker", "-ExifIFD:ExposureTime=1/125", "-ExifIFD:FNumber=2.8")
    places = ("-GPS:GPSLatitude=22.28", "-GPS:GPSLatitudeRef=S", "-ExifIFD:ISO=400")
    for name in ("a.jpg", "a.tif"):
        found = said(reader, draw(tmp_path / name, *tags, *places))
        assert not of(found, "second_opinion")
        theirs = json.loads(parse_answer(found.raw).text(TAG))
        assert (theirs[MAKE], theirs[SPEED]) == ("Maker", "1/125")


def test_exifread_is_asked_of_jpeg_and_tiff_alone(tmp_path: Path) -> None:
    files = [draw(tmp_path / name) for name in ("a.png", "a.webp", "a.avif", "a.jp2")]
    heic = tmp_path / "loops.heic"  # 96 such bytes hold exifread 3.5.1 for ever
    heic.write_bytes(struct.pack(">I4s4s", 24, b"ftyp", b"heic") + b"\0" * 84)
    with closing(Verifier()) as verifier:
        for descriptor in opened([*files, heic]):
            assert TAG not in opinions(descriptor, verifier)[0]


@pytest.mark.parametrize("budget", ["_READS", "_BYTES"])
def test_an_opinion_has_a_budget_that_is_counted_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    (descriptor,) = opened([draw(tmp_path / "a.jpg", "-IFD0:Make=Maker")])
    monkeypatch.setattr(second_opinion, budget, 0)
    assert second_opinion.ask_exifread(descriptor) == {"error": "OutOfBudget"}
    (statement,) = of(concluded({}, {"error": "OutOfBudget"}), "second_opinion")
    assert statement.note == f"{GAVE_UP}: OutOfBudget"


def test_a_loop_that_reads_nothing_ends_with_the_processor_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loop(*_: object, **__: object) -> dict[str, Any]:
        while True:
            pass

    monkeypatch.setattr(second_opinion, "_SECONDS", 0.05)
    monkeypatch.setattr("exifread.process_file", loop)
    (descriptor,) = opened([draw(tmp_path / "a.jpg")])
    assert second_opinion.ask_exifread(descriptor) == {"error": "OutOfBudget"}


ENDLESS: dict[str, tuple[Entry, str]] = {
    "a text": ((0x10F, b"M" * 9000), "M" * LONGEST),
    "bytes that are no text": ((0x10F, b"\xff" + b"M" * 9000), "\ufffd" + "M" * (LONGEST - 1)),
    "numbers": ((0x10F, [10] * 900), " ".join(["10"] * 8)),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_of_an_endless_tag_an_opinion_keeps_the_beginning(tmp_path: Path, what: str) -> None:
    entry, kept = ENDLESS[what]
    (path := tmp_path / "a.tif").write_bytes(tiff([*picture(4, 3), entry]))
    (descriptor,) = opened([path])
    assert second_opinion.ask_exifread(descriptor)[MAKE] == kept


@pytest.mark.parametrize("answer", [b"", b"not JSON", b"[]", b'[{"a": '])
def test_an_answer_that_is_none_stays_what_it_is(answer: bytes) -> None:
    assert joined(answer, {TAG: "{}"}) == answer


@pytest.mark.parametrize("size", [30, 5000, KEPT_BYTES, KEPT_BYTES + 1000])
def test_maker_notes_are_kept_byte_for_byte_up_to_their_bound(
    reader: Extractor, tmp_path: Path, size: int
) -> None:
    note = bytes(range(255, 0, -1)) * (size // 255 + 1)
    path = tmp_path / "noted.tif"
    path.write_bytes(with_note(note[:size]))
    found = said(reader, path)
    (statement,) = of(found, "maker_notes")
    (tag,) = [tag for tag in parse_answer(found.raw) if "MakerNote" in tag.name]
    assert maker_note(tag) == note[: min(size, KEPT_BYTES)]
    assert statement.value == {"kind": "Unknown", "kept_bytes": min(size, KEPT_BYTES)}
    assert (statement.note == CUT) == (size >= KEPT_BYTES)
    assert b'"hex"' not in found.raw[found.raw.index(b"MakerNote") :].partition(b"}")[0]


def with_note(note: bytes) -> bytes:
    """Build a TIFF whose EXIF holds nothing but a MakerNote, at the end of the file."""
    plain = tiff([(0x100, 8), (0x101, 8), (0x10F, b"Nobody's"), (0x8769, 0xDEAD)])
    place = len(plain)
    exif = struct.pack("<HHHII", 1, MAKER_NOTE, 7, len(note), place + 18) + b"\0" * 4
    return plain.replace(struct.pack("<I", 0xDEAD), struct.pack("<I", place)) + exif + note


def test_only_a_maker_note_loses_its_second_copy() -> None:
    answer = b'[{"EXIF:IFD0:Make": {"desc": "Make", "hex": "41", "val": "A"}}]'
    assert once(answer) == answer


def test_how_a_picture_was_taken_is_told(reader: Extractor, tmp_path: Path) -> None:
    path = draw(
        tmp_path / "a.jpg",
        "-ExifIFD:ExposureTime=1/125",
        "-ExifIFD:FNumber=2.8",
        "-ExifIFD:ISO=400",
        "-ExifIFD:LensModel=A lens",
        "-ExifIFD:ImageUniqueID=f3a1",
        "-XMP-GCamera:BurstID=7f00-33",
    )
    found = said(reader, path)
    (settings,) = of(found, "capture_settings")
    assert settings.value == {
        "exposure_time_s": 0.008,
        "f_number": 2.8,
        "iso": 400,
        "lens": "A lens",
    }
    assert [one.value for one in of(found, "burst_id")] == ["7f00-33"]
    assert [one.value for one in of(found, "image_unique_id")] == ["f3a1"]


@pytest.mark.parametrize("nothing", ["0", "00000000000000000000000000000000", "0000-0000", ""])
def test_an_identity_of_zeros_is_none(nothing: str) -> None:
    found = concluded({"EXIF:ExifIFD:ImageUniqueID": nothing}, {})
    assert not of(found, "image_unique_id")


def test_a_name_without_end_is_cut() -> None:
    found = concluded(
        {"EXIF:ExifIFD:LensModel": "L" * 900, "XMP:XMP-GCamera:BurstID": "7" * 900}, {}
    )
    (settings,), (burst,) = of(found, "capture_settings"), of(found, "burst_id")
    assert (settings.value, burst.value) == ({"lens": "L" * 200}, "7" * 200)


@pytest.mark.parametrize("stated", ["inf", "undef", "", "x", "1e999"])
def test_a_setting_that_is_no_number_is_left_out(stated: str) -> None:
    assert not of(concluded({"EXIF:ExifIFD:FNumber": stated}, {}), "capture_settings")
