"""An import is continued after its connection broke, is never doubled, and can be stopped."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest
from world import System, World

from app.catalogue import receiving, spool
from app.catalogue.errors import ImportInProgress
from app.catalogue.imports import register_chunk
from app.catalogue.receiving import Cutter
from app.catalogue.tasks import register_what_was_left
from app.kit.jobs import bind

Json = dict[str, Any]
Headers = dict[str, str]


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def registrar(town: World, system: System) -> Headers:
    return town.headers("registrar", department=system.department)


def line(system: System, name: str) -> bytes:
    said = {"source_system": system.code, "source_identifier": name, "location": name}
    said |= {"original_name": name}
    return json.dumps(said | {"legal_status": ["undetermined"]}).encode() + b"\n"


def lines(system: System, count: int) -> bytes:
    name = uuid4().hex
    return b"".join(line(system, f"{name}-{n}") for n in range(count))


def post(
    api: httpx2.Client,
    headers: Headers,
    body: bytes | Iterator[bytes],
    key: str | None = None,
    **more: str,
) -> httpx2.Response:
    named = {} if key is None else {"Idempotency-Key": key}
    parts = {name.replace("_", "-"): value for name, value in more.items()}
    return api.post("/v1/imports", content=body, headers=headers | named | parts)


def register_all(town: World, import_id: str) -> None:
    bind(town.worker)
    more = True
    while more:
        with town.worker.transaction() as db:
            more = register_chunk(db, UUID(import_id))


def operation(api: httpx2.Client, headers: Headers, import_id: str) -> Json:
    found: Json = api.get(f"/v1/operations/{import_id}", headers=headers).json()
    return found


def outcomes(api: httpx2.Client, headers: Headers, import_id: str, **asked: Any) -> list[Json]:  # noqa: ANN401
    answer = api.get(f"/v1/imports/{import_id}/results", headers=headers, params=asked)
    return [json.loads(one) for one in answer.text.splitlines()]


KEPT = "SELECT id, received_bytes, ended FROM imports WHERE department = :d ORDER BY id DESC"


def newest(town: World, system: System) -> Any:  # noqa: ANN401 - a row
    found = town.find(KEPT, "catalogue_api", d=system.department)
    return found[0] if found else None


def until(true: Callable[[], object]) -> None:
    """Wait for what happens in the server's own time."""
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


