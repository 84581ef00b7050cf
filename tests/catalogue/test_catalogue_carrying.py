"""Many records carried over from a source catalogue: by lines, by a table, by a preview first."""

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest
from world import World

from app.catalogue.spreadsheets import MappingIn, TableLines

Json = dict[str, Any]
NDJSON, CSV = "application/x-ndjson", "text/csv"
SOURCE = {"kind": "imported", "catalogue": "卡片目錄", "record": "No."}
COLUMNS = [{"column": "Caption", "field": "title"}, {"column": "By", "field": "creator"}]


class Move:
    """A department on its way from an old catalogue."""

    def __init__(self, world: World, api: httpx2.Client) -> None:
        self.world, self.api, self.system = world, api, world.a_source_system()
        self.headers = world.headers("cataloguer", department=self.system.department)
        self.one, self.two = (world.an_asset(self.system, name=f"{n}.jpg") for n in (1, 2))

    def send(self, body: str, kind: str, **query: str) -> httpx2.Response:
        headers = self.headers | {"Content-Type": kind}
        return self.api.post("/v1/record-changes", content=body, params=query, headers=headers)

    def outcomes(self, answer: httpx2.Response) -> list[tuple[str, str | None]]:
        assert answer.status_code == 202, answer.text
        self.world.work()
        path = f"/v1/imports/{answer.json()['id']}/results"
        lines = self.api.get(path, headers=self.headers).text.splitlines()
        found = [json.loads(line) for line in lines]
        return [(r["outcome"], (r["problem"] or {}).get("code")) for r in found]

    def titles(self, asset: UUID) -> list[tuple[str, str, str]]:
        path = f"/v1/assets/{asset}/provenance"
        fields = self.api.get(path, headers=self.headers).json()["fields"]
        said = [s for f in fields if f["field"] == "title" for s in f["statements"]]
        return [(s["value"], s["source_kind"], s["locator"]) for s in said]


@pytest.fixture
def move(world: World, api: httpx2.Client) -> Move:
    return Move(world, api)


def mapping(move: Move) -> str:
    named = {"source_system": move.system.code, "source_identifier": "File"}
    return json.dumps(named | {"columns": COLUMNS, "source": SOURCE})


def test_lines_are_carried_over_once_and_the_law_refuses_its_own_line(move: Move) -> None:
    source = {"catalogue": "Cards", "record": "7"}

    def line(asset: UUID, field: str, value: object) -> str:
        said = {"field": field, "value": value, "source": source}
        return json.dumps({"asset_id": str(asset), "assert": [said]})

    tram, law = line(move.one, "title", "A tram"), line(move.two, "legal_basis", ["deed"])
    looked = move.outcomes(move.send(tram, NDJSON, preview="true"))
    assert (looked, move.titles(move.one)) == ([("edited", None)], [])
    done = move.outcomes(move.send(f"{tram}\n{law}\n{tram}", NDJSON))
    assert done == [("edited", None), ("refused", "must-be-asserted"), ("unchanged", None)]
    corrected = line(move.one, "title", "A bus")
    assert move.outcomes(move.send(corrected, NDJSON)) == [("edited", None)]
    assert move.titles(move.one) == [("A bus", "imported", "catalogue:Cards#7")]


def test_a_table_names_the_old_record_of_each_row(move: Move) -> None:
    rows = ["File,No.,Caption,By", "1.jpg, 甲-1 ,電車,Lee", "2.jpg,,巴士,", "2.jpg,,,"]
    done = move.outcomes(move.send("\n".join(rows), CSV, mapping=mapping(move)))
    assert done == [("edited", None), ("refused", "malformed-request"), ("unchanged", None)]
    assert move.titles(move.one) == [("電車", "imported", "catalogue:卡片目錄#甲-1")]
    assert move.titles(move.two) == []


def test_a_table_of_the_law_is_refused_whole(move: Move) -> None:
    told = json.loads(mapping(move))
    told["columns"] = [{"column": "Caption", "field": "legal_basis"}]
    answer = move.send("File,No.,Caption\n", CSV, mapping=json.dumps(told))
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")
    assert "legal_basis: asserted, by a table of its own" in answer.text


def test_all_alike_are_carried_over_from_one_record(move: Move) -> None:
    said = {"field": "title", "value": "Album 3", "source": {"catalogue": "Albums", "record": "3"}}
    which = {"source_system": move.system.code}
    body = {"which": which, "change": {"assert": [said]}, "preview": False}
    answer = move.api.post("/v1/record-changes/alike", json=body, headers=move.headers)
    assert move.outcomes(answer) == [("edited", None)] * 2
    assert move.titles(move.two) == [("Album 3", "imported", "catalogue:Albums#3")]


def test_a_row_without_the_old_number_says_what_is_lacking() -> None:
    told = {"asset_id": "Id", "columns": COLUMNS[:1], "source": SOURCE}
    table = TableLines(MappingIn.model_validate(told))
    *_, lacking = b"".join([*table.feed(b"Id,No.,Caption\na,1,x\nb,,y\n")]).splitlines()
    assert "'No.', the catalogue's record number, is empty" in json.loads(lacking)["fault"]
