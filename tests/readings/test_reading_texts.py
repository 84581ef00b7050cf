"""Texts: bytes that come back exactly, readings that are derived, and what never is an answer."""

import base64
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn import opened
from hypothesis import given, settings
from hypothesis import strategies as st
from images import draw, with_iptc

from app.kit.spoofing import made_visible
from app.readings.charsets.guess import DETECTOR, DETECTOR_VERSION
from app.readings.compute import conclude
from app.readings.documents import as_documents
from app.readings.extractor import Extractor
from app.readings.texts import CONTRADICTED, NO_ANSWER, UNDECLARED, UNDONE

JPEG = {"File:FileType": "JPEG", "File:MIMEType": "image/jpeg", "File:ImageWidth": "4"}
JPEG |= {"File:ImageHeight": "3"}
CAPTION, IMAGE, TITLE = (
    "IPTC:Caption-Abstract",
    "EXIF:IFD0:ImageDescription",
    "XMP:XMP-dc:Title",
)
CAPTION_NUMBER = 120  # of IPTC record 2
COMMENT = "EXIF:ExifIFD:UserComment"
Document = dict[str, Any]


def told(raw: bytes) -> str:
    """Write bytes as ExifTool does: as they are where they are UTF-8, else in base64."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"


def documents(tags: dict[str, Any], field: str = "description") -> list[Document]:
    entries = {key: one if isinstance(one, dict) else {"val": one} for key, one in tags.items()}
    answer = json.dumps([{**{key: {"val": v} for key, v in JPEG.items()}, **entries}])
    found = conclude(answer.encode(), b"", 99, "T", "1")
    written = json.loads(json.dumps(as_documents(found.statements)))
    return [one for one in written if one["field"] == field]


def picked(found: list[Document]) -> Document | None:
    return next((one for one in found if one["picked"]), None)


def bytes_of(document: Document) -> bytes:
    """Return a text's bytes as a reader of the API gets them back."""
    if document["raw_bytes"] is not None:
        return base64.b64decode(document["raw_bytes"])
    value: str = document["value"]
    return value.encode(document["raw_charset"])


# -- lossless ------------------------------------------------------------------------------------

TEXTS = st.one_of(st.binary(min_size=1, max_size=60), st.text(min_size=1).map(str.encode))


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([{}, {"IPTC:CodedCharacterSet": "\x1b%G"}]))
def test_every_byte_of_an_iptc_text_comes_back(raw: bytes, declared: dict[str, str]) -> None:
    found = documents({CAPTION: told(raw)} | declared)
    [first] = [one for one in found if one["source_kind"] == "extracted"]
    assert bytes_of(first) == raw
    assert all("\0" not in one["value"] for one in found)
    assert all(one["value"].encode("utf-8") is not None for one in found)


@settings(max_examples=200)
@given(TEXTS)
def test_every_byte_of_an_exif_text_comes_back(raw: bytes) -> None:
    shown = raw.partition(b"\0")[0]
    [first, *_] = documents({IMAGE: {"val": told(shown), "hex": raw.hex(" ")}})
    assert bytes_of(first).rstrip(b"\0") == raw.rstrip(b"\0")


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=5))
def test_every_item_of_a_list_comes_back(items: list[bytes]) -> None:
    [first, *_] = documents({"IPTC:Keywords": [told(item) for item in items]}, "subject")
    raws = first["raw_bytes"]
    if raws is None:
        assert [value.encode() for value in first["value"]] == items
    else:
        assert [base64.b64decode(raw) for raw in raws] == items


def nasty() -> Iterator[bytes]:
    """Yield byte strings that have broken programs, and some that chance made."""
    yield from (
        b"a\0b",
        b"\xed\xa0\x80x",
        b"\xff\xfe\0x",
        b"\xf0\x90",
        b"caf\xe9",
        b"\x1b$B>>\x1b(B",
    )
    yield from ("陳志明".encode(codec) for codec in ("big5", "gbk", "shift_jis", "utf-8"))
    yield "\u202egnp.exe\u2066".encode()
    drawn = random.Random(18)  # noqa: S311 - no secret
    yield from (drawn.randbytes(drawn.randrange(1, 40)).rstrip(b"\0") or b"x" for _ in range(30))


