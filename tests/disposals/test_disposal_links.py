"""Every address that an answer tells answers whoever was told it."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client
from quarter import Quarter

from app.catalogue.withdrawal_routes import taken_back
from app.disposals.naming import ASSET, FACTS, closed_to
from app.people.roles import COUNTING, READING, Role

Answer = dict[str, Any]
ROLES = sorted({"cataloguer", "dashboard", "operator", "policy_officer"})


@pytest.fixture(scope="module")
def assets(quarter: Quarter) -> dict[str, UUID]:
    """Images, each with reasons of its own for not going."""
    world = quarter.world
    keeper, candidate = quarter.a_pair()
    made = {"keeper": keeper, "candidate": candidate}
    made["words"] = world.an_asset(quarter.one, b"no image", name="words.txt")
    made["raw"] = world.an_asset(quarter.one, name="IMG_1.jpg")
    (quarter.one.folder / "IMG_1.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    quarter.work()
    quarter.complete(keeper, candidate)
    made["unread"] = world.an_asset(quarter.one)
    made["withdrawn"] = world.an_asset(quarter.one)
    return made


@pytest.fixture(scope="module")
def withdrawn(quarter: Quarter, assets: dict[str, UUID]) -> UUID:
    manager = quarter.world.someone("records_manager", department=quarter.department)
    with quarter.world.api.transaction() as db:
        taken_back(db, manager, assets["withdrawn"], 1, "a test print")
    return assets["withdrawn"]


def key(quarter: Quarter, role: str) -> dict[str, str]:
    return quarter.world.headers(role, department=quarter.department)


def asked(api: Client, asset_id: UUID, headers: dict[str, str]) -> Answer:
    answer = api.get(f"/v1/assets/{asset_id}/eligibility", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def links(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield each rule with the address of its facts and those that its remedies say to read.

    A remedy is for whoever may apply it; to others the facts are closed too.
    """
    for rule in (one for one in answer["rules"] if one["evidence"] is not None):
        yield rule["reason"], rule["evidence"]
        for words in rule["mend"].values():
            yield from ((rule["reason"], at) for at in re.findall(r"GET (/[\w/{}-]+)", words))


@pytest.mark.parametrize("role", ROLES)
def test_every_link_of_an_answer_answers_whoever_was_told_it(
    quarter: Quarter,
    assets: dict[str, UUID],
    withdrawn: UUID,
    town_api: Client,
    role: str,
) -> None:
    headers = key(quarter, role)
    followed: dict[str, str] = {}
    for asset_id in assets.values():
        followed |= {at: reason for reason, at in links(asked(town_api, asset_id, headers))}
    told = {at: town_api.get(at, headers=headers).status_code for at in followed}
    wrong = {at: (followed[at], status) for at, status in told.items() if status != 200}
    assert not wrong
    assert (role in READING) is (f"/v1/assets/{withdrawn}/withdrawal" in followed)


def test_every_kind_of_fact_answers_every_role_that_it_is_told_to(
    quarter: Quarter, withdrawn: UUID, town_api: Client
) -> None:
    for role in sorted(COUNTING):
        headers, closed = key(quarter, role), closed_to(frozenset({Role(role)}))
        for address in {ASSET, *FACTS.values()}:
            status = town_api.get(address.format(id=withdrawn), headers=headers).status_code
            assert status == (403 if address in closed else 200), (role, address)


def test_a_remedy_names_the_image_it_is_of(
    quarter: Quarter, assets: dict[str, UUID], town_api: Client
) -> None:
    told = asked(town_api, assets["words"], key(quarter, "cataloguer"))
    at = f"/v1/assets/{assets['words']}/provenance"
    mends = [rule["mend"]["zh-Hant"] for rule in told["rules"] if rule["mend"]]
    assert any(f"PATCH {at}" in words for words in mends)
    assert "{id}" not in str(told)
