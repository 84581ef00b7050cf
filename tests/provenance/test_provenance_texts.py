"""Texts of files in records: what was decoded anew is derived, what nobody could read no answer."""

import base64
from uuid import UUID

import pytest
from httpx2 import Client
from images import draw, with_iptc
from provenance_city import head_of, lacking, read_and_adopt, registered, shown
from world import System, World

from app.provenance.adoption import candidates
from app.provenance.projection import Record
from app.provenance.statements import Statement
from app.readings.charsets.guess import DETECTOR
from app.readings.texts import NO_ANSWER

CAPTION, BY_LINE = 120, 80  # of IPTC record 2
TEXT = "銅鑼灣避風塘的漁民等候颱風過去"
BIG5, UNDECIDED = TEXT.encode("big5"), "茅台".encode("gbk")
SPOOF = "photo\u202egnp.exe"


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def assets(town: World, system: System) -> dict[str, UUID]:
    """Images whose captions are in Big5, in nobody knows what, and made to deceive."""
    captions = {"big5": BIG5, "undecided": UNDECIDED, "spoof": SPOOF.encode(), "marks": b"?????"}
    files = [
        with_iptc(draw(n), (CAPTION, raw), (BY_LINE, "丘鶴".encode("big5")))
        for n, raw in enumerate(captions.values())
    ]
    ids = registered(town, system, files)
    read_and_adopt(town, ids)
    return dict(zip(captions, ids, strict=True))


def said(record: Record, field: str) -> list[Statement]:
    return [s for s in record.statements if s.field == field]


def test_a_caption_decoded_anew_is_derived_and_names_rule_tool_and_inputs(
    town: World, assets: dict[str, UUID]
) -> None:
    _, record = head_of(town, assets["big5"])
    first, derived = said(record, "description")
    assert (first.source_kind, first.undecoded) == ("extracted", True)
    assert first.raw
    assert base64.b64decode(str(first.raw)) == BIG5
    assert (derived.value, derived.source_kind) == (TEXT, "derived")
    assert (derived.rule, derived.tool) == ("redecode-undeclared", DETECTOR)
    assert (derived.charset_origin, derived.raw_charset) == ("guessed", "cp950")
    assert derived.inputs[0] == first.id
    assert record.displayed("description") == TEXT


def test_what_a_derived_value_was_made_from_is_named_by_statement(
    town: World, assets: dict[str, UUID]
) -> None:
    _, record = head_of(town, assets["big5"])
    first, creator = said(record, "creator")
    [caption, *_] = said(record, "description")
    assert creator.value == ["丘鶴"]
    assert creator.inputs == (first.id, caption.id)


def test_a_guess_alone_never_completes_a_record(town: World, assets: dict[str, UUID]) -> None:
    assert "source:title_or_description" in lacking(town, assets["big5"])


@pytest.mark.parametrize("which", ["undecided", "marks"])
def test_text_that_nobody_could_read_is_kept_and_answers_nothing(
    town: World, assets: dict[str, UUID], which: str
) -> None:
    _, record = head_of(town, assets[which])
    [kept] = said(record, "description")
    assert kept.note in NO_ANSWER
    assert record.displayed("description") is None
    assert "missing:title_or_description" in lacking(town, assets[which])


def test_a_record_with_unread_text_reads_back_as_it_was(
    town: World, assets: dict[str, UUID]
) -> None:
    for asset in assets.values():
        _, record = head_of(town, asset)
        assert tuple(Statement.of(s.document()) for s in record.statements) == record.statements


def test_letters_that_deceive_are_shown_written_out(town: World, assets: dict[str, UUID]) -> None:
    [field] = [f for f in shown(town, assets["spoof"]).fields if f.field == "description"]
    assert field.displayed == SPOOF
    assert field.shown_as == "photo⟨U+202E⟩gnp.exe"
    assert field.statements[0]["shown_as"] == field.shown_as


def test_every_byte_of_a_reading_comes_back_over_the_api(
    town: World, assets: dict[str, UUID], town_api: Client
) -> None:
    headers = town.headers("auditor")
    for which, raw in (("big5", BIG5), ("undecided", UNDECIDED), ("spoof", SPOOF.encode())):
        answer = town_api.get(f"/v1/assets/{assets[which]}/readings", headers=headers)
        [reading] = answer.json()["items"]
        first = next(s for s in reading["statements"] if s["field"] == "description")
        given = first["raw_bytes"]
        back = base64.b64decode(given) if given else first["value"].encode(first["raw_charset"])
        assert back == raw
        assert first["charset_origin"] in ("guessed", "unknown")


def test_the_same_text_in_other_languages_enters_with_its_tag() -> None:
    place = "XMP:XMP-dc:Title"
    plain = {"field": "title", "value": "Harbour", "locator": place, "picked": True, "note": None}
    other = plain | {"value": "海港", "locator": f"{place}-zh-Hant", "picked": False}
    headline = plain | {"value": "News", "locator": "IPTC:Headline", "picked": False}
    said = [other | {"lang": "zh-Hant"}, headline, plain]
    assert [one["value"] for one in candidates(said, "title")] == ["Harbour", "海港"]