def test_every_byte_comes_back_through_the_tool_itself(tmp_path: Path) -> None:
    raws = list(nasty())
    paths = [tmp_path / f"{at}.jpg" for at in range(len(raws))]
    for path, raw in zip(paths, raws, strict=True):
        path.write_bytes(with_iptc(draw(), (CAPTION_NUMBER, raw)))
    descriptors = opened(paths)
    with Extractor() as extractor:
        readings = extractor.read(descriptors)
    for raw, reading, descriptor in zip(raws, readings, descriptors, strict=True):
        os.close(descriptor)
        found = [d for d in as_documents(reading.statements) if d["field"] == "description"]
        assert bytes_of(found[0]) == raw


# -- derived -------------------------------------------------------------------------------------


def test_a_text_of_no_declared_charset_is_decoded_as_a_derived_value_beside_the_first() -> None:
    text = "銅鑼灣避風塘的漁民等候颱風過去"
    first, derived = documents({CAPTION: told(text.encode("big5"))})
    assert (first["picked"], first["source_kind"]) == (False, "extracted")
    assert (first["charset_origin"], first["note"]) == ("unknown", "charset unknown")
    assert bytes_of(first) == text.encode("big5")
    assert (derived["value"], derived["picked"]) == (text, True)
    assert (derived["rule"], derived["inputs"]) == (UNDECLARED, [CAPTION])
    assert (derived["raw_charset"], derived["charset_origin"]) == ("cp950", "guessed")
    assert (derived["tool"], derived["tool_version"]) == (DETECTOR, DETECTOR_VERSION)
    assert 0.99 < derived["certainty"] <= 1


def test_a_derived_value_names_the_neighbours_that_were_asked() -> None:
    big5 = {
        CAPTION: told("銅鑼灣避風塘的漁民等候颱風過去".encode("big5")),
        "IPTC:By-line": told("丘鶴".encode("big5")),
    }
    derived = picked(documents(big5, "creator"))
    assert derived
    assert derived["value"] == ["丘鶴"]
    assert derived["inputs"] == ["IPTC:By-line", CAPTION]


def test_undecided_text_is_kept_with_its_bytes_and_is_no_answer() -> None:
    [only] = documents({CAPTION: told("茅台".encode("gbk"))})
    assert not only["picked"]
    assert only["note"] in NO_ANSWER
    assert bytes_of(only) == "茅台".encode("gbk")
    assert 0 < only["certainty"] < 1


def test_declared_text_goes_before_recognised_text() -> None:
    found = documents(
        {
            IMAGE: told("銅鑼灣避風塘的漁民等候颱風過去".encode("big5")),
            "XMP:XMP-dc:Description": "漁民",
        }
    )
    best = picked(found)
    assert best
    assert best["locator"] == "XMP:XMP-dc:Description"


def test_a_charset_declared_falsely_is_contradicted_by_the_bytes() -> None:
    text = "銅鑼灣避風塘的漁民等候颱風過去"
    first, derived = documents(
        {CAPTION: told(text.encode("big5")), "IPTC:CodedCharacterSet": "\x1b%G"}
    )
    assert first["note"] == "replacement characters"
    assert (derived["value"], derived["rule"]) == (text, CONTRADICTED)


def test_a_text_that_a_program_misread_is_undone() -> None:
    text = "銅鑼灣避風塘的漁民等候颱風過去"
    misread = text.encode("utf-8").decode("latin-1")
    first, derived = documents({"XMP:XMP-dc:Description": misread})
    assert (first["value"], first["picked"]) == (misread, False)
    assert (derived["value"], derived["rule"], derived["picked"]) == (text, UNDONE, True)


# -- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0" + "漁民在銅鑼灣避風塘".encode("big5"), "漁民在銅鑼灣避風塘"),
        (b"\0" * 8 + "漁民在銅鑼灣".encode(), "漁民在銅鑼灣"),
        (b"UNICODE\0" + "漁民在銅鑼灣".encode("utf-16-be"), "漁民在銅鑼灣"),
        (b"UNICODE\0" + "漁民在銅鑼灣".encode("utf-16-le") + b"\0\0", "漁民在銅鑼灣"),
        (b"UNICODE\0" + "漁民".encode("utf-16"), "漁民"),
        (b"JIS\0\0\0\0\0" + "漁民".encode("iso2022_jp"), "漁民"),
        (b"JIS\0\0\0\0\0" + "上野駅に到着した列車".encode("shift_jis"), "上野駅に到着した列車"),
    ],
    ids=["ASCII that is Big5", "undefined", "big end", "little end", "marked", "JIS", "no JIS"],
)
def test_a_comment_is_read_by_its_name_or_its_bytes(raw: bytes, text: str) -> None:
    best = picked(documents({COMMENT: {"val": "?", "hex": raw.hex(" ")}}))
    assert best
    assert best["value"] == text


