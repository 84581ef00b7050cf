"""Which rights statement a file gives: terms of two vocabularies, and nothing else."""

import json

import pytest

from app.readings.compute import conclude
from app.readings.extraction import Extracted, Outcome
from app.readings.rights import NO_TERM
from app.readings.sidecars import Sidecar, joined

WEB, CC = "XMP:XMP-xmpRights:WebStatement", "XMP:XMP-cc:License"
IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"
BY = "https://creativecommons.org/licenses/by-nc/4.0/"
PAGE = "https://agency.example/terms"


def answer(tags: dict[str, str]) -> bytes:
    known = {"File:MIMEType": "image/jpeg", "File:FileType": "JPEG"} | tags
    return json.dumps([{name: {"val": value} for name, value in known.items()}]).encode()


def said(tags: dict[str, str]) -> list[Extracted]:
    found = conclude(answer(tags), b"\xff\xd8\xff", 9, "ExifTool", "13")
    assert found.outcome is Outcome.READ
    return [one for one in found.statements if one.field == "rights_statement"]


@pytest.mark.parametrize(
    "term",
    [
        IN_COPYRIGHT,
        "https://rightsstatements.org/page/NoC-OKLR/1.0",
        "http://rightsstatements.org/vocab/UND/1.0/",
        BY,
        "https://creativecommons.org/licenses/by/3.0/hk/",
        "http://creativecommons.org/publicdomain/zero/1.0/",
    ],
)
def test_a_term_of_either_vocabulary_answers(term: str) -> None:
    assert [(one.value, one.picked, one.note) for one in said({WEB: term})] == [(term, True, None)]


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        "http://rightsstatements.org/",
        "http://rightsstatements.org/vocab/NoC/1.0/",
        "http://rightsstatements.org.example/vocab/InC/1.0/",
        f"{IN_COPYRIGHT} or not",
        "InC",
        "p" * 900,
    ],
)
def test_any_other_page_is_kept_and_answers_nothing(page: str) -> None:
    [one] = said({WEB: page})
    assert (one.value, one.picked, one.note) == (page[:500], False, NO_TERM)


def test_a_blank_place_says_nothing() -> None:
    found = conclude(answer({WEB: " "}), b"\xff\xd8\xff", 9, "ExifTool", "13")
    assert "rights_statement" not in {one.field for one in found.statements}


def test_the_first_term_is_picked_and_what_stands_beside_it_kept() -> None:
    assert [(one.locator, one.picked) for one in said({WEB: PAGE, CC: BY})] == [
        (WEB, False),
        (CC, True),
    ]
    both = said({WEB: IN_COPYRIGHT, CC: BY})
    assert [(one.locator, one.picked) for one in both] == [(WEB, True), (CC, False)]


def test_a_sidecar_says_it_too() -> None:
    beside = Sidecar("a.xmp", "token", answer({"File:FileType": "XMP", WEB: BY}))
    found = joined(conclude(answer({}), b"\xff\xd8\xff", 9, "ExifTool", "13"), [beside])
    [one] = [one for one in found.statements if one.field == "rights_statement"]
    assert (one.value, one.locator, one.picked) == (BY, f"sidecar:a.xmp {WEB}", True)


def test_the_event_that_a_picture_shows_is_told() -> None:
    found = conclude(answer({"XMP:XMP-iptcExt:Event": "海港日"}), b"", 9, "ExifTool", "13")
    [one] = [one for one in found.statements if one.field == "event_name"]
    assert (one.value, one.picked) == ("海港日", True)
