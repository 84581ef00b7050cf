"""Imports: lines kept as they came, one result each, and a bad line refuses itself only."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from images import draw
from world import System, World

from app.catalogue.imports import read_line, register_chunk
from app.catalogue.reading_lines import Line
from app.catalogue.registration import Registration
from app.kit.errors import Malformed
from app.kit.jobs import bind

Json = dict[str, Any]
Import = Callable[[Sequence[bytes | Json]], str]


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def registrar(town: World, system: System) -> dict[str, str]:
    return town.headers("registrar", department=system.department)


def line(system: System, name: str, **facts: object) -> Json:
    """Say a registration as a line does; its file is there."""
    (system.folder / "one.jpg").write_bytes(draw(1))
    usual = {"source_system": system.code, "source_identifier": name, "location": "one.jpg"}
    return usual | {"original_name": name, "legal_status": ["undetermined"]} | facts


def written(lines: Sequence[bytes | Json]) -> bytes:
    return b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)


@pytest.fixture
def send(town_api: httpx2.Client, registrar: dict[str, str]) -> Import:
    def send_lines(lines: Sequence[bytes | Json]) -> str:
        answer = town_api.post("/v1/imports", content=written(lines), headers=registrar)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    return send_lines


def do(town: World, import_id: str) -> None:
    """Do what the import's jobs do, as long as a chunk is left."""
    bind(town.worker)

    def some() -> bool:
        with town.worker.transaction() as db:
            return register_chunk(db, UUID(import_id))

    while some():
        continue


def results(api: httpx2.Client, headers: dict[str, str], import_id: str) -> list[Json]:
    answer = api.get(f"/v1/imports/{import_id}/results", headers=headers)
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    return [json.loads(one) for one in answer.text.splitlines()]


