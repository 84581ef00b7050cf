"""What was seen where an asset should lie, and what a decision locks."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import bindparam, select
from world import AGENT, World

from app.assets.locks import lock_decisions
from app.assets.models import DecisionLockRow
from app.assets.service import Sighted, report_sighting
from app.kit.db import judging
from app.kit.errors import NoSuchResource


@pytest.fixture
def asset(town: World) -> UUID:
    return town.an_asset()


def report(town: World, asset: UUID, *states: Sighted) -> list[tuple[int, str, str]]:
    """Report what was seen; return what is kept of it and with what event."""
    for state in states:
        with town.worker.transaction() as db:
            report_sighting(db, AGENT, asset, state, "seen by a test")
    return [
        tuple(row)
        for row in town.find(
            "SELECT ordinal, state, kind FROM sightings s JOIN events e ON e.id = s.event_id"
            " WHERE s.asset_id = :id AND e.asset_id = :id ORDER BY ordinal",
            id=asset,
        )
    ]


def test_what_was_always_there_is_not_worth_a_word(town: World, asset: UUID) -> None:
    assert report(town, asset, "present", "present") == []


def test_the_same_again_says_nothing_new(town: World, asset: UUID) -> None:
    assert report(town, asset, "missing", "missing") == [(1, "missing", "x:loss-report")]


def test_what_comes_back_is_present_again(town: World, asset: UUID) -> None:
    assert report(town, asset, "unreachable", "missing", "changed", "present", "present") == [
        (1, "unreachable", "x:sighting"),
        (2, "missing", "x:loss-report"),
        (3, "changed", "x:sighting"),
        (4, "present", "x:sighting"),
    ]


FREE = (
    select(DecisionLockRow.asset_id)
    .where(DecisionLockRow.asset_id.in_(bindparam("ids", expanding=True)))
    .with_for_update(skip_locked=True)
)


def test_a_decision_locks_its_assets_against_another(town: World, asset: UUID) -> None:
    other = town.an_asset()
    with town.worker.transaction() as db, town.worker.transaction() as meanwhile:
        lock_decisions(db, [asset, asset])
        with judging(meanwhile):
            assert list(meanwhile.scalars(FREE, {"ids": [asset, other]})) == [other]


def test_what_is_not_there_cannot_be_decided_about(town: World, asset: UUID) -> None:
    with pytest.raises(NoSuchResource), town.worker.transaction() as db:
        lock_decisions(db, [asset, uuid4()])
