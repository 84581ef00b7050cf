"""A new version makes nothing deletable: seals are stale until the sweep has looked (P23)."""

from typing import Any

import pytest
from httpx2 import Client
from officers import Office
from world import World, a_while_later

from app.provenance.tasks import adopt_what_was_left


@pytest.mark.parametrize("more", [False, True], ids=["the same again", "more is asked"])
def test_seals_are_stale_under_a_new_version_and_only_complete_records_are_sealed_again(
    api: Client, world: World, more: bool
) -> None:
    office = Office(api, world)
    policy = world.a_demo_policy()
    first = world.an_asset(world.a_source_system(world.a_department(policy=policy)))
    copy = world.a_copy_of(first)
    world.work()
    for one in (first, copy):
        world.complete_record(one)

    def of(asset_id: object) -> dict[str, Any]:
        path = f"/v1/assets/{asset_id}/eligibility"
        return dict(api.get(path, headers=world.headers("auditor")).json())

    assert of(copy)["status"] == "candidate"
    document = office.held(policy)["document"]
    today = world.find("SELECT current_date::text")[0][0]
    document["policy"] |= {"version": "2.0.0", "effective_from": today}
    if more:
        document["completeness"]["fields"]["place"] |= {
            "level": "required",
            "unknown_allowed": False,
        }
    office.publish(document)
    for one in (first, copy):
        answer = of(one)
        assert answer["policy"] == f"{policy}@2.0.0"
        assert (answer["status"], answer["deletable"]) == ("blocked_incomplete", False)
        assert "seal:stale" in answer["reasons"]
    world.work()
    with a_while_later():
        adopt_what_was_left()
    world.work()
    sealed = "seal:stale" not in of(copy)["reasons"]
    assert sealed is (not more)
    assert of(copy)["status"] == ("blocked_incomplete" if more else "candidate")
