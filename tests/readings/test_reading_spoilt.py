"""Texts that were spoilt before they were read: misread, misnamed, cut, or lost in part."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from captions import held, tuned
from test_reading_compute import STALE, UTF8, Entry, of, picked

from app.readings.charsets.undoing import is_spoilt, undo_misreading
from app.readings.comments import read_comment
from app.readings.extraction import Extracted
from app.readings.texts import MISREAD, UNDONE, UNUSABLE, Around, Text, read_text

CAPTION = "香港中央圖書館珍藏舊照片，攝於一九五六年夏天的中環街市"
DESCRIPTION = "XMP:XMP-dc:Description"


def windows(raw: bytes) -> str:
    """Read bytes as Windows does, which leaves none out."""
    return "".join(
        bytes([one]).decode("latin-1" if one in b"\x81\x8d\x8f\x90\x9d" else "cp1252")
        for one in raw
    )


def as_written(text: str, charset: str | None) -> Text:
    return read_text(text, None, charset)


@pytest.mark.parametrize("charset", [None, "utf-8"], ids=["undeclared", "declared"])
@pytest.mark.parametrize(
    "wrong",
    [windows, lambda raw: raw.decode("latin-1"), lambda raw: raw.decode("mac_roman")],
    ids=["Windows", "Latin 1", "Macintosh"],
)
def test_what_was_misread_as_latin_is_undone_whether_declared_or_not(
    wrong: Callable[[bytes], str], charset: str | None
) -> None:
    misread = wrong(CAPTION.encode())
    found = as_written(misread, charset)
    assert (found.value, found.rule) == (CAPTION, UNDONE)
    assert found.first
    assert (found.first.note, found.first.damage) == (MISREAD, UNUSABLE)
    assert found.first.value.strip() == misread.strip()


@pytest.mark.parametrize("wrong", ["gb18030", "cp932", "cp950"])
def test_utf8_that_was_misread_in_a_charset_of_the_east_is_undone(wrong: str) -> None:
    survived = dict[str, str]()
    for one in (*tuned(), *held()):
        with suppress(UnicodeDecodeError):
            survived[one.text.encode().decode(wrong)] = one.text
    found = {misread: as_written(misread, "utf-8") for misread in survived}
    undone = [misread for misread, text in found.items() if text.rule == UNDONE]
    assert all(found[misread].value == survived[misread] for misread in undone)
    assert len(undone) > 0.8 * len(survived) > 80  # the others are of two letters or three


def test_no_sound_caption_is_taken_for_misread() -> None:
    texts = {one.text for one in (*tuned(), *held())}
    assert len(texts) > 1000
    assert not [text for text in texts if undo_misreading(text) or is_spoilt(text)]


@pytest.mark.parametrize("charset", [None, "utf-8"], ids=["undeclared", "declared"])
@pytest.mark.parametrize("lost", ["", "?", "\ufffd"], ids=["left out", "question mark", "U+FFFD"])
def test_what_was_misread_and_then_lost_letters_is_no_answer(
    lost: str, charset: str | None
) -> None:
    spoilt = CAPTION.encode().decode("cp1252", "replace").replace("\ufffd", lost)
    found = as_written(spoilt, charset)
    assert (found.note, found.damage, found.rule) == (MISREAD, UNUSABLE, None)


def test_a_text_of_replacement_characters_gives_way() -> None:
    lost: dict[str, Entry] = {DESCRIPTION: "\ufffd\ufffd\ufffd\ufffd\ufffd 1956"}
    assert picked(lost, "description") is None
    found = picked({**lost, "IPTC:Caption-Abstract": CAPTION, **UTF8}, "description")
    assert found
    assert found.value == CAPTION
    assert as_written("1956 in Wan Chai\ufffd\ufffd", "utf-8").damage == 0


# -- comments whose name lies ----------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "big5", "utf-16-le", "utf-16-be"])
def test_a_comment_that_says_unicode_is_read_as_what_it_is(codec: str) -> None:
    assert read_comment(b"UNICODE\0" + CAPTION.encode(codec), Around()).value == CAPTION


@pytest.mark.parametrize("text", ["A street in Wan Chai, 1956", "ok", "DSC00123", "1956"])
def test_no_chinese_is_made_of_plain_letters(text: str) -> None:
    for codec in ("ascii", "utf-16-le", "utf-16-be"):
        assert read_comment(b"UNICODE\0" + text.encode(codec), Around()).value == text


@pytest.mark.parametrize("body", [b"", b"\0", b"\0" * 40, b"\xff\xfe"])
def test_a_comment_of_nothing_says_nothing(body: bytes) -> None:
    assert read_comment(b"UNICODE\0" + body, Around()).damage == UNUSABLE


# -- lists ----------------------------------------------------------------------------------------

BY_LINE, CREATOR = "IPTC:By-line", "XMP:XMP-dc:Creator"
LONG = "Bartholomew Featherstonehaugh-Smythe"
CUT = LONG[:32]


def creator(iptc: Entry, xmp: Entry) -> Extracted | None:
    return picked({BY_LINE: iptc, CREATOR: xmp} | STALE | UTF8, "creator")


@pytest.mark.parametrize(
    ("iptc", "xmp", "place"),
    [
        pytest.param([CUT, "Ada"], [LONG, "Ada"], CREATOR, id="one of them is cut"),
        pytest.param(CUT, [LONG], CREATOR, id="the only one is cut"),
        pytest.param("base64:55yf55w=", ["真真"], CREATOR, id="cut inside a character"),
        pytest.param([CUT, "Bo"], [LONG, "Ada"], BY_LINE, id="another stands beside it"),
        pytest.param([CUT], [LONG, "Ada"], BY_LINE, id="another was taken away"),
        pytest.param("Bart", [LONG], BY_LINE, id="shorter, not cut"),
        pytest.param([CUT, "Ada"], [CUT, "Ada"], BY_LINE, id="they agree"),
    ],
)
def test_names_that_iptc_cut_are_repaired_from_xmp(iptc: Entry, xmp: Entry, place: str) -> None:
    found = creator(iptc, xmp)
    assert found
    assert found.locator == place


def test_blank_items_cost_a_list_nothing() -> None:
    found = picked({"XMP:XMP-dc:Subject": ["", " ", "harbour"]}, "subject")
    assert found
    assert (found.value, found.note) == (["harbour"], None)
    [blank] = [s for s in of({"XMP:XMP-dc:Subject": ["", " "]}).statements if s.field == "subject"]
    assert (blank.picked, blank.note) == (False, "blank")
