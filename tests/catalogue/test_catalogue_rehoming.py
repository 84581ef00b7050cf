"""A collection moves to another system; nothing that was known of it is lost."""

import json
import shutil
from typing import Any
from uuid import UUID

import httpx2
import pytest
from images import draw
from psycopg.errors import CheckViolation, InsufficientPrivilege, UniqueViolation
from sqlalchemy.exc import DBAPIError
from world import System, World

from app.assets.service import system_for
from app.catalogue.registration import Registration
from app.catalogue.rehoming import Going, move_some
from app.catalogue.schemas import MoveIn
from app.catalogue.service import register_one
from app.catalogue.tasks import register_next
from app.disposals.service import eligibility_of
from app.kit.errors import RevisionStale
from app.kit.jobs import bind
from app.provenance.bulk import Edited
from app.provenance.changes import Assertion


class Removal:
    """A department whose files were copied to another store."""

    def __init__(self, world: World, api: httpx2.Client, department: str | None = None) -> None:
        self.world, self.api = world, api
        self.old: System = world.a_source_system(department)
        self.new: System = world.a_source_system(self.old.department)
        self.headers = world.headers("records_manager", department=self.old.department)

    def copy(self, to: str = "") -> None:
        """Copy every file to the new store."""
        (self.new.folder / to).mkdir(exist_ok=True)
        for file in self.old.folder.iterdir():
            shutil.copy(file, self.new.folder / to / file.name)

    def ask(self, which: Any = None, *, preview: bool = False, **move: str) -> str:  # noqa: ANN401
        body = {
            "which": which or {"source_system": self.old.code},
            "move": {"to_system": self.new.code, "reason": "The old store closes."} | move,
            "preview": preview,
        }
        answer = self.api.post("/v1/rehomings", json=body, headers=self.headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def results(self, work: str) -> list[tuple[str, str | None]]:
        self.world.work()
        answer = self.api.get(f"/v1/imports/{work}/results", headers=self.headers)
        found = [json.loads(line) for line in answer.text.splitlines()]
        return [(r["outcome"], (r["problem"] or {}).get("code")) for r in found]

    def get(self, path: str, **params: str) -> Any:  # noqa: ANN401
        return self.api.get(f"/v1/{path}", params=params, headers=self.headers).json()


@pytest.fixture
def removal(world: World, api: httpx2.Client) -> Removal:
    return Removal(world, api)


def test_an_asset_goes_on_under_its_new_name_and_is_found_by_both(removal: Removal) -> None:
    world = removal.world
    asset = world.an_asset(removal.old, name="one.jpg", description="A bus")
    world.work()
    world.change(asset, [Assertion("title", "A tram")])
    removal.copy("moved")
    work = removal.ask(add_prefix="HK-", add_location="moved/")
    assert removal.results(work) == [("edited", None)]

    page = removal.get(f"assets/{asset}")
    assert (page["source_system"], page["source_identifier"], page["location"]) == (
        removal.new.code,
        "HK-one.jpg",
        "moved/one.jpg",
    )
    for name in ((removal.old.code, "one.jpg"), (removal.new.code, "HK-one.jpg")):
        found = removal.get("identities", source_system=name[0], source_identifier=name[1])
        assert found["asset_id"] == str(asset)
        assert [one["source_identifier"] for one in found["former"]] == ["one.jpg"]
    record = removal.get(f"assets/{asset}/provenance")
    fields = {one["field"]: one["displayed"] for one in record["fields"]}
    assert fields["title"] == "A tram"
    assert (fields["source_system"], fields["source_identifier"]) == (
        removal.new.code,
        "HK-one.jpg",
    )
    [place] = fields["locations"]
    assert place["uri"] == f"{removal.new.folder.as_uri()}/moved/one.jpg"
    story = removal.get(f"assets/{asset}/provenance/fields/source_identifier/history")
    assert [t["statement"]["value"] for t in story["statements"]] == ["one.jpg", "HK-one.jpg"]
    assert story["statements"][1]["statement"]["locator"] == f"rehoming:{work}"
    kinds = [one["kind"] for one in removal.get(f"assets/{asset}/events")["items"]]
    assert "x:rehomed" in kinds


def test_it_is_read_again_where_it_lies_now_and_old_readings_stay(removal: Removal) -> None:
    world = removal.world
    asset = world.an_asset(removal.old)
    world.work()
    removal.copy()
    removal.results(removal.ask())
    readings = removal.get(f"assets/{asset}/readings")["items"]
    assert len(readings) == 2
    with world.api.transaction() as db:
        [judged] = eligibility_of(db, world.someone("auditor"), [asset])
    assert not [r for r in judged.reasons if r.startswith("processing:")]


def test_until_it_is_read_there_nothing_can_be_said_of_its_bytes(removal: Removal) -> None:
    world = removal.world
    asset = world.an_asset(removal.old)
    world.work()
    removal.copy()
    removal.ask()
    world.find("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name LIKE 'readings%'",
               "catalogue_owner")  # fmt: skip
    bind(world.worker)
    [[work]] = world.find("SELECT id FROM operations WHERE kind = 'rehoming'")
    assert register_next(work)
    with world.api.transaction() as db:
        [judged] = eligibility_of(db, world.someone("auditor"), [asset])
    assert "processing:changed" in judged.reasons
    world.lose_jobs()


def test_a_preview_moves_nothing_and_shows_where_to(removal: Removal) -> None:
    asset = removal.world.an_asset(removal.old, name="one.jpg")
    removal.copy()
    work = removal.ask(preview=True, strip_prefix="one", add_prefix="1")
    assert removal.results(work) == [("edited", None)]
    [shown] = removal.get(f"record-changes/{work}")["sample"]
    assert shown["after"] == {
        "source_system": removal.new.code,
        "source_identifier": "1.jpg",
        "location": "one.jpg",
    }
    assert removal.get(f"assets/{asset}")["source_system"] == removal.old.code


def test_what_is_not_there_or_of_another_length_stays_where_it_is(removal: Removal) -> None:
    world = removal.world
    there, shorter, missing = (
        world.an_asset(removal.old, name=f"{name}.jpg") for name in ("a", "b", "c")
    )
    world.work()
    removal.copy()
    (removal.new.folder / "b.jpg").write_bytes(b"cut")
    (removal.new.folder / "c.jpg").unlink()
    assert removal.results(removal.ask()) == [
        ("edited", None),
        ("refused", "copy-differs"),
        ("refused", "location-not-there"),
    ]
    systems = [removal.get(f"assets/{one}")["source_system"] for one in (there, shorter, missing)]
    assert systems == [removal.new.code, removal.old.code, removal.old.code]


def test_an_asset_needs_a_name_that_is_left_to_it(removal: Removal) -> None:
    removal.world.an_asset(removal.old, name="only.jpg")
    removal.copy()
    assert removal.results(removal.ask(strip_prefix="only.jpg")) == [("refused", "identity-taken")]


def test_what_moved_on_since_it_was_listed_stays(removal: Removal) -> None:
    asset = removal.world.an_asset(removal.old, name="a.jpg")
    removal.copy()
    manager = removal.world.someone("records_manager", department=removal.old.department)
    how = MoveIn(to_system=removal.new.code, reason="The old store closes.")
    with removal.world.api.transaction() as db:
        going = Going(asset, manager, system_for(db, manager, how.to_system), how)
        [late] = move_some(db, going, [(asset, 9)], preview=True)
        [timely] = move_some(db, going, [(asset, 1)], preview=True)
    assert isinstance(late, RevisionStale)
    assert isinstance(timely, Edited)
    assert timely.changed


def test_a_name_that_is_or_was_anothers_is_not_given_again(removal: Removal) -> None:
    world = removal.world
    world.an_asset(removal.old, name="a.jpg")
    holder = world.an_asset(removal.new, name="a.jpg")
    world.work()
    assert removal.results(removal.ask()) == [("refused", "identity-taken")]

    back = Removal(world, removal.api, removal.old.department)
    shutil.copy(removal.new.folder / "a.jpg", back.new.folder / "a.jpg")
    away = back.ask(which={"asset_ids": [str(holder)]})
    assert back.results(away) == [("edited", None)]
    (removal.new.folder / "a.jpg").write_bytes((removal.old.folder / "a.jpg").read_bytes())
    assert removal.results(removal.ask()) == [("refused", "identity-taken")]

    caller = world.someone("registrar", department=removal.new.department)
    again = Registration(
        source_system=removal.new.code,
        source_identifier="a.jpg",
        location="a.jpg",
        original_name="a.jpg",
        legal_status=["institution_owned_non_record"],
    )
    with world.api.transaction() as db:
        registered = register_one(db, caller, again)
    assert (registered.asset_id, registered.new) == (holder, False)


def test_a_member_inherits_what_was_said_of_its_new_system(removal: Removal) -> None:
    asset = removal.world.an_asset(removal.old)
    removal.copy()
    body = {"assert": [{"field": "custodian", "value": "The new house"}]}
    path = f"/v1/series/source-system/{removal.new.code}/provenance"
    removal.api.patch(path, json=body, headers=removal.headers | {"If-Match": '"0"'})
    removal.results(removal.ask())
    record = removal.get(f"assets/{asset}/provenance")
    fields = {one["field"]: one["displayed"] for one in record["fields"]}
    assert fields["custodian"] == "The new house"


def test_it_may_come_back(removal: Removal) -> None:
    world = removal.world
    asset = world.an_asset(removal.old, name="a.jpg")
    removal.copy()
    removal.results(removal.ask())
    home = removal.old.code
    there = {"asset_ids": [str(asset)]}
    assert removal.results(removal.ask(there, to_system=home)) == [("edited", None)]
    assert removal.results(removal.ask(there, to_system=home)) == [("unchanged", None)]
    assert removal.results(removal.ask(which=there)) == [("edited", None)]
    assert removal.get(f"assets/{asset}")["source_system"] == removal.new.code


def test_another_departments_system_is_no_destination(removal: Removal) -> None:
    stranger = removal.world.a_source_system()
    removal.world.an_asset(removal.old)
    body = {
        "which": {"source_system": removal.old.code},
        "move": {"to_system": stranger.code, "reason": "r"},
        "preview": True,
    }
    answer = removal.api.post("/v1/rehomings", json=body, headers=removal.headers)
    assert answer.status_code == 404
    auditor = removal.world.headers("cataloguer", department=stranger.department)
    asked = {"source_system": removal.old.code, "source_identifier": "picture-1.jpg"}
    assert removal.api.get("/v1/identities", params=asked, headers=auditor).status_code == 404


ATTACKS = [
    ("UPDATE assets SET source_identifier = 'x'", "catalogue_worker", CheckViolation),
    ("UPDATE assets SET source_identifier = 'x'", "catalogue_api", InsufficientPrivilege),
    ("UPDATE assets SET original_name = 'x'", "catalogue_worker", InsufficientPrivilege),
    ("UPDATE assets SET original_name = 'x'", "catalogue_owner", CheckViolation),
    ("DELETE FROM assets", "catalogue_owner", Exception),
    ("UPDATE former_identities SET source_identifier = 'x'", "catalogue_owner", Exception),
    (
        "INSERT INTO assets (source_system, source_identifier, department, original_name,"
        " registered_facts, registered_by, event_id) SELECT f.source_system, f.source_identifier,"
        " a.department, 'x', 'x', 'x', a.event_id FROM former_identities f, assets a"
        " WHERE a.id <> f.asset_id LIMIT 1",
        "catalogue_worker",
        UniqueViolation,
    ),
]


@pytest.mark.parametrize(
    ("attack", "role", "refused"), ATTACKS, ids=[f"{a[0][:40]} {a[1]}" for a in ATTACKS]
)
def test_no_role_renames_an_asset_without_keeping_its_name(
    removal: Removal, attack: str, role: str, refused: type[Exception]
) -> None:
    world = removal.world
    asset: UUID = world.an_asset(removal.old, draw(1), name="a.jpg")
    world.an_asset(removal.old, draw(2), name="b.jpg")
    removal.copy()
    removal.results(removal.ask(which={"asset_ids": [str(asset)]}))
    with pytest.raises(DBAPIError) as found:
        world.find(attack, role)
    assert isinstance(found.value.orig, refused)
