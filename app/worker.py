"""The worker process: jobs, sweeps, revival of stalled jobs, and the sequencer."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import procrastinate
import psycopg
import structlog
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.assets import surrounding_tasks
from app.assets import tasks as asset_tasks
from app.catalogue import tasks as catalogue_tasks
from app.comparisons import judging_tasks, likeness_tasks
from app.comparisons import tasks as comparison_tasks
from app.fingerprints import tasks as fingerprint_tasks
from app.kit import forgetting
from app.kit.db import Database
from app.kit.jobs import bind, queue
from app.kit.settings import settings
from app.ledger.sequencer import number_events
from app.overview import tasks as overview_tasks
from app.provenance import tasks as provenance_tasks
from app.readings import rereading_tasks
from app.readings import tasks as reading_tasks

log = structlog.get_logger(__name__)
LISTENERS = (
    asset_tasks,
    surrounding_tasks,
    catalogue_tasks,
    reading_tasks,
    rereading_tasks,
    provenance_tasks,
    fingerprint_tasks,
    comparison_tasks,
    likeness_tasks,
    judging_tasks,
    overview_tasks,
)
SWEPT = (forgetting,)  # its sweep is known to the queue by being imported
NUMBERING_SECONDS = 0.2
AWAY_SECONDS = 1.0  # between two tries to number while the database is away
THREAD_SECONDS = 5.0
POOL_SECONDS = 5.0  # how long the queue waits for a connection before its worker begins again
LONGEST_PAUSE = 15.0  # seconds between two tries to work again after the database went away
AWAY = (procrastinate.exceptions.ProcrastinateException, psycopg.Error, DBAPIError, OSError)
# Passed by, not waited for: a run that is just writing still holds its job.
REVIVE = text("""
WITH stalled AS MATERIALIZED (
  SELECT j.id, j.task_name FROM procrastinate_jobs j
    LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
   WHERE j.status = 'doing'
     AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => :silence))
     FOR UPDATE OF j SKIP LOCKED
)
SELECT id, task_name, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)::text FROM stalled
""")
GIVE_BACK = text("""
WITH mine AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = :worker
     FOR UPDATE SKIP LOCKED
)
SELECT id, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)::text FROM mine
""")
BEAT = text("SELECT procrastinate_update_heartbeat_v1(:worker)")
LEAVE = text("SELECT procrastinate_unregister_worker_v1(:worker)")


async def work(url: str, *, concurrency: int) -> None:
    """Work until a signal asks to stop, whatever becomes of the database meanwhile.

    Jobs at work may end then, for as long as CATALOGUE_WORKER_GRACE_SECONDS; the rest is given
    back at once. A second signal ends the process on the spot.
    """
    database = Database(url, pool_size=concurrency + 4)
    bind(database, fenced=True)
    helpers = [
        asyncio.create_task(number_forever(database)),
        asyncio.create_task(revive_forever(database)),
    ]
    try:
        async with stop_asked() as asked:
            pause = 1.0
            while not asked.is_set():
                trouble = "the queue's worker ended, as when its side tasks lose the database"
                try:
                    await work_once(url, database, asked, concurrency)
                    pause = 1.0
                except AWAY as error:
                    trouble = str(error)
                    pause = min(2 * pause, LONGEST_PAUSE)
                if not asked.is_set():
                    log.warning("work_interrupted", error=trouble)
                await passed(asked, pause)
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        database.close()


@asynccontextmanager
async def stop_asked() -> AsyncIterator[asyncio.Event]:
    """Yield what is set by the first SIGTERM or SIGINT; the second one ends the process."""
    asked = asyncio.Event()

    def stop(number: int) -> None:
        if asked.is_set():
            log.warning("ended_on_the_spot")
            os._exit(128 + number)
        asked.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        yield asked
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def passed(asked: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until a stop is asked for."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asked.wait(), seconds)


async def work_once(url: str, database: Database, asked: asyncio.Event, concurrency: int) -> None:
    """Work under one registration: until a stop is asked for, or the database goes away."""
    libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(
        conninfo=libpq, min_size=2, max_size=concurrency + 4, timeout=POOL_SECONDS
    )
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            worker = Worker(
                app,
                concurrency=concurrency,
                delete_jobs="successful",
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=settings().worker_heartbeat_seconds,
                stalled_worker_timeout=settings().worker_stalled_seconds,
                shutdown_graceful_timeout=settings().worker_grace_seconds,
                install_signal_handlers=False,
            )
            working = asyncio.create_task(run(worker))
            stopping = asyncio.create_task(asked.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if working.done():
                working.result()  # raises what ended it
            else:
                await stop(worker, working, database)


async def run(worker: Worker) -> None:
    """Let the queue's worker run."""
    await worker.run()  # type: ignore[no-untyped-call]


async def stop(worker: Worker, working: asyncio.Task[None], database: Database) -> None:
    """Let jobs at work end within the grace; then give back what is left and end the process."""
    registered = worker.worker_id
    beating = asyncio.create_task(beat_forever(database, registered))
    worker.stop()  # type: ignore[no-untyped-call]
    # Asked to abort after the grace, a job ends with its next transaction; some never reach it.
    done, _ = await asyncio.wait({working}, timeout=settings().worker_grace_seconds + 2)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    if done:
        working.result()
        return
    await once_in_thread(database, lambda db: db.execute(GIVE_BACK, {"worker": registered}))
    await once_in_thread(database, lambda db: db.execute(LEAVE, {"worker": registered}))
    log.warning("jobs_given_back_unfinished")
    os._exit(0)  # their threads cannot be ended; readers die with the sockets to us


async def once_in_thread(database: Database, work: Callable[..., object]) -> bool:
    """Run a short transaction beside the event loop; a database that is away is told and left."""

    def once() -> None:
        with database.transaction() as db:
            work(db)

    running = asyncio.create_task(asyncio.to_thread(once))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        # A thread cannot be ended: its connection goes back before the others are closed.
        await asyncio.wait({running}, timeout=THREAD_SECONDS)
        raise
    except DBAPIError as error:
        log.warning("database_away", error=str(error.orig))
        return False
    return True


async def beat_forever(database: Database, worker: int | None) -> None:
    """Give signs of life while the queue's own have ceased: it stops them first of all."""
    while True:
        await once_in_thread(database, lambda db: db.execute(BEAT, {"worker": worker}))
        await asyncio.sleep(settings().worker_heartbeat_seconds)


async def number_forever(database: Database) -> None:
    """Number committed events, a few times a second; one process at a time does."""
    while True:
        numbered = await once_in_thread(database, number_events)
        if numbered:
            show_alive()
        await asyncio.sleep(NUMBERING_SECONDS if numbered else AWAY_SECONDS)


async def revive_forever(database: Database) -> None:
    """Give jobs of workers that died back to the queue: it does not do so by itself."""
    silence = settings().worker_stalled_seconds
    while True:
        await once_in_thread(database, lambda db: revive(db, silence))
        await asyncio.sleep(silence / 3)


def revive(db: Session, silence: float) -> None:
    """Put back each job whose worker gave no sign of life for so many seconds."""
    for job in db.execute(REVIVE, {"silence": silence}):
        log.warning("job_revived", job=job.id, task=job.task_name)


def show_alive() -> None:
    """Touch the file by which `catalogue worker --check` tells that this worker works."""
    if (file := settings().alive_file) is not None:
        with suppress(OSError):  # then the check fails, which is right
            file.touch()
