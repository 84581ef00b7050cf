"""Reading again: after the reader was upgraded, after bytes changed, and what that changed."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from images import draw
from upgraded import OLDER, end_warm_readers, older_tool, reading_by
from world import System, World

from app.kit.jobs import bind
from app.kit.settings import settings
from app.provenance.changes import Assertion, Choice
from app.readings import readers, rereading_tasks
from app.readings.differing import differences
from app.readings.exiftool import UnfitTool
from app.readings.tasks import read_files

CAPTION, ARTIST = "A tram at the corner of the street", "Chan Siu Ming"


@pytest.fixture
def store(world: World) -> System:
    return world.a_source_system()


@pytest.fixture
def read_yesterday(world: World, store: System) -> list[UUID]:
    """Three images, two of which yesterday's reader understood in part only."""
    with reading_by(older_tool(world.folder)):
        found = [world.an_asset(store, description=CAPTION, creator=ARTIST) for _ in range(2)]
        found.append(world.an_asset(store))
        world.work()
    return found


def again(api: httpx2.Client, headers: dict[str, str], **said: object) -> dict[str, Any]:
    body = {"reason": "ExifTool was upgraded.", **said}
    key = {"Idempotency-Key": str(uuid4())}
    answer = api.post("/v1/rereadings", json=body, headers=headers | key)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(api: httpx2.Client, headers: dict[str, str], one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/rereadings/{one['id']}", headers=headers).json()
    return found


def test_an_upgrade_reads_again_and_says_what_it_changed(
    world: World, store: System, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    keeper = world.headers("records_manager", department=store.department)
    preview = api.get(
        "/v1/rereadings/preview", params={"source_system": store.code}, headers=keeper
    )
    assert preview.json() == {
        "assets": 3,
        "by_tool": [{"tool": "ExifTool", "tool_version": version(world), "assets": 3}],
    }
    begun = again(api, keeper, source_system=store.code)
    assert (begun["state"], begun["waiting"]) == ("waiting", 3)
    world.work()
    done = shown(api, keeper, begun)
    assert (done["state"], done["read_again"], done["waiting"]) == ("done", 3, 0)
    assert done["fields"] == [
        {"field": "creator", "kind": "added", "assets": 2},
        {"field": "description", "kind": "changed", "assets": 2},
        {"field": "second_opinion", "kind": "removed", "assets": 2},  # no reader differs any more
    ]
    listed = api.get(f"/v1/rereadings/{begun['id']}/differences", headers=keeper).json()["items"]
    assert [one["asset_id"] for one in listed] == sorted(map(str, read_yesterday[:2]))
    creator, description, _ = listed[0]["differences"]
    assert creator["after"][0]["value"] == [ARTIST]
    assert creator["after"][0]["locator"] == "EXIF:IFD0:Artist"
    assert [one["value"] for one in description["before"]] == [CAPTION[:10].strip()]
    assert [one["value"] for one in description["after"]] == [CAPTION]
    assert (listed[0]["same_bytes"], listed[0]["same_tool"]) == (True, False)


def version(world: World) -> str:
    [[found]] = world.find("SELECT DISTINCT tool_version FROM readings WHERE ordinal = 1")
    assert found.startswith(OLDER)
    return str(found)


def test_one_image_is_compared_by_itself(
    world: World, store: System, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    reader = world.headers("cataloguer", department=store.department)
    path = f"/v1/assets/{read_yesterday[0]}/readings/diff"
    assert api.get(path, headers=reader).status_code == 404  # there is but one reading
    again(api, world.headers("operator"))
    world.work()
    found = api.get(path, headers=reader).json()
    fields = ["creator", "description", "second_opinion"]
    assert [one["field"] for one in found["differences"]] == fields
    assert (found["before"]["ordinal"], found["after"]["ordinal"]) == (1, 2)
    back = api.get(path, params={"before": 2, "after": 1}, headers=reader).json()
    assert [one["kind"] for one in back["differences"]] == ["removed", "changed", "added"]
    other = world.headers("cataloguer", department=world.a_department())
    assert api.get(path, headers=other).status_code == 404


def test_a_new_reading_counts_and_is_hashed_anew(
    world: World, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    again(api, world.headers("operator"))
    world.work()
    [[creator, description]] = world.find(
        "SELECT creator, extracted_description FROM provenance_versions"
        " WHERE asset_id = :id ORDER BY version DESC LIMIT 1",
        id=read_yesterday[0],
    )
    assert (creator, description) == (ARTIST, CAPTION)
    [[hashed]] = world.find(
        "SELECT count(*) FROM fingerprints f JOIN readings r ON r.id = f.reading_id"
        " WHERE r.ordinal = 2"
    )
    assert hashed == 3


def test_a_new_contradiction_opens_a_settled_conflict_again(
    world: World, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    asset_id = read_yesterday[0]
    world.change(asset_id, [Assertion("description", "Another caption")])
    said = (
        "SELECT statements FROM provenance_versions WHERE asset_id = :id"
        " ORDER BY version DESC LIMIT 1"
    )
    [[statements]] = world.find(said, id=asset_id)
    [mine] = [
        s["id"]
        for s in statements
        if s["field"] == "description" and s["source_kind"] == "asserted"
    ]
    world.change(asset_id, choices=[Choice("description", mine, "The file was cut short.")])
    assert not conflict(world, asset_id)
    again(api, world.headers("operator"))
    world.work()
    assert conflict(world, asset_id)


def conflict(world: World, asset_id: UUID) -> bool:
    [[answer]] = world.find(
        "SELECT description_answer FROM provenance_versions WHERE asset_id = :id"
        " ORDER BY version DESC LIMIT 1",
        id=asset_id,
    )
    return bool(answer & 256)


def test_reading_the_same_again_changes_nothing(
    world: World, store: System, api: httpx2.Client
) -> None:
    asset_id = world.an_asset(store)
    world.work()
    operator = world.headers("operator")
    begun = again(api, operator)
    world.work()
    done = shown(api, operator, begun)
    assert (done["state"], done["same"], done["fields"]) == ("done", 1, [])
    [[count]] = world.find("SELECT count(*) FROM readings WHERE asset_id = :id", id=asset_id)
    assert count == 1


def test_what_is_out_of_reach_is_told_and_keeps_its_reading(
    world: World, store: System, api: httpx2.Client
) -> None:
    asset_id = world.an_asset(store)
    world.work()
    world.file_of(asset_id).unlink()
    operator = world.headers("operator")
    begun = again(api, operator)
    world.work()
    assert shown(api, operator, begun)["not_reached"] == 1
    [operation] = [
        one
        for one in api.get("/v1/operations", headers=operator).json()["items"]
        if one["id"] == begun["id"]
    ]
    assert (operation["kind"], operation["done"], operation["refused"]) == ("re-reading", 1, 1)


def test_changed_bytes_open_a_reading_of_their_own(
    world: World, store: System, api: httpx2.Client
) -> None:
    asset_id = world.an_asset(store, description="Before")
    world.work()
    world.file_of(asset_id).write_bytes(draw(7, {"description": "After"}))
    again(api, world.headers("operator"))
    world.work()
    reader = world.headers("cataloguer", department=store.department)
    found = api.get(f"/v1/assets/{asset_id}/readings/diff", headers=reader).json()
    assert (found["same_bytes"], found["same_tool"]) == (False, True)
    described = next(one for one in found["differences"] if one["field"] == "description")
    assert [one["value"] for one in described["before"]] == ["Before"]
    assert [one["value"] for one in described["after"]] == ["After"]
    [[fingerprints]] = world.find(
        "SELECT count(*) FROM fingerprints WHERE asset_id = :id", id=asset_id
    )
    assert fingerprints == 2


def test_a_stopped_one_reads_no_more_and_says_so(
    world: World, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    operator = world.headers("operator")
    begun = again(api, operator)
    path = f"/v1/rereadings/{begun['id']}/cancel"
    stopped = api.post(path, headers=operator)
    assert (stopped.status_code, stopped.json()["state"]) == (202, "cancelled")
    assert api.post(path, headers=operator).status_code == 202  # it is what was wanted
    world.work()
    done = shown(api, operator, begun)
    assert (done["state"], done["waiting"], done["read_again"]) == ("cancelled", 3, 0)
    assert world.find("SELECT count(*) FROM readings WHERE ordinal > 1") == [(0,)]
    other = again(api, operator)
    world.work()
    over = api.post(f"/v1/rereadings/{other['id']}/cancel", headers=operator)
    assert (over.status_code, over.json()["code"]) == (409, "rereading-over")


def test_lost_jobs_only_delay_it(
    world: World, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    operator = world.headers("operator")
    begun = again(api, operator)
    world.lose_jobs()
    bind(world.worker)
    rereading_tasks.read_what_was_left()
    done = shown(api, operator, begun)
    assert (done["state"], done["read_again"]) == ("done", 3)


def test_what_is_chosen(world: World, read_yesterday: list[UUID], api: httpx2.Client) -> None:
    operator = world.headers("operator")

    def count(**asked: str | bool) -> int:
        answer = api.get("/v1/rereadings/preview", params=asked, headers=operator)
        return int(answer.json()["assets"])

    assert count() == 3
    assert count(not_tool_version=version(world)) == 0
    assert count(not_tool_version="13.99") == 3
    assert count(outcome="nothing_found") == 1
    assert count(limited=True) == 0
    assert count(unreadable_because="timed_out") == 0
    assert count(source_system="elsewhere") == 0
    begun = again(api, operator, outcome="unreadable")
    assert (begun["state"], begun["assets"]) == ("done", 0)


def test_another_department_sees_nothing_of_it(
    world: World, store: System, read_yesterday: list[UUID], api: httpx2.Client
) -> None:
    begun = again(api, world.headers("records_manager", department=store.department))
    other = world.headers("records_manager", department=world.a_department())
    assert api.get(f"/v1/rereadings/{begun['id']}", headers=other).status_code == 404
    assert again(api, other)["assets"] == 0
    registrar = world.headers("registrar", department=store.department)
    refused = api.post("/v1/rereadings", json={"reason": "x"}, headers=registrar)
    assert (refused.status_code, refused.json()["code"]) == (403, "role-missing")


def a_source(field: str, value: str, locator: str = "A") -> dict[str, Any]:
    return {"field": field, "value": value, "locator": locator, "picked": True}


def test_the_order_of_sources_says_nothing() -> None:
    one, two = a_source("title", "x"), a_source("title", "y", "B")
    assert differences([one, two], [two, one]) == []
    [found] = differences([one, one], [one])
    assert (found.kind, len(found.before), found.after) == ("changed", 1, [])


@pytest.fixture
def read_before(world: World, store: System) -> UUID:
    asset_id = world.an_asset(store, description=CAPTION)
    world.work()
    return asset_id


def upgraded(monkeypatch: pytest.MonkeyPatch, what: str, authority: Path) -> None:
    """Let another version of what decides a reading be installed, as after a start anew."""
    if what == readers.TRUST:
        authority.write_text("-----BEGIN CERTIFICATE-----\n", "ascii")
        monkeypatch.setenv("CATALOGUE_C2PA_TRUST", str(authority))
        settings.cache_clear()
    elif what == readers.CREDENTIALS:
        monkeypatch.setattr(readers, "version", lambda _: "0.99")
    else:
        monkeypatch.setattr(readers, f"{what}_VERSION", "99")
    end_warm_readers()


@pytest.mark.parametrize(
    "what", ["DETECTOR", "RULES", "FALLBACK", readers.CREDENTIALS, readers.TRUST]
)
def test_whatever_decides_a_reading_makes_it_outdated_and_due(
    world: World,
    store: System,
    read_before: UUID,
    api: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    operator = world.headers("operator")

    def outdated(asked: str = "true") -> int:
        path = "/v1/rereadings/preview"
        return int(api.get(path, params={"outdated": asked}, headers=operator).json()["assets"])

    assert (outdated(), outdated("false")) == (0, 1)
    upgraded(monkeypatch, what, world.folder / "authority.pem")
    assert (outdated(), outdated("false")) == (1, 0)
    begun = again(api, operator, outdated=True)
    world.work()
    assert shown(api, operator, begun)["read_again"] == 1
    assert (outdated(), outdated("false")) == (0, 1)
    reader = world.headers("cataloguer", department=store.department)
    newer, older = api.get(f"/v1/assets/{read_before}/readings", headers=reader).json()["items"]
    assert len(dict(newer["readers"].items() ^ older["readers"].items())) == 1
    end_warm_readers()
    settings.cache_clear()


def test_a_reading_of_before_readers_were_noted_is_outdated(
    world: World, read_before: UUID, api: httpx2.Client
) -> None:
    triggers = "ALTER TABLE readings {} TRIGGER readings_append_only"
    world.find(triggers.format("DISABLE"), "catalogue_owner")
    world.find("UPDATE readings SET readers = '{}'", "catalogue_owner")
    world.find(triggers.format("ENABLE ALWAYS"), "catalogue_owner")
    operator = world.headers("operator")
    found = api.get("/v1/rereadings/preview", params={"outdated": "true"}, headers=operator)
    assert found.json()["assets"] == 1


def test_a_list_of_authorities_is_told_by_its_text_not_by_its_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one.pem", tmp_path / "other.pem"
    one.write_text("A")
    other.write_text("A")
    same = readers.readers(readers.trust_in(one))
    assert readers.readers(readers.trust_in(other)) == same
    other.write_text("B")
    assert readers.readers(readers.trust_in(other)) != same


def test_where_the_list_of_authorities_cannot_be_read_nothing_is_called_outdated(
    world: World,
    store: System,
    read_before: UUID,
    api: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = world.folder / "lost.pem"
    monkeypatch.setenv("CATALOGUE_C2PA_TRUST", str(authority))
    settings.cache_clear()
    operator = world.headers("operator")
    preview = "/v1/rereadings/preview"
    for why in ("No such file or directory", "it is no PEM"):
        refused = [
            api.get(preview, params={"outdated": "true"}, headers=operator),
            api.post("/v1/rereadings", json={"outdated": True, "reason": "?"}, headers=operator),
        ]
        assert [one.status_code for one in refused] == [503, 503]
        assert {one.json()["code"] for one in refused} == {"trusted-authorities-unreadable"}
        assert why in refused[0].json()["detail"]
        authority.write_bytes(b"\xff\xfe")
    assert api.get(preview, headers=operator).json()["assets"] == 1
    end_warm_readers()
    bind(world.worker)
    waiting = world.an_asset(store)
    with pytest.raises(UnfitTool, match="it is no PEM"):
        read_files([waiting])
    assert world.find("SELECT * FROM hindrances WHERE strikes > 0") == []
    monkeypatch.delenv("CATALOGUE_C2PA_TRUST")
    settings.cache_clear()
    world.work()
    assert world.find("SELECT 1 FROM readings WHERE asset_id = :id", id=waiting)
