"""A worker that is killed, paused or asked to stop: others go on, and it writes nothing late."""

import asyncio
import os
import signal

import procrastinate
import psutil
import pytest
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from pydantic import ValidationError
from sqlalchemy import text
from working import at_rest, pause_amid, until, working
from world import World

from app.kit.clock import now
from app.kit.fencing import BackingOff, JobLost, NoJob, Stopping, running
from app.kit.jobs import bind, in_transaction, queue
from app.kit.settings import Settings

READ = "readings.read_assets"
TIMES = """
SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM fingerprints),
       (SELECT count(*) FROM compared), (SELECT count(*) FROM sightings),
       (SELECT count(*) FROM events WHERE kind = 'mee')
"""
BACK = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
WAITING = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = :task"
WORKERS = "SELECT count(*) FROM procrastinate_workers"


def test_a_paused_worker_whose_job_was_given_to_another_writes_nothing_late(world: World) -> None:
    store = world.a_source_system()
    assets = [world.an_asset(store) for _ in range(3)]
    with working(world, "paused") as paused:
        pause_amid(world, paused, READ)
        assert world.find(TIMES) == [(0, 0, 0, 0, 0)]
        with working(world, "other") as other:
            until(lambda: world.find(TIMES) == [(3, 3, 3, 0, 3)])
            assert "job_revived" in other.words
            until(lambda: at_rest(world))
        # What the paused one holds open is no longer what it opened: it would tell so, late.
        os.utime(world.file_of(assets[0]), (1, 1))
        paused.resume()
        until(lambda: "was given to another worker" in paused.words)
        later = world.an_asset(store)
        until(lambda: at_rest(world))
        assert world.find(TIMES) == [(4, 4, 4, 0, 4)], "it goes on under a new registration"
        assert world.find("SELECT count(*) FROM readings WHERE asset_id = :id", id=later) == [(1,)]


def test_the_other_of_two_workers_finishes_what_a_killed_one_had_begun(world: World) -> None:
    store = world.a_source_system()
    for _ in range(3):
        world.an_asset(store)
    with working(world, "killed") as killed:
        pause_amid(world, killed, READ)
        with working(world, "other") as other:
            killed.ended(signal.SIGKILL)
            until(lambda: world.find(TIMES) == [(3, 3, 3, 0, 3)] and at_rest(world))
            for worker in (killed, other):
                assert "Traceback" not in worker.words


def test_a_worker_that_is_asked_to_stop_lets_its_job_end(world: World) -> None:
    store = world.a_source_system()
    for _ in range(3):
        world.an_asset(store)
    with working(world, "asked") as asked:
        until(lambda: world.find(BACK) != [(0,)] and asked.children())
        children = asked.children()
        assert asked.ended(signal.SIGTERM) == 0
    assert world.find(BACK) == [(0,)]
    assert world.find(WORKERS) == [(0,)]
    read, waiting = world.find(TIMES)[0][0], world.find(WAITING, task=READ)
    assert read >= 1
    assert [tuple(row) for row in waiting] == [("todo", 0)] * (3 - read)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_what_does_not_end_in_time_is_given_back_at_once(world: World) -> None:
    store = world.a_source_system()
    for _ in range(3):
        world.an_asset(store)
    with working(world, "asked", CATALOGUE_WORKER_GRACE_SECONDS="0") as asked:
        pause_amid(world, asked, READ)
        asked.process.send_signal(signal.SIGTERM)
        asked.resume()
        assert asked.ended() == 0
    assert world.find(WORKERS) == [(0,)]
    assert [row.status for row in world.find(WAITING, task=READ)] == ["todo"] * 3
    assert world.find(TIMES) == [(0, 0, 0, 0, 0)]


def test_a_second_signal_ends_a_worker_on_the_spot(world: World) -> None:
    world.an_asset()
    with working(world, "hurried") as hurried:
        pause_amid(world, hurried, READ)
        hurried.process.send_signal(signal.SIGTERM)
        hurried.process.send_signal(signal.SIGINT)
        hurried.resume()
        assert hurried.ended() in (128 + signal.SIGTERM, 128 + signal.SIGINT)


def test_in_a_worker_no_transaction_is_opened_without_a_job(world: World) -> None:
    bind(world.worker, fenced=True)
    with pytest.raises(NoJob):
        in_transaction(lambda db: db.execute(text("SELECT 1")))
    bind(world.worker)


def test_a_job_is_ended_by_the_run_that_holds_it_and_by_no_other(world: World) -> None:
    world.an_asset()

    async def late() -> str:
        address = world.urls("catalogue_worker").replace("postgresql+psycopg", "postgresql")
        connector = procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=2)
        with queue.replace_connector(connector) as app:
            async with app.open_async():
                first = await app.job_manager.register_worker()
                job = await app.job_manager.fetch_job(queues=None, worker_id=first)
                assert job is not None
                await app.job_manager.unregister_worker(first)
                again = await app.job_manager.register_worker()
                world.find(
                    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)"
                    " FROM procrastinate_jobs WHERE status = 'doing'"
                )
                await app.job_manager.fetch_job(queues=None, worker_id=again)
                await app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
                await app.job_manager.retry_job(job)
                return job.task_name

    task = asyncio.run(late())
    assert [tuple(row) for row in world.find(WAITING, task=task)] == [("doing", 1)]


HANDED_ON = "UPDATE procrastinate_jobs SET {} WHERE status = 'doing'"


@pytest.mark.parametrize(
    "change",
    ["worker_id = :other", "attempts = attempts + :other", "status = 'todo', priority = :other"],
    ids=["to another worker", "to the same worker again", "back to the queue"],
)
def test_a_run_writes_nothing_more_once_its_job_was_handed_on(world: World, change: str) -> None:
    world.an_asset()

    async def begun() -> tuple[Job, int]:
        address = world.urls("catalogue_worker").replace("postgresql+psycopg", "postgresql")
        connector = procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=2)
        with queue.replace_connector(connector) as app:
            async with app.open_async():
                mine, other = [await app.job_manager.register_worker() for _ in range(2)]
                job = await app.job_manager.fetch_job(queues=None, worker_id=mine)
                assert job is not None
                return job, other

    job, other = asyncio.run(begun())
    bind(world.worker)
    context = JobContext(app=queue, job=job, start_timestamp=0.0, abort_reason=lambda: None)
    with running(context):
        assert in_transaction(lambda db: db.scalar(text("SELECT 1"))) == 1
        world.find(HANDED_ON.format(change), "catalogue_owner", other=other)
        with pytest.raises(JobLost):
            in_transaction(lambda db: db.scalar(text("SELECT 1")))


def test_a_worker_may_not_count_as_dead_between_two_of_its_own_heartbeats() -> None:
    with pytest.raises(ValidationError, match="at least twice"):
        Settings(worker_heartbeat_seconds=20, worker_stalled_seconds=30)


def test_a_job_that_fails_waits_longer_each_time_and_one_that_was_lost_is_let_go() -> None:
    def waits(error: BaseException, attempts: int) -> float | None:
        job = Job(
            id=1,
            queue="default",
            lock=None,
            queueing_lock=None,
            task_name="test",
            attempts=attempts,
        )
        decision = BackingOff().get_retry_decision(exception=error, job=job)
        if decision is None or decision.retry_at is None:
            return None
        return round((decision.retry_at - now()).total_seconds())

    assert [waits(ValueError(), attempts) for attempts in (0, 1, 3, 50)] == [1, 2, 8, 600]
    assert waits(ValueError(), 100) is None, "its stage's sweeps are left"
    assert waits(JobLost(), 0) is None
    assert waits(Stopping(), 5) == 0
