"""What XMP says of a file's history and origin: step by step, bounded, kept where it belongs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn import draw, opened
from signed import sign
from world import World

from app.readings.compute import conclude
from app.readings.declared import Undeclared
from app.readings.editing import DERIVED_FROM, HISTORY, MOST_STEPS
from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor
from app.readings.sidecars import Sidecar, joined
from app.readings.tags import parse_answer

STEPS = (
    "-XMP-xmpMM:History={Action=created,InstanceID=xmp.iid:1,When=2014:05:02 10:11:12+08:00,"
    "SoftwareAgent=Adobe Photoshop CS6}",
    "-XMP-xmpMM:History={Action=converted,Parameters=from image/tiff to image/jpeg}",
    "-XMP-xmpMM:History={Action=saved,Changed=/,When=2014:05:03 09:00:00+08:00}",
)
TOLD = [
    {
        "action": "created",
        "when": "2014-05-02T10:11:12+08:00",
        "software": "Adobe Photoshop CS6",
        "instance_id": "xmp.iid:1",
    },
    {"action": "converted", "parameters": "from image/tiff to image/jpeg"},
    {"action": "saved", "when": "2014-05-03T09:00:00+08:00", "changed": "/"},
]


@pytest.fixture(scope="module")
def reader() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


def read(reader: Extractor, path: Path) -> Extraction:
    [descriptor] = opened([path])
    try:
        return reader.read([descriptor])[0]
    finally:
        os.close(descriptor)


def answer(**tags: Any) -> bytes:  # noqa: ANN401 - any JSON value
    known = {"File:MIMEType": "image/jpeg", "File:FileType": "JPEG", **tags}
    return json.dumps([{name: {"val": value} for name, value in known.items()}]).encode()


def of(**tags: Any) -> Extraction:  # noqa: ANN401 - any JSON value
    return conclude(answer(**tags), b"\xff\xd8\xff", 9, "ExifTool", "13")


def said(found: Extraction, field: str) -> list[Any]:
    return [one for one in found.statements if one.field == field]


def test_each_step_keeps_what_is_said_of_it_and_nothing_of_another(
    reader: Extractor, tmp_path: Path
) -> None:
    found = read(reader, draw(tmp_path / "a.jpg", *STEPS))
    [history] = said(found, "edit_history")
    assert (history.value, history.locator, history.picked) == ({"actions": TOLD}, HISTORY, True)
    assert found.outcome is Outcome.READ
    assert b"xmp.iid:1" in found.raw


def test_what_a_file_was_made_from_and_is_named_stays_with_the_reading(
    reader: Extractor, tmp_path: Path
) -> None:
    path = draw(
        tmp_path / "a.jpg",
        "-XMP-xmpMM:DerivedFrom={DocumentID=xmp.did:0,InstanceID=xmp.iid:0,OriginalDocumentID=o}",
        "-XMP-xmpMM:DocumentID=xmp.did:1",
        "-XMP-xmpMM:InstanceID=xmp.iid:2",
        "-XMP-xmpMM:OriginalDocumentID=o",
    )
    found = read(reader, path)
    [origin] = said(found, "relationships")
    assert origin.locator == DERIVED_FROM
    assert origin.value == [
        {
            "type": "derived_from",
            "document_id": "xmp.did:0",
            "instance_id": "xmp.iid:0",
            "original_document_id": "o",
        }
    ]
    [names] = said(found, "other_identifiers")
    assert not names.picked
    assert [one["type"] for one in names.value] == [
        "DocumentID",
        "InstanceID",
        "OriginalDocumentID",
    ]
    assert found.outcome is Outcome.NOTHING_FOUND  # none of it describes the picture


def test_credentials_that_are_signed_go_first(reader: Extractor, tmp_path: Path) -> None:
    found = read(reader, sign(draw(tmp_path / "a.jpg", *STEPS)))
    [signed, xmp] = said(found, "edit_history")
    assert (signed.locator, signed.picked) == ("C2PA:Manifest", True)
    assert (xmp.value["actions"], xmp.picked) == (TOLD, False)


def test_of_a_long_history_the_end_is_told_and_how_much_is_not() -> None:
    steps = [{"Action": "saved", "Changed": f"/{at}"} for at in range(MOST_STEPS + 20)]
    [history] = said(of(**{HISTORY: steps}), "edit_history")
    assert history.value["omitted"] == 20
    assert [history.value["actions"][at]["changed"] for at in (0, -1)] == ["/20", "/119"]


@pytest.mark.parametrize(
    "steps",
    ["text", ["text"], [], [{}], [{"Action": ["a"]}], [{"Odd": "x"}], {"Action": ""}, [[["a"]]]],
)
def test_what_is_no_history_says_nothing(steps: Any) -> None:  # noqa: ANN401 - any JSON value
    assert said(of(**{HISTORY: steps}), "edit_history") == []


def test_a_step_is_storable_whatever_it_holds() -> None:
    step = {"Action": "a\0b\ud800", "When": "someday", "SoftwareAgent": "x" * 600, "Changed": 7}
    [history] = said(of(**{HISTORY: step}), "edit_history")
    [told] = history.value["actions"]
    assert "\0" not in told["action"]
    assert told["action"].encode()
    assert (told["when"], len(told["software"])) == ("someday", 500)
    assert "changed" not in told


def test_structures_are_no_texts_beside_their_own_parts() -> None:
    said = answer(**{"XMP:XMP-iptcExt:LocationShown": [{"City": "海港"}], "XMP:XMP-dc:Title": "街"})
    tags = parse_answer(said)
    assert Undeclared(tags).known() == ("街",)
    assert tags.structure("XMP:XMP-iptcExt:LocationShown") == [{"City": "海港"}]


def test_a_sidecar_has_a_history_of_its_own() -> None:
    beside = answer(**{"File:FileType": "XMP", HISTORY: [{"Action": "derived"}]})
    found = joined(of(**{HISTORY: [{"Action": "saved"}]}), [Sidecar("a.xmp", "token", beside)])
    assert [(one.value["actions"], one.picked) for one in said(found, "edit_history")] == [
        ([{"action": "saved"}], True),
        ([{"action": "derived"}], False),
    ]


STATEMENTS = """
SELECT s ->> 'field' AS field, s -> 'value' AS value FROM provenance_heads h
  JOIN provenance_versions v USING (asset_id, version), jsonb_array_elements(v.statements) s
 WHERE asset_id = :id
"""


def test_a_history_enters_the_record_as_the_file_tells_it(town: World, tmp_path: Path) -> None:
    more = "-XMP-xmpMM:DocumentID=xmp.did:1"
    one = town.an_asset(picture=draw(tmp_path / "a.jpg", *STEPS, more).read_bytes())
    town.work()
    record = {row.field: row.value for row in town.find(STATEMENTS, id=one)}
    assert record["edit_history"] == {"actions": TOLD}
    assert "other_identifiers" not in record
