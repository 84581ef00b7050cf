"""A lost job delays and never loses: each stage's sweeps find what was left, soon and at night."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from world import World, a_while_later

from app.comparisons.tasks import compare_all_that_was_left, compare_what_was_left
from app.fingerprints.tasks import (
    fingerprint_all_that_was_left,
    fingerprint_files,
    fingerprint_what_was_left,
)
from app.kit.jobs import EVERY_MINUTE, bind, queue
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.provenance.tasks import (
    adopt_all_that_was_left,
    adopt_what_was_left,
    enter_what_was_left,
)
from app.readings.tasks import read_all_that_was_left, read_files, read_what_was_left

Sweep = Callable[[], None]
STAGES: list[tuple[str, Sweep, Sweep]] = [
    ("readings", read_what_was_left, read_all_that_was_left),
    ("fingerprints", fingerprint_what_was_left, fingerprint_all_that_was_left),
    ("compared", compare_what_was_left, compare_all_that_was_left),
]
ROWS = "SELECT count(*) FROM {} WHERE asset_id = :id"
HEAD = "SELECT version FROM provenance_heads WHERE asset_id = :id"
SEALS = "SELECT count(*) FROM seals WHERE asset_id = :id"
# So far that the quick sweep's range no longer holds it, as of what was lost long ago.
LONG_LOOKED = """
UPDATE sweeps SET looked_up_to = uuidv7(interval '1 hour')
"""
QUICK, NIGHTLY = "soon", "at night"


@pytest.mark.parametrize("when", [QUICK, NIGHTLY])
def test_each_stage_does_what_its_lost_job_left(world: World, when: str) -> None:
    asset_id = world.an_asset(description="A tram")
    bind(world.worker)
    with a_while_later():
        for table, soon, at_night in STAGES:
            world.lose_jobs()
            if when == NIGHTLY:
                soon_finds_nothing(world, soon, table, asset_id)
            (soon if when == QUICK else at_night)()
            assert world.find(ROWS.format(table), id=asset_id) == [(1,)], table
        world.lose_jobs()
        (adopt_what_was_left if when == QUICK else adopt_all_that_was_left)()
        assert world.find(HEAD, id=asset_id) == [(2,)]


def soon_finds_nothing(world: World, soon: Sweep, table: str, asset_id: object) -> None:
    """Make sure that the quick sweep has passed an asset by."""
    with pytest.MonkeyPatch.context() as nothing:
        nothing.setattr("app.assets.sweeping.look", lambda *_, **__: None)
        soon()
    world.find(LONG_LOOKED)
    soon()
    assert world.find(ROWS.format(table), id=asset_id) == [(0,)], table


@pytest.mark.parametrize("when", [QUICK, NIGHTLY])
def test_what_is_complete_and_was_never_sealed_is_sealed(world: World, when: str) -> None:
    asset_id = world.an_asset()
    world.complete_record(asset_id)
    bind(world.worker)
    with a_while_later():
        world.lose_jobs()
        adopt_what_was_left()  # nothing read yet; and the policies of today are known now
        read_what_was_left()
        world.lose_jobs()
        assert world.find(SEALS, id=asset_id) == [(0,)]
        (adopt_what_was_left if when == QUICK else adopt_all_that_was_left)()
    assert world.find(SEALS, id=asset_id) == [(1,)]


def test_what_was_said_of_a_series_is_entered_and_counted_though_its_job_is_lost(
    world: World,
) -> None:
    store = world.a_source_system()
    assets = [world.an_asset(store) for _ in range(3)]
    caller = world.someone("records_manager", department=store.department)
    with world.api.transaction() as db:
        series = series_for(db, caller, "source-system", store.code)
        state_for_series(db, caller, series, Change([Assertion("custodian", "Unit 3")]))
    world.lose_jobs()
    later = world.an_asset(store)
    bind(world.worker)
    enter_what_was_left()
    assert world.find("SELECT state, done FROM operations") == [("waiting", 0)]
    world.lose_jobs()
    with a_while_later():
        enter_what_was_left()
        enter_what_was_left()
    assert world.find("SELECT state, done FROM operations") == [("done", 3)]
    assert [world.find(HEAD, id=one) for one in [*assets, later]] == [[(2,)]] * 3 + [[(1,)]]


def test_the_clock_brings_each_sweep_of_every_minute_and_all_succeed(world: World) -> None:
    known = queue.periodic_registry.periodic_tasks.values()
    minutely = {one.task.name for one in known if one.cron == EVERY_MINUTE}
    assert {"sweep.readings", "sweep.fingerprints", "sweep.comparisons"} <= minutely
    world.an_asset()
    world.work(by_the_clock=True)
    brought = world.find("SELECT task_name FROM procrastinate_periodic_defers")
    assert {row[0] for row in brought} >= minutely


def test_a_sweep_leaves_alone_what_still_waits_in_the_queue(world: World) -> None:
    asset_id = world.an_asset()
    bind(world.worker)
    with a_while_later():
        read_what_was_left()
        assert world.find(ROWS.format("readings"), id=asset_id) == [(0,)]


def test_a_walk_that_was_cut_short_goes_on_where_it_stood(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.a_source_system()
    assets = [world.an_asset(store) for _ in range(4)]
    world.lose_jobs()
    monkeypatch.setattr("app.assets.sweeping.ROWS_A_LOOK", 1)
    bind(world.worker)
    with a_while_later():
        walked = {"walked_to": assets[1]}
        with world.worker.transaction() as db:
            db.execute(
                text(
                    "INSERT INTO sweeps (stage, looked_up_to, walked_to)"
                    " VALUES ('readings', uuidv7(), :walked_to)"
                ),
                walked,
            )
        read_all_that_was_left()
        read = [world.find(ROWS.format("readings"), id=one)[0][0] for one in assets]
        assert read == [0, 0, 1, 1]
        read_all_that_was_left()
    assert all(world.find(ROWS.format("readings"), id=one) == [(1,)] for one in assets)


def test_a_missing_file_is_looked_for_less_and_less_often(world: World) -> None:
    asset_id = world.an_asset()
    file = world.file_of(asset_id)
    file.rename(file.with_suffix(".away"))
    world.lose_jobs()
    bind(world.worker)
    waits = []
    with a_while_later():
        for _ in range(5):
            read_what_was_left()
            read_what_was_left()
            waits += world.find(
                "SELECT looks, round(extract(epoch FROM due_at - now()) / 60)::int AS minutes"
                " FROM hindrances WHERE asset_id = :id AND stage = 'readings'",
                id=asset_id,
            )
            world.find("UPDATE hindrances SET due_at = now()")
        assert [tuple(one) for one in waits] == [(1, 1), (2, 5), (3, 60), (4, 1440), (5, 1440)]
        file.with_suffix(".away").rename(file)
        read_what_was_left()
    assert world.find(ROWS.format("readings"), id=asset_id) == [(1,)]
    assert world.find("SELECT count(*) FROM hindrances") == [(0,)]


def test_a_file_that_goes_on_changing_is_not_read_again_and_again(world: World) -> None:
    asset_id = world.an_asset()
    world.work()
    file = world.file_of(asset_id)
    bind(world.worker)

    def change() -> None:
        file.write_bytes(file.read_bytes() + b" ")

    again = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'readings.read_again'"
    read = "SELECT count(*) FROM readings WHERE asset_id = :id"
    change()
    read_files([asset_id])
    world.lose_jobs()
    change()
    fingerprint_files([asset_id])
    assert world.find(again) == [(1,)], "the first time it is read again at once"
    world.lose_jobs()
    fingerprint_files([asset_id])
    assert world.find(again) == [(0,)]
    assert world.find(
        "SELECT stage, looks FROM hindrances WHERE asset_id = :id ORDER BY 1", id=asset_id
    ) == [("fingerprints", 2), ("readings", 2)]
    before = world.find(read, id=asset_id)
    with a_while_later():
        read_what_was_left()
        assert world.find(read, id=asset_id) == before, "it waits"
        world.find("UPDATE hindrances SET due_at = now() WHERE stage = 'readings'")
        read_what_was_left()
        assert world.find(read, id=asset_id) == [(before[0][0] + 1,)]
        fingerprint_files([asset_id])
    assert world.find("SELECT count(*) FROM hindrances") == [(0,)]
