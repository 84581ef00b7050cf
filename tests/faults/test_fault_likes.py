"""A worker that is killed while it measures: another begins again, nothing is lost or doubled."""

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from views import scene, written
from working import at_rest, pause_amid, until, working
from world import World

from app.comparisons import likeness_tasks
from app.comparisons.likeness_tasks import look_alike
from app.kit.jobs import bind

LOOKING = "comparisons.likeness_tasks.look_for_likes"
LOOKED = "SELECT count(*), count(DISTINCT asset_id) FROM looked_alike"
ONCE = """
SELECT (SELECT count(*) FROM measurements), (SELECT count(*) FROM likenesses),
       (SELECT count(*) FROM events WHERE kind = 'x:pair-measured'),
       (SELECT count(*) FROM events WHERE kind = 'x:likeness'),
       (SELECT count(*) FROM events WHERE kind = 'x:looked-alike')
"""
SMALL = "SELECT count(*) FROM likenesses WHERE class = 'derivative_reduced'"


def some_pairs(world: World, many: int) -> int:
    """Register pictures and a smaller copy of each; say how many files."""
    store = world.a_source_system()
    for number in range(many):
        whole = scene(40 + number, (240, 180))
        world.an_asset(store, written(whole), name=f"whole-{number}.jpg")
        world.an_asset(store, written(whole.resize((160, 120))), name=f"small-{number}.jpg")
    return 2 * many


def test_the_other_of_two_workers_measures_what_a_killed_one_had_begun(world: World) -> None:
    files = some_pairs(world, 2)
    with working(world, "killed") as killed:
        pause_amid(world, killed, LOOKING)
        with working(world, "other") as other:
            killed.ended(signal.SIGKILL)
            until(lambda: world.find(LOOKED) == [(files, files)] and at_rest(world), 100)
            assert "Traceback" not in other.words
    [(measured, likenesses, *told)] = world.find(ONCE)
    assert told == [measured, likenesses, files]
    assert likenesses == measured >= 2
    assert world.find(SMALL) == [(2,)]
    assert world.find("SELECT count(*) FROM set_aside") == [(0,)]


def test_two_workers_that_measure_one_pair_at_once_tell_of_it_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = some_pairs(world, 1)
    with monkeypatch.context() as held:
        held.setattr(likeness_tasks, "look_alike", lambda _: None)
        world.work()
    one, other = (row[0] for row in world.find("SELECT id FROM assets ORDER BY id"))
    bind(world.worker)
    barrier, measuring = Barrier(2), likeness_tasks.measure_some

    def together(*told: object) -> object:
        found = measuring(*told)  # type: ignore[arg-type]
        barrier.wait(30)
        return found

    monkeypatch.setattr(likeness_tasks, "measure_some", together)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(look_alike, [asset_id]) for asset_id in (one, other)]:
            done.result()
    [(measured, likenesses, *told)] = world.find(ONCE)
    assert (measured, likenesses, told) == (1, 1, [1, 1, files])