def break_off(
    town: World, api: httpx2.Client, headers: Headers, system: System, key: str | None, body: bytes
) -> None:
    """Send half of what was announced, and hang up when some of it was kept."""
    where, before = urlsplit(str(api.base_url)), newest(town, system)
    with socket.create_connection((where.hostname, where.port or 80)) as wire:
        said = headers | {"Host": "x", "Content-Length": str(len(body))}
        said |= {} if key is None else {"Idempotency-Key": key}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        wire.sendall(f"POST /v1/imports HTTP/1.1\r\n{head}\r\n".encode() + body[: len(body) // 2])
        until(lambda: newest(town, system) != before)


def test_what_came_before_the_connection_broke_is_kept_and_the_rest_follows(
    town: World, town_api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LINES_A_PIECE", 5)
    system = town.a_source_system()
    headers = town.headers("registrar", department=system.department)
    body, key = lines(system, 40), uuid4().hex
    break_off(town, town_api, headers, system, key, body)
    size = len(body)
    asked = post(town_api, headers, b"", key, Content_Range=f"bytes */{size}").json()
    assert asked["state"] == "receiving"
    kept = 0

    def sent() -> bool:  # the server may still be at what the broken connection brought
        nonlocal kept
        told = post(town_api, headers, b"", key, Content_Range=f"bytes */{size}").json()
        kept = kept or told["progress"]["received_bytes"]
        begin = told["progress"]["received_bytes"]
        rest = f"bytes {begin}-{size - 1}/{size}"
        return post(town_api, headers, body[begin:], key, Content_Range=rest).status_code == 202

    until(sent)
    assert 0 < kept < size
    assert body[kept - 1 : kept] == b"\n"
    register_all(town, asked["id"])
    told = operation(town_api, headers, asked["id"])
    assert (told["state"], told["total"], told["progress"]["registered"]) == ("done", 40, 40)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_an_import_that_is_sent_again_is_the_same_import(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers, packed: bool
) -> None:
    body, key = lines(system, 5), uuid4().hex
    sent = gzip.compress(body) if packed else body
    more = {"Content_Encoding": "gzip"} if packed else {}
    first = post(town_api, registrar, sent, key, **more)
    again = post(town_api, registrar, sent, key, **more)
    register_all(town, first.json()["id"])
    last = post(town_api, registrar, sent, key, **more)
    assert {one.json()["id"] for one in (first, again, last)} == {first.json()["id"]}
    assert "Idempotency-Replayed" not in first.headers
    assert [one.headers["Idempotency-Replayed"] for one in (again, last)] == ["true"] * 2
    assert (last.json()["total"], last.json()["progress"]["registered"]) == (5, 5)


def test_the_same_key_does_not_name_another_import(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    key = uuid4().hex
    post(town_api, registrar, lines(system, 2), key)
    other = post(town_api, registrar, lines(system, 3), key)
    assert (other.status_code, other.json()["code"]) == (422, "import-otherwise")
    scan = town_api.post(
        f"/v1/scans?source_system={system.code}",
        content=lines(system, 2),
        headers=registrar | {"Idempotency-Key": key},
    )
    assert (scan.status_code, scan.json()["code"]) == (422, "import-otherwise")
    somebody = town.headers("registrar", department=system.department)
    assert post(town_api, somebody, lines(system, 3), key).status_code == 202


def test_a_part_that_leaves_something_out_is_refused(
    town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    body, key = lines(system, 2), uuid4().hex
    gap = post(town_api, registrar, body, key, Content_Range=f"bytes 10-{len(body) + 9}/*")
    assert (gap.status_code, gap.json()["code"]) == (416, "import-gap")
    for said in ("bytes 5-2/9", "bytes 0-9/9", "lines 1-2/3", "bytes -/-"):
        assert post(town_api, registrar, body, key, Content_Range=said).status_code == 422
    assert post(town_api, registrar, body, Content_Range="bytes 0-5/6").status_code == 422
    odd = post(town_api, registrar, body, key, Content_Range="bytes 0-5/6", Content_Encoding="gzip")
    assert odd.status_code == 422
    assert post(town_api, registrar, body, "x" * 256).status_code == 422
    assert post(town_api, registrar, body, Content_Encoding="br").status_code == 415


def test_two_connections_that_send_one_import_double_nothing(town: World, system: System) -> None:
    caller = town.someone("registrar", department=system.department)
    body = lines(system, 4)
    with town.api.transaction() as db:
        import_id = spool.begin(db, caller, spool.Announced("both"))
    whole = Cutter()
    [piece] = [*whole.feed(body), *whole.finish()]
    for _ in range(2):
        with town.api.transaction() as db:
            spool.keep(db, import_id, piece)
    end = body.index(b"\n") + 1
    other = Cutter(end)
    [later] = [*other.feed(body[end:] + body), *other.finish()]
    with pytest.raises(ImportInProgress), town.api.transaction() as db:
        spool.keep(db, import_id, later)
    found = "SELECT total, (SELECT count(*) FROM import_chunks WHERE import_id = o.id)"
    assert town.find(f"{found} FROM operations o WHERE id = :id", id=import_id) == [(4, 1)]


def test_without_a_key_what_came_is_registered_and_the_import_failed(
    town: World, town_api: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LINES_A_PIECE", 5)
    system = town.a_source_system()
    headers = town.headers("registrar", department=system.department)
    break_off(town, town_api, headers, system, None, lines(system, 30))
    until(lambda: newest(town, system).ended == "broken")
    sent = str(newest(town, system).id)
    register_all(town, sent)
    told = operation(town_api, headers, sent)
    assert (told["state"], told["progress"]["reception"]) == ("failed", "broken")
    assert 5 <= told["progress"]["registered"] == told["total"] < 30


def test_an_import_that_nobody_continues_ends_after_a_day(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    body = lines(system, 3)
    size = len(body)
    sent = post(
        town_api, registrar, body, uuid4().hex, Content_Range=f"bytes 0-{size - 1}/*"
    ).json()
    assert (sent["state"], sent["total"]) == ("receiving", 3)
    register_all(town, sent["id"])
    assert operation(town_api, registrar, sent["id"])["state"] == "receiving"
    late = "UPDATE imports SET last_received_at = now() - interval '25 hours' WHERE id = :id"
    town.find(late, "catalogue_api", id=sent["id"])
    register_what_was_left()
    told = operation(town_api, registrar, sent["id"])
    assert (told["state"], told["progress"]["reception"]) == ("failed", "expired")


def test_the_sweep_registers_what_no_job_has_registered(world: World, api: httpx2.Client) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    sent = post(api, headers, lines(system, 3)).json()["id"]
    world.find("DELETE FROM procrastinate_jobs", "catalogue_owner")
    bind(world.worker)
    register_what_was_left()
    assert operation(api, headers, sent)["done"] == 0
    lost = "UPDATE import_chunks SET received_at = now() - interval '3 minutes'"
    world.find(lost, "catalogue_owner")
    register_what_was_left()
    assert operation(api, headers, sent)["state"] == "done"


def test_a_cancelled_import_keeps_what_it_registered_and_says_what_it_did_not(
    town: World,
    town_api: httpx2.Client,
    system: System,
    registrar: Headers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "LINES_A_PIECE", 2)
    sent = post(town_api, registrar, lines(system, 5)).json()["id"]
    bind(town.worker)
    with town.worker.transaction() as db:
        assert register_chunk(db, UUID(sent))
    for _ in range(2):
        answer = town_api.post(f"/v1/operations/{sent}/cancel", headers=registrar)
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
    register_all(town, sent)
    told = operation(town_api, registrar, sent)
    assert (told["state"], told["done"], told["finished_at"] is None) == ("cancelled", 5, False)
    assert [one["outcome"] for one in outcomes(town_api, registrar, sent)] == [
        *["registered"] * 2,
        *["cancelled"] * 3,
    ]
    late = post(town_api, registrar, lines(system, 1)).json()["id"]
    register_all(town, late)
    over = town_api.post(f"/v1/operations/{late}/cancel", headers=registrar)
    assert (over.status_code, over.json()["code"]) == (409, "operation-over")


def test_another_department_can_neither_see_nor_stop_an_import(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    post(town_api, registrar, lines(system, 1))
    sent = post(town_api, registrar, lines(system, 1)).json()["id"]
    stranger = town.headers("registrar", department=town.a_department())
    assert town_api.post(f"/v1/operations/{sent}/cancel", headers=stranger).status_code == 404
    assert town_api.get("/v1/operations", headers=stranger).json()["items"] == []
    mine = town_api.get("/v1/operations", headers=registrar, params={"limit": 1}).json()
    assert mine["items"][0]["id"] == sent
    assert mine["next"]
    waiting = town_api.get("/v1/operations", headers=registrar, params={"state": "waiting"}).json()
    assert {one["state"] for one in waiting["items"]} == {"waiting"}


def test_results_are_read_from_a_line_on_and_by_outcome(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    body = b"bad\n" + lines(system, 2) + b"\n" + b"worse\n"
    sent = post(town_api, registrar, body).json()["id"]
    answer = town_api.get(f"/v1/operations/{sent}", headers=registrar)
    assert answer.headers["Retry-After"] == "1"
    register_all(town, sent)
    assert "Retry-After" not in town_api.get(f"/v1/operations/{sent}", headers=registrar).headers
    later = outcomes(town_api, registrar, sent, after=2)
    assert [one["line"] for one in later] == [3, 5]
    refused = outcomes(town_api, registrar, sent, outcome="refused")
    assert [one["line"] for one in refused] == [1, 5]


def test_a_line_that_is_too_long_and_a_bomb_are_told_and_the_rest_stays(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    good = lines(system, 1)

    def endless() -> Iterator[bytes]:
        yield good
        for _ in range(50):
            yield b"x" * 1_000_000
        yield b"\n" + lines(system, 1)

    sent = post(town_api, registrar, endless()).json()["id"]
    register_all(town, sent)
    found = outcomes(town_api, registrar, sent)
    assert [one["outcome"] for one in found] == ["registered", "refused", "registered"]
    assert found[1]["problem"]["code"] == "line-too-long"
    bomb = gzip.compress(lines(system, 1) + b" " * 64 * 1024 * 1024)
    answer = post(town_api, registrar, bomb, Content_Encoding="gzip")
    assert (answer.status_code, answer.json()["code"]) == (413, "import-too-large")
    [newest, *_] = town_api.get("/v1/operations", headers=registrar).json()["items"]
    register_all(town, newest["id"])
    told = operation(town_api, registrar, newest["id"])
    assert (told["state"], told["progress"]["reception"]) == ("failed", "refused")
    assert told["progress"]["registered"] == 1


def test_a_scan_is_about_its_own_folder_and_its_own_department(
    town: World, town_api: httpx2.Client, system: System, registrar: Headers
) -> None:
    seen = [
        json.loads(line(system, name)) | {"token": "fs:1:2:3:4:5"} for name in ("box/a", "box2/b")
    ]
    seen += [seen[0] | {"token": "no token"}, json.loads(line(system, "box/c"))]
    body = b"\n".join(json.dumps(one).encode() for one in seen)
    asked = {"source_system": system.code, "beneath": "box"}
    sent = town_api.post("/v1/scans", params=asked, content=body, headers=registrar).json()["id"]
    register_all(town, sent)
    found = outcomes(town_api, registrar, sent)
    assert [one["outcome"] for one in found] == ["registered", *["refused"] * 3]
    assert [one["errors"][0]["pointer"] for one in (f["problem"] for f in found[1:])] == [
        "/location",
        "/token",
        "/token",
    ]
    stranger = town.headers("registrar", department=town.a_department())
    refused = town_api.post("/v1/scans", params=asked, content=body, headers=stranger)
    assert refused.status_code == 404


def test_chunks_go_when_their_lines_have_results(town: World) -> None:
    left = "SELECT count(*) FROM import_chunks c JOIN operations o ON o.id = import_id"
    assert town.find(f"{left} WHERE o.finished_at IS NOT NULL") == [(0,)]
