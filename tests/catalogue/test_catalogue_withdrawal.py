"""A mistaken registration is taken back with a reason, and loses nothing but its weight."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from contents import Uploader
from images import draw
from psycopg.errors import CheckViolation
from sqlalchemy.exc import IntegrityError
from world import System, World

from app.assets.errors import RegistrationWithdrawn
from app.catalogue.registration import Registration
from app.catalogue.service import register_one
from app.catalogue.withdrawal_routes import taken_back
from app.disposals.service import eligibility_of
from app.people.errors import RoleMissing
from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.provenance.service import seal_complete, weigh_anew


@pytest.fixture
def system(town: World) -> System:
    return town.a_source_system()


def head(town: World, asset: UUID) -> int:
    [[version]] = town.find("SELECT version FROM provenance_heads WHERE asset_id = :a", a=asset)
    return int(version)


def withdrawn(town: World, asset: UUID, reason: str = "Registered twice.") -> UUID:
    [[department]] = town.find("SELECT department FROM assets WHERE id = :a", a=asset)
    manager = town.someone("records_manager", department=department)
    with town.api.transaction() as db:
        taken_back(db, manager, asset, head(town, asset), reason)
    return asset


def judged(town: World, *assets: UUID) -> dict[UUID, Any]:
    auditor = town.someone("auditor")
    with town.api.transaction() as db:
        return {one.asset_id: one for one in eligibility_of(db, auditor, assets)}


def test_a_withdrawn_registration_is_read_as_before_and_listed_no_more(
    town: World, town_api: httpx2.Client, system: System
) -> None:
    asset, other = town.an_asset(system), town.an_asset(system)
    headers = town.headers("records_manager", department=system.department)
    path = f"/v1/assets/{asset}"
    answer = town_api.post(
        f"{path}/withdraw", json={"reason": "No image."}, headers=headers | {"If-Match": '"1"'}
    )
    assert (answer.status_code, answer.json()["reason"]) == (200, "No image.")
    for page in (path, f"{path}/provenance", f"{path}/provenance/versions", f"{path}/eligibility"):
        assert town_api.get(page, headers=headers).status_code == 200, page
    assert town_api.get(f"{path}/withdrawal", headers=headers).json() == answer.json()
    events = town_api.get(f"{path}/events", headers=headers).json()["items"]
    assert [one["kind"] for one in events] == ["ing", "x:withdrawn"]
    listed = town_api.get("/v1/assets", headers=headers).json()["items"]
    assert [one["asset_id"] for one in listed] == [str(other)]
    assert town_api.get(f"/v1/assets/{other}/withdrawal", headers=headers).status_code == 404


@pytest.mark.parametrize(("if_match", "status"), [(None, 428), ('"2"', 412), ("1", 422)])
def test_it_is_withdrawn_against_the_version_that_was_read(
    town: World, town_api: httpx2.Client, system: System, if_match: str | None, status: int
) -> None:
    asset = town.an_asset(system)
    headers = town.headers("records_manager", department=system.department)
    headers |= {"If-Match": if_match} if if_match else {}
    answer = town_api.post(f"/v1/assets/{asset}/withdraw", json={"reason": "x"}, headers=headers)
    assert answer.status_code == status


def test_nothing_new_is_said_of_it(town: World, town_api: httpx2.Client, system: System) -> None:
    asset = withdrawn(town, town.an_asset(system))
    headers = town.headers("records_manager", department=system.department) | {"If-Match": '"1"'}
    body = {"assert": [{"field": "title", "value": "A"}]}
    for method, path, sent in (
        ("PATCH", "provenance", body),
        ("POST", "withdraw", {"reason": "again"}),
    ):
        answer = town_api.request(method, f"/v1/assets/{asset}/{path}", json=sent, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "registration-withdrawn")
        assert "Registered twice." in answer.json()["detail"]


def test_the_same_registration_again_is_told_what_became_of_it(town: World, system: System) -> None:
    asset = withdrawn(town, town.an_asset(system, name="one.jpg"))
    caller = town.someone("registrar", department=system.department)
    said = Registration(
        source_system=system.code,
        source_identifier="one.jpg",
        location="one.jpg",
        original_name="one.jpg",
        legal_status=["institution_owned_non_record"],
    )
    with (
        pytest.raises(RegistrationWithdrawn, match="another source_identifier"),
        town.api.transaction() as db,
    ):
        register_one(db, caller, said)
    other = said.model_copy(update={"source_identifier": "one.jpg#2"})
    with town.api.transaction() as db:
        assert register_one(db, caller, other).asset_id != asset


def test_a_registrar_takes_back_its_own_registrations_only(town: World, system: System) -> None:
    asset = town.an_asset(system)
    [[key]] = town.find("SELECT registered_by FROM assets WHERE id = :a", a=asset)
    [[person]] = town.find("SELECT person_id FROM api_keys WHERE 'key:' || id = :k", k=key)
    stranger = town.someone("registrar", department=system.department)
    with pytest.raises(RoleMissing), town.api.transaction() as db:
        taken_back(db, stranger, asset, 1, "mine?")
    other_key = town.a_key("registrar", department=system.department, person=person)
    owner = town.someone("registrar", department=system.department)
    assert other_key
    same = type(owner)(owner.key_id, person, owner.department, owner.roles)
    with town.api.transaction() as db:
        assert taken_back(db, same, asset, 1, "mine").asset_id == asset


def test_another_departments_asset_does_not_exist(
    town: World, town_api: httpx2.Client, system: System
) -> None:
    asset = town.an_asset(system)
    stranger = town.headers("records_manager", department=town.a_department())
    answer = town_api.post(
        f"/v1/assets/{asset}/withdraw", json={"reason": "x"}, headers=stranger | {"If-Match": '"1"'}
    )
    assert answer.status_code == 404


def test_it_keeps_for_nobody_counts_for_nobody_and_is_compared_no_more(world: World) -> None:
    policy = world.a_demo_policy()
    system = world.a_source_system(world.a_department(policy=policy))
    first = world.a_complete_asset(system)
    second = world.a_copy_of(first)
    world.work()
    world.complete_record(second)
    before = judged(world, first, second)
    assert before[first].status == "retained_keeper"
    assert before[second].status == "candidate"

    withdrawn(world, first)
    after = judged(world, first, second)
    assert (after[first].status, after[first].reasons[0]) == (
        "not_assessed",
        "processing:withdrawn",
    )
    assert after[second].status == "blocked_no_keeper"
    assert "last_copy" in after[second].reasons

    third = world.a_copy_of(second)
    world.work()
    both = "(a_asset_id, b_asset_id)"
    pairs = f"SELECT 1 FROM likenesses WHERE :a IN {both} AND :b IN {both}"  # noqa: S608
    assert world.find(pairs, a=third, b=second)
    assert not world.find(pairs, a=third, b=first)


def test_two_registrations_of_one_file_are_mended_by_withdrawing_one(world: World) -> None:
    policy = world.a_demo_policy()
    system = world.a_source_system(world.a_department(policy=policy))
    asset = world.a_complete_asset(system)
    file = world.file_of(asset)
    caller = world.someone("registrar", department=system.department)
    said = Registration(
        source_system=system.code,
        source_identifier="the same again",
        location=file.name,
        original_name=file.name,
        legal_status=["institution_owned_non_record"],
    )
    with world.api.transaction() as db:
        twice = register_one(db, caller, said).asset_id
    world.work()
    assert "location:shared" in judged(world, asset)[asset].reasons
    withdrawn(world, twice)
    assert "location:shared" not in judged(world, asset)[asset].reasons


def test_it_is_in_no_count(town: World, town_api: httpx2.Client, system: System) -> None:
    town.an_asset(system)
    withdrawn(town, town.an_asset(system))
    headers = town.headers("records_manager", department=system.department)
    counts = town_api.get("/v1/eligibility?group_by=source_system", headers=headers).json()
    assert [one["assets"] for one in counts["groups"]] == [1]


def test_a_statement_for_its_series_passes_it_over(world: World, api: httpx2.Client) -> None:
    system = world.a_source_system()
    asset, other = world.an_asset(system), world.an_asset(system)
    withdrawn(world, asset)
    headers = world.headers("cataloguer", department=system.department)
    body = {"assert": [{"field": "custodian", "value": "Unit"}]}
    api.patch(
        f"/v1/series/source-system/{system.code}/provenance",
        json=body,
        headers=headers | {"If-Match": '"0"'},
    )
    world.work()
    said = "SELECT 1 FROM provenance_versions WHERE asset_id = :a AND custodian_answer > 0"
    assert world.find(said, a=other)
    assert not world.find(said, a=asset)


def test_the_database_itself_seals_nothing_withdrawn(world: World) -> None:
    system = world.a_source_system()
    asset = world.a_complete_asset(system)
    withdrawn(world, asset)
    facts = "asset_id, provenance_version, reading_id, policy_version_id, event_id"
    again = f"INSERT INTO seals ({facts}) SELECT {facts} FROM seals WHERE asset_id = :a LIMIT 1"  # noqa: S608
    with pytest.raises(IntegrityError) as refused:
        world.find(again, a=asset)
    assert isinstance(refused.value.orig, CheckViolation)
    assert refused.value.orig.diag.constraint_name == "seals_not_of_withdrawn"


@pytest.mark.parametrize(
    "change", ["UPDATE withdrawals SET reason = 'x'", "DELETE FROM withdrawals"]
)
@pytest.mark.parametrize("role", ["catalogue_api", "catalogue_worker", "catalogue_owner"])
def test_no_role_undoes_a_withdrawal(town: World, system: System, change: str, role: str) -> None:
    withdrawn(town, town.an_asset(system))
    with pytest.raises(Exception, match=r"permission denied|change"):
        town.find(change, role)


def test_what_is_being_sent_is_not_withdrawn(town: World, town_api: httpx2.Client) -> None:
    sender = Uploader.of(town, town_api)
    asset = sender.registers()
    headers, said = sender.headers | {"If-Match": '"1"'}, {"reason": "No image."}
    content = draw(5)
    assert sender.sends_part(asset, content, 0, 100).status_code == 202
    answer = town_api.post(f"/v1/assets/{asset}/withdraw", json=said, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "asset-in-use")
    assert sender.sends_part(asset, content, 100, len(content)).status_code == 201
    answer = town_api.post(f"/v1/assets/{asset}/withdraw", json=said, headers=headers)
    assert answer.status_code == 200


def test_of_a_withdrawn_record_nothing_is_weighed_or_sealed_anew(world: World) -> None:
    asset = world.an_asset(taken="2020:05:02 10:00:01")
    world.work()
    world.complete_record(asset, date_created="2020-05-02T10:00:00")
    assert world.find("SELECT 1 FROM seals WHERE asset_id = :a", a=asset)
    withdrawn(world, asset)
    version = head(world, asset)
    next_policy(world)
    with world.worker.transaction() as db:
        assert seal_complete(db, [asset]) == 0
    next_policy(world, date_tolerance_seconds=0)
    with world.worker.transaction() as db:
        weigh_anew(db, [asset])
    assert head(world, asset) == version


def next_policy(world: World, **conflicts: int) -> None:
    """Put a version of the city default in force; one that says more goes before others."""
    policy = packaged_documents()[0]
    policy["policy"] |= {"version": f"1.{len(conflicts)}.1"}
    policy["completeness"]["conflicts"] |= conflicts
    with world.owner.transaction() as db:
        record_document(db, policy)