def test_an_import_answers_at_once_and_registers_later(world: World, api: httpx2.Client) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    lines: list[bytes | Json] = [
        line(system, "a"),
        b"",
        line(system, "a"),
        b"not json",
        line(system, "b"),
    ]
    answer = api.post("/v1/imports", content=written(lines) + b"\r\n\n", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    said = answer.json()
    assert answer.headers["Location"] == f"/v1/operations/{said['id']}"
    assert (said["kind"], said["state"], said["total"]) == ("import", "waiting", 4)
    assert results(api, headers, said["id"]) == []
    world.work()
    after = api.get(answer.headers["Location"], headers=headers).json()
    assert (after["state"], after["done"], after["refused"]) == ("done", 4, 1)
    outcomes = results(api, headers, said["id"])
    assert [(one["line"], one["outcome"]) for one in outcomes] == [
        (1, "registered"),
        (3, "registered"),
        (4, "refused"),
        (5, "registered"),
    ]
    assert outcomes[0]["asset_id"] == outcomes[1]["asset_id"]
    shown = api.get("/v1/assets", headers=world.headers("auditor")).json()["items"]
    assert [one["source_identifier"] for one in shown] == ["a", "b"]


def test_what_was_there_before_is_there_already(
    town: World, town_api: httpx2.Client, system: System, registrar: dict[str, str], send: Import
) -> None:
    lines = [line(system, "there"), line(system, "there", original_name="other")]
    first, second = send(lines[:1]), send(lines)
    do(town, first)
    do(town, second)
    outcomes = results(town_api, registrar, second)
    assert [one["outcome"] for one in outcomes] == ["already_there", "refused"]
    assert outcomes[1]["problem"]["code"] == "registered-otherwise"


def test_a_job_that_runs_again_registers_nothing_again(
    town: World, town_api: httpx2.Client, system: System, registrar: dict[str, str], send: Import
) -> None:
    sent = send([line(system, f"again-{n}") for n in range(3)])
    do(town, sent)
    do(town, sent)
    operation = town_api.get(f"/v1/operations/{sent}", headers=registrar).json()
    assert (operation["done"], operation["total"], operation["state"]) == (3, 3, "done")
    assert len(results(town_api, registrar, sent)) == 3


BAD = {
    "no JSON": b"{",
    "no object": b"[1]",
    "no UTF-8": b'{"source_system": "\xff"}',
    "byte order mark": "\ufeff{}".encode(),
    "lone surrogate": b'{"source_system": "\\ud800"}',
    "NUL": b'{"source_system": "a\\u0000b"}',
    "deep": b'{"source_system": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "infinite": b'{"source_system": 1e400}',
    "not a number": b'{"source_system": NaN}',
    "unknown key": b'{"nonsense": 1}',
    "NUL in an unknown key": b'{"non\\u0000sense": 1}',
    "surrogate in an unknown key": b'{"\\udc00": 1}',
    "slash in an unknown key": b'{"a/b": 1}',
    "empty": b"{}",
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_is_no_registration_refuses_itself_only(
    town: World,
    town_api: httpx2.Client,
    system: System,
    registrar: dict[str, str],
    send: Import,
    name: str,
) -> None:
    sent = send([BAD[name], line(system, f"beside {name}")])
    do(town, sent)
    bad, good = results(town_api, registrar, sent)
    assert (bad["outcome"], bad["problem"]["code"]) == ("refused", "malformed-request")
    assert bad["problem"]["errors"]
    assert good["outcome"] == "registered"


UNUSUAL: dict[str, Json] = {
    "another department's system": {"source_system": "nowhere"},
    "bad location": {"location": "../x"},
    "bad statement": {"statements": [{"field": "title", "value": 7}]},
    "infinite value": {"statements": [{"field": "place", "value": {"x": float("inf")}}]},
    "deep value": {"statements": [{"field": "place", "value": [[[[[[[[[[[[[1]]]]]]]]]]]]]}]},
    "NUL in a value": {"statements": [{"field": "place", "value": {"x\0": 1}}]},
    "unknown status": {"legal_status": ["mine"]},
    "large number": {"statements": [{"field": "place", "value": {"x": 2**60}}]},
    "larger number": {"statements": [{"field": "place", "value": {"x": 10**400}}]},
    "long Chinese name": {"source_identifier": "檔" * 700},
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_registration_that_cannot_be_entered_refuses_itself_only(
    town: World,
    town_api: httpx2.Client,
    system: System,
    registrar: dict[str, str],
    send: Import,
    name: str,
) -> None:
    sent = send([line(system, f"bad {name}", **UNUSUAL[name]), line(system, f"beside {name}")])
    do(town, sent)
    bad, good = results(town_api, registrar, sent)
    assert (bad["outcome"], good["outcome"]) == ("refused", "registered")


def test_a_key_said_twice_is_refused_since_either_might_be_meant(system: System) -> None:
    said = json.dumps(line(system, "twice"))[:-1] + ', "legal_status": ["convenience_copy"]}'
    assert isinstance(read_line(Line(1, said.encode())), Malformed)


def test_a_line_is_read_as_it_was_written(system: System) -> None:
    read = read_line(Line(1, json.dumps(line(system, "颱風")).encode() + b"\r"))
    assert isinstance(read, Registration)
    assert read.source_identifier == "颱風"


def test_the_place_in_a_line_is_a_pointer(system: System) -> None:
    said = line(system, "x", statements=[{"field": "title", "value": "A", "a/b~c": 1}])
    read = read_line(Line(1, json.dumps(said).encode()))
    assert isinstance(read, Malformed)
    assert list(read.pointers) == ["/statements/0/a~1b~0c"]


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\n" * 300_000])
def test_an_import_without_a_line_is_refused_whole(
    town_api: httpx2.Client, registrar: dict[str, str], content: bytes
) -> None:
    answer = town_api.post("/v1/imports", content=content, headers=registrar)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


def test_an_import_needs_a_registrar(town: World, town_api: httpx2.Client, system: System) -> None:
    reader = town.headers("cataloguer", department=system.department)
    answer = town_api.post("/v1/imports", content=b"{}", headers=reader)
    assert answer.status_code == 403


def test_another_departments_import_does_not_exist(
    town: World, town_api: httpx2.Client, send: Import
) -> None:
    sent = send([b"{}"])
    stranger = town.headers("registrar", department=town.a_department())
    for path in (f"/v1/operations/{sent}", f"/v1/imports/{sent}/results"):
        assert town_api.get(path, headers=stranger).status_code == 404
    assert town_api.get(f"/v1/operations/{uuid4()}", headers=stranger).status_code == 404
    citywide = town.headers("dashboard")
    assert town_api.get(f"/v1/operations/{sent}", headers=citywide).status_code == 200


def test_work_that_is_no_import_has_no_results(
    town: World, town_api: httpx2.Client, system: System
) -> None:
    clerk = town.headers("cataloguer", department=system.department)
    body = {"assert": [{"field": "custodian", "value": "Unit"}]}
    answer = town_api.patch(
        f"/v1/series/source-system/{system.code}/provenance",
        json=body,
        headers=clerk | {"If-Match": '"0"'},
    )
    other = answer.json()["operation_id"]
    assert town_api.get(f"/v1/imports/{other}/results", headers=clerk).status_code == 404