@pytest.mark.parametrize(
    "tags",
    [
        {COMMENT: {"val": "Screenshot", "hex": (b"ASCII\0\0\0Screenshot").hex(" ")}},
        {"PNG:Description": "made by a program"},
        {"EXIF:IFD0:XPComment": "stamp"},
        {"IPTC:IPTC2:Caption-Abstract": "elsewhere"},
        {"File:Comment": "CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 85"},
        {"File:Comment": "Created with GIMP"},
        {"GIF:Comment": "LEAD Technologies Inc. V1.01"},
        {"PNG:Comment": "A tram"},
    ],
    ids=["comment", "PNG", "Windows", "out of place", "gd", "GIMP", "LEAD", "of a PNG"],
)
def test_what_programs_stamp_is_kept_and_never_picked(tags: dict[str, Any]) -> None:
    [only] = documents(tags)
    assert not only["picked"]
    assert only["note"]


FERRY = "天星小輪由中環駛往尖沙咀"
BIG5 = told(FERRY.encode("big5"))


@pytest.mark.parametrize(
    ("beside", "best"),
    [
        ({}, "漁民在銅鑼灣"),
        ({"IPTC:Caption-Abstract": "A pier"}, "A pier"),
        ({"XMP:XMP-dc:Description": "碼頭"}, "碼頭"),
        ({"EXIF:IFD0:ImageDescription": "Pier 7"}, "Pier 7"),
        ({"EXIF:IFD0:XPComment": "街市"}, "街市"),
        ({"IPTC:Caption-Abstract": BIG5}, FERRY),
    ],
    ids=["alone", "IPTC", "XMP", "EXIF", "Windows", "a caption that had to be recognised"],
)
@pytest.mark.parametrize("place", ["File:Comment", "GIF:Comment", "PNG:Comment"])
def test_a_files_comment_answers_last_and_only_in_a_language_no_stamp_speaks(
    place: str, beside: dict[str, Any], best: str
) -> None:
    found = documents({place: "漁民在銅鑼灣", **beside})
    chosen = picked(found)
    assert chosen
    assert chosen["value"] == best
    assert any(one["locator"] == place for one in found)


def test_a_comment_in_big5_keeps_its_bytes_and_says_how_sure_its_reading_is() -> None:
    [first, anew] = documents({"File:Comment": BIG5})
    assert (first["picked"], anew["picked"]) == (False, True)
    assert anew["value"] == FERRY
    assert (anew["raw_charset"], anew["rule"]) == ("cp950", UNDECLARED)
    assert anew["certainty"] > 0.99


def test_languages_are_marked_where_the_file_declares_them() -> None:
    found = documents(
        {
            TITLE: "Harbour",
            f"{TITLE}-zh-hant": "海港",
            f"{TITLE}-zh-HK": "海港",
            f"{TITLE}-fr": "Port",
        },
        "title",
    )
    assert [one.get("lang") for one in found] == [None, "zh-Hant", "zh-HK", "fr"]
    best = picked(found)
    assert best
    assert best["value"] == "Harbour"


def test_question_marks_never_beat_real_text() -> None:
    best = picked(documents({IMAGE: "??????? ??", CAPTION: told("漁民".encode())}))
    assert best is None or best["value"] == "漁民"
    assert picked(documents({IMAGE: "???????"})) is None


# -- shown safely --------------------------------------------------------------------------------


def test_letters_that_deceive_are_kept_and_written_out_beside() -> None:
    [one] = documents({"XMP:XMP-dc:Description": "photo\u202egnp.exe\u200b"})
    assert one["value"] == "photo\u202egnp.exe\u200b"
    assert one["shown_as"] == "photo⟨U+202E⟩gnp.exe⟨U+200B⟩"
    assert "shown_as" not in documents({"XMP:XMP-dc:Description": "photo\nof two"})[0]


@given(st.text())
def test_nothing_unseen_is_left_in_what_is_shown(text: str) -> None:
    shown = made_visible({"a": [text]})["a"][0]
    assert not any(
        letter in shown
        for letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b\x7f"
    )
    assert made_visible(shown) == shown
