"""A worker that loses its database, its predecessor or its files loses nothing."""

import asyncio
import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from world import World

from app.kit.db import Database
from app.worker import number_forever, revive_forever, work

NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
COMPARED = "SELECT count(*) FROM compared"
UNNUMBERED = """
SELECT count(*) FROM events e LEFT JOIN log_entries l ON l.event_id = e.id WHERE l.event_id IS NULL
"""
AT_WORK = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
DIED = """
WITH died AS (
  INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id
)
UPDATE procrastinate_jobs SET status = 'doing', worker_id = died.id FROM died
"""


async def until_stopped(world: World, wanted: int) -> None:
    """Work until so many were compared and all is at rest, then ask the worker to stop."""
    working = asyncio.create_task(work(world.urls("catalogue_worker"), concurrency=2))
    for _ in range(900):
        await asyncio.sleep(0.1)
        # A job of the dead that was just locked is passed by, and revived with the next look.
        left = [world.find(UNNUMBERED), world.find(AT_WORK)]
        if world.find(COMPARED) == [(wanted,)] and left == [[(0,)], [(0,)]]:
            break
    os.kill(os.getpid(), signal.SIGTERM)
    await working


def test_a_worker_does_what_a_dead_one_had_begun_and_stops_when_asked(world: World) -> None:
    store = world.a_source_system()
    first = world.an_asset(store)
    world.a_copy_of(first, store)
    world.find(DIED, role="catalogue_owner")
    asyncio.run(until_stopped(world, 2))
    assert world.find(COMPARED) == [(2,)]
    assert world.find("SELECT count(*) FROM likenesses") == [(1,)]
    assert world.find(UNNUMBERED) == [(0,)]
    assert world.find(AT_WORK) == [(0,)]


async def some_of(endless: Any) -> None:  # noqa: ANN401 - a coroutine
    """Let an endless task run for a moment."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(endless, 0.5)


def test_numbering_and_reviving_outlast_a_database_that_is_away() -> None:
    away = Database(NOBODY, pool_size=1)
    asyncio.run(some_of(number_forever(away)))
    asyncio.run(some_of(revive_forever(away)))
    away.close()


def seen(folder: Path) -> dict[str, tuple[str, int, int, int, int]]:
    """Return each file's and folder's digest and times."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        digest = ""
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # our own look leaves no trace
        found[path.name] = (digest, stat.st_mode, stat.st_mtime_ns, stat.st_atime_ns, stat.st_size)
    return found


def test_the_whole_pipeline_leaves_every_source_as_it_was(world: World) -> None:
    store = world.a_source_system()
    first = world.an_asset(store, description="A tram")
    world.a_copy_of(first, store)
    world.an_asset(store, b"no image", name="notes.txt")
    world.an_asset(store, b"", name="empty.jpg")
    for path in store.folder.iterdir():
        os.utime(path, (1_000_000_000, 1_100_000_000))
    before = seen(store.folder)
    changed_at = {path.name: path.stat().st_ctime_ns for path in store.folder.iterdir()}
    world.work()
    world.complete_record(first)
    assert {path.name: path.stat().st_ctime_ns for path in store.folder.iterdir()} == changed_at
    assert seen(store.folder) == before
    assert world.find(COMPARED) == [(4,)]
