"""Transactions that meet: barriers, small numbers here, large ones in the drill."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from world import World

from app.catalogue.registration import Registration
from app.catalogue.service import register_one
from app.comparisons.service import compare_once
from app.fingerprints.tasks import fingerprint_files
from app.kit.db import retried
from app.kit.jobs import bind
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.readings.tasks import read_files

ROUNDS = 20
PAIRS = "SELECT count(*) FROM likenesses WHERE a_asset_id = :one AND b_asset_id = :other"
TOLD = "SELECT count(*) FROM events WHERE kind = 'ffa' AND asset_id = :one"
STATED = """
SELECT a.id, count(*) FILTER (WHERE s->>'field' = 'custodian' AND s->>'locator' LIKE 'series:%')
  FROM assets a JOIN provenance_heads h ON h.asset_id = a.id
  JOIN provenance_versions v ON (v.asset_id, v.version) = (h.asset_id, h.version)
  CROSS JOIN jsonb_array_elements(v.statements) s
 WHERE a.source_system = :code GROUP BY a.id
"""
Work = Callable[[Session], object]


def at_once(world: World, *works: Work, role: str = "catalogue_worker") -> None:
    """Do several pieces of work in transactions that begin together."""
    barrier = Barrier(len(works))

    def one(work: Work) -> None:
        def attempt() -> None:
            with world.as_role(role).transaction() as db:
                work(db)

        barrier.wait()
        retried(attempt)

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(one, work) for work in works]:
            done.result()


def comparing(*assets: UUID) -> Work:
    """Compare these assets."""
    return lambda db: compare_once(db, assets)


@pytest.fixture(scope="module")
def twins(town: World) -> list[tuple[UUID, UUID]]:
    """Pairs of equal files, hashed and not compared."""
    store = town.a_source_system()
    found = []
    for _ in range(ROUNDS):
        one = town.an_asset(store)
        found.append((one, town.a_copy_of(one, store)))
    bind(town.worker)
    every = [asset_id for pair in found for asset_id in pair]
    read_files(every)
    fingerprint_files(every)
    town.find("DELETE FROM procrastinate_jobs", role="catalogue_owner")
    return found


def test_twins_compared_in_two_transactions_end_as_one_pair(
    town: World, twins: list[tuple[UUID, UUID]]
) -> None:
    for one, other in twins[: ROUNDS // 2]:
        at_once(town, comparing(one), comparing(other))
        assert town.find(PAIRS, one=one, other=other) == [(1,)]
        assert town.find(TOLD, one=one) == town.find(TOLD, one=other) == [(1,)]


def test_a_comparison_done_twice_at_once_is_told_once(
    town: World, twins: list[tuple[UUID, UUID]]
) -> None:
    for one, other in twins[ROUNDS // 2 :]:
        at_once(town, comparing(one, other), comparing(one, other))
        assert town.find(PAIRS, one=one, other=other) == [(1,)]
        assert town.find(TOLD, one=one) == town.find(TOLD, one=other) == [(1,)]


def test_a_statement_for_a_series_reaches_what_is_registered_meanwhile(world: World) -> None:
    store = world.a_source_system()
    registrar = world.someone("registrar", department=store.department)
    manager = world.someone("records_manager", department=store.department)

    def registering(number: int) -> Work:
        said = Registration(
            source_system=store.code,
            source_identifier=f"{number}",
            location=f"{number}.jpg",
            original_name="one",
            legal_status=["undetermined"],
        )
        return lambda db: register_one(db, registrar, said)

    def stating(number: int) -> Work:
        said = Change([Assertion("custodian", f"Unit {number}")])

        def state(db: Session) -> None:
            state_for_series(
                db, manager, series_for(db, manager, "source-system", store.code), said
            )

        return state

    for number in range(ROUNDS):
        at_once(world, registering(number), stating(number), role="catalogue_api")
    world.work()
    found = world.find(STATED, code=store.code)
    assert len(found) == ROUNDS
    assert {times for _, times in found} == {1}
    assert world.find("SELECT DISTINCT state FROM operations") == [("done",)]
