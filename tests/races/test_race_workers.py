"""Two workers that are given the same list at once: each step is done once and told once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from world import World

from app.comparisons.tasks import compare_files
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import bind
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.provenance.tasks import adopt, enter_part
from app.readings.tasks import read_files

ROUNDS = 3
Do = Callable[[Sequence[UUID]], None]
TIMES = """
SELECT a.id,
       (SELECT count(*) FROM readings t WHERE t.asset_id = a.id) AS readings,
       (SELECT count(*) FROM fingerprints t WHERE t.asset_id = a.id) AS fingerprints,
       (SELECT count(*) FROM compared t WHERE t.asset_id = a.id) AS compared,
       (SELECT count(*) FROM provenance_versions t WHERE t.asset_id = a.id) AS versions,
       (SELECT count(*) FROM events e WHERE e.asset_id = a.id) AS events
  FROM assets a WHERE a.id = ANY(:ids)
"""


def by_both(do: Do, asset_ids: Sequence[UUID]) -> None:
    """Let two workers do the same at once."""
    barrier = Barrier(2)

    def one() -> None:
        barrier.wait(timeout=10)
        do(asset_ids)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one) for _ in range(2)]:
            done.result()


@pytest.fixture
def both(town: World) -> Iterator[Callable[[Do, Sequence[UUID]], None]]:
    bind(town.worker)
    yield by_both
    town.lose_jobs()
    assert town.find("SELECT * FROM hindrances") == [], "nothing failed"


def test_every_stage_is_done_once_though_two_workers_begin_it_together(
    town: World, both: Callable[[Do, Sequence[UUID]], None]
) -> None:
    store = town.a_source_system()
    for _ in range(ROUNDS):
        first = town.an_asset(store, description="A tram")
        assets = [first, town.a_copy_of(first, store), town.an_asset(store, b"", name=None)]
        for do in (read_files, adopt, fingerprint_files, compare_files):
            both(do, assets)
        found = {row.id: tuple(row)[1:] for row in town.find(TIMES, ids=assets)}
        # Told: registered, read, entered, hashed, compared; an empty file says nothing.
        assert found == {
            assets[0]: (1, 1, 1, 2, 6),
            assets[1]: (1, 1, 1, 2, 6),
            assets[2]: (1, 1, 1, 1, 5),
        }


def test_a_series_is_entered_and_counted_once_though_two_workers_begin_it_together(
    town: World, both: Callable[[Do, Sequence[UUID]], None]
) -> None:
    store = town.a_source_system()
    assets = [town.an_asset(store) for _ in range(3)]
    caller = town.someone("records_manager", department=store.department)
    with town.api.transaction() as db:
        series = series_for(db, caller, "source-system", store.code)
        operation = state_for_series(db, caller, series, Change([Assertion("custodian", "One")]))
    [[statements]] = town.find(
        "SELECT id FROM series_statements WHERE operation_id = :id", id=operation
    )
    both(lambda ids: enter_part(ids, statements), assets)
    assert {row.versions for row in town.find(TIMES, ids=assets)} == {2}
    assert town.find("SELECT state, done FROM operations WHERE id = :id", id=operation) == [
        ("done", 3)
    ]
