"""Policies of other kinds than the packaged ones, each in a city of its own."""

from copy import deepcopy
from typing import Any

import pytest
from provenance_city import lacking, read_assets, sealed
from world import World

from app.policies.errors import NoPolicyInForce
from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.provenance.changes import Assertion


def a_policy(world: World, name: str, **complete: Any) -> str:  # noqa: ANN401 - parts of a document
    """Publish a base policy of its own completeness."""
    policy = deepcopy(packaged_documents()[0])
    policy["policy"] |= {"id": name, "effective_from": "2026-01-01"}
    for part, changed in complete.items():
        policy["completeness"][part] |= changed
    with world.owner.transaction() as db:
        record_document(db, policy)
    return name


def test_a_policy_may_leave_conflicts_and_software_names_to_its_readers(world: World) -> None:
    lenient = a_policy(
        world,
        "lenient",
        conflicts={"unresolved_material_conflict_blocks": False},
        device_defaults={"creator_is_software_name": False},
    )
    system = world.a_source_system(world.a_department(policy=lenient))
    [asset_id] = read_assets(
        world, system, [{"creator": "Gimp", "software": "Gimp", "taken": "2020:01:01 00:00:00"}]
    )
    world.complete_record(asset_id, without=["creator"])
    assert (lacking(world, asset_id), sealed(world, asset_id)) == ([], True)


def test_a_policy_laxer_than_the_floor_leaves_the_record_unsealed_and_fails_nothing(
    world: World,
) -> None:
    custodian = packaged_documents()[0]["completeness"]["fields"]["custodian"]
    lax = a_policy(world, "lax", fields={"custodian": custodian | {"unknown_allowed": True}})
    system = world.a_source_system(world.a_department(policy=lax))
    [asset_id] = read_assets(world, system, [{}])
    world.complete_record(asset_id, without=["custodian"])
    world.change(asset_id, [Assertion("custodian", unknown_reason="never noted")])
    assert not sealed(world, asset_id)


def test_a_policy_that_takes_undetermined_for_a_status_seals_nothing_with_it(world: World) -> None:
    status = packaged_documents()[0]["completeness"]["fields"]["legal_status"]
    lax = a_policy(world, "lax", fields={"legal_status": status | {"not_values": []}})
    system = world.a_source_system(world.a_department(policy=lax))
    [asset_id] = read_assets(world, system, [{}])
    world.complete_record(asset_id, legal_status=["undetermined"])
    assert (lacking(world, asset_id), sealed(world, asset_id)) == (["missing:legal_status"], False)


@pytest.mark.parametrize("listed", ["text", "dates"])
def test_a_policy_that_knows_no_device_defaults_judges_like_any_other(
    world: World, listed: str
) -> None:
    trusting = a_policy(world, "trusting", device_defaults={listed: []})
    system = world.a_source_system(world.a_department(policy=trusting))
    [asset_id] = read_assets(world, system, [{}])
    world.complete_record(asset_id)
    assert (lacking(world, asset_id), sealed(world, asset_id)) == ([], True)


def test_a_department_under_a_policy_that_is_not_in_force_stops_no_other(world: World) -> None:
    system = world.a_source_system()
    with pytest.raises(NoPolicyInForce):
        world.a_department(policy="hk-city-defualt")
    [asset_id] = read_assets(world, system, [{}])
    world.complete_record(asset_id)
    assert sealed(world, asset_id)
