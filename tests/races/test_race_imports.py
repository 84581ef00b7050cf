"""Workers that register one import at the same time, and workers that are killed at it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from world import System, World

from app.catalogue.imports import register_chunk
from app.catalogue.receiving import Cutter
from app.catalogue.spool import Announced, begin, end, keep
from app.catalogue.tasks import register_next
from app.kit.jobs import bind

ROOT = Path(__file__).parents[2]
FAULTS = {
    "lost": "SELECT count(*) FROM generate_series(1, {n}) AS n WHERE NOT EXISTS"
    " (SELECT FROM import_results WHERE line = n)",
    "assets": "SELECT count(*) FROM assets",
    "results": "SELECT count(*) FROM import_results WHERE outcome = 'registered'",
    "state without event": "SELECT count(*) FROM assets a WHERE NOT EXISTS"
    " (SELECT FROM events e WHERE e.id = a.event_id AND e.asset_id = a.id)",
    "event without state": "SELECT count(*) FROM events e WHERE kind = 'ing' AND NOT EXISTS"
    " (SELECT FROM assets a WHERE a.event_id = e.id)",
    "asset without record": "SELECT count(*) FROM assets a WHERE NOT EXISTS"
    " (SELECT FROM provenance_heads h WHERE h.asset_id = a.id AND h.version = 1)",
    "jobs": "SELECT coalesce(sum(jsonb_array_length(args->'asset_ids')), 0)"
    " FROM procrastinate_jobs WHERE task_name = 'readings.read_assets'",
    "chunks": "SELECT count(*) FROM import_chunks",
}


def received(world: World, system: System, count: int, *, at_once: int) -> UUID:
    """Receive an import of so many lines, cut into chunks of some."""
    caller = world.someone("registrar", department=system.department)
    with world.api.transaction() as db:
        import_id = begin(db, caller, Announced())
    start = 0
    for first in range(0, count, at_once):
        cutter = Cutter(start)
        body = b"".join(line(system, n) for n in range(first, min(first + at_once, count)))
        for piece in (*cutter.feed(body), *cutter.finish()):
            with world.api.transaction() as db:
                keep(db, import_id, piece)
        start += len(body)
    with world.api.transaction() as db:
        end(db, caller.agent, import_id, "complete")
    return import_id


def line(system: System, number: int) -> bytes:
    name = f"{number}.jpg"
    said: dict[str, Any] = {"source_system": system.code, "source_identifier": name}
    said |= {"location": name, "original_name": name, "legal_status": ["undetermined"]}
    return json.dumps(said).encode() + b"\n"


def faults(world: World, count: int) -> dict[str, int]:
    return {
        name: world.find(asked.format(n=count), "postgres")[0][0] for name, asked in FAULTS.items()
    }


def whole(count: int) -> dict[str, int]:
    there = {"assets": count, "results": count, "jobs": count}
    return dict.fromkeys(FAULTS, 0) | there


def test_two_workers_on_one_import_register_each_line_once(world: World) -> None:
    system = world.a_source_system()
    import_id = received(world, system, 60, at_once=6)
    bind(world.worker)
    together = threading.Barrier(2)
    failed: list[BaseException] = []

    def work() -> None:
        together.wait()
        try:
            while register_next(import_id):
                continue
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failed == []
    assert faults(world, 60) == whole(60)
    done = world.find("SELECT done, total, state FROM operations WHERE id = :i", i=import_id)
    assert done == [(60, 60, "done")]


def test_two_imports_of_the_same_copies_register_each_once(world: World) -> None:
    system = world.a_source_system()
    imports = [received(world, system, 40, at_once=5) for _ in range(2)]
    bind(world.worker)
    together = threading.Barrier(2)

    def work(import_id: UUID) -> None:
        together.wait()
        while register_next(import_id):
            continue

    workers = [threading.Thread(target=work, args=(one,)) for one in imports]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counted = "SELECT outcome, count(*)::int FROM import_results GROUP BY 1 ORDER BY 1"
    assert world.find(counted) == [("already_there", 40), ("registered", 40)]
    assert world.find("SELECT count(*) FROM assets") == [(40,)]


KILLED = """
import sys
from uuid import UUID
sys.path.insert(0, {root!r})
from app.catalogue.tasks import register_next
from app.kit.db import Database
from app.kit.jobs import bind
from app.readings import tasks
bind(Database({url!r}, pool_size=1))
print("ready", flush=True)
while register_next(UUID({import_id!r})):
    print("one", flush=True)
"""


def test_workers_that_are_killed_lose_nothing_and_double_nothing(world: World) -> None:
    system = world.a_source_system()
    import_id = received(world, system, 1200, at_once=150)
    script = KILLED.format(
        root=str(ROOT), url=world.urls("catalogue_worker"), import_id=str(import_id)
    )
    for after in (0.0, 0.08):
        with subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        ) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(after)
            os.kill(worker.pid, signal.SIGKILL)
    bind(world.worker)
    while register_next(import_id):
        continue
    assert faults(world, 1200) == whole(1200)


def test_a_chunk_that_cannot_be_finished_leaves_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = world.a_source_system()
    import_id = received(world, system, 30, at_once=30)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr("app.catalogue.imports.count", fail)
        with pytest.raises(RuntimeError), world.worker.transaction() as db:
            register_chunk(db, import_id)
    nothing = {"lost": 30, "assets": 0, "results": 0, "jobs": 0, "chunks": 1}
    assert faults(world, 30) == whole(0) | nothing
    with world.worker.transaction() as db:
        assert register_chunk(db, import_id)
    assert faults(world, 30) == whole(30)
