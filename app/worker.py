"""The worker process: jobs, sweeps, revival of stalled jobs, and the sequencer."""

import asyncio
from contextlib import suppress

import procrastinate
import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.catalogue import tasks as catalogue_tasks
from app.comparisons import tasks as comparison_tasks
from app.fingerprints import tasks as fingerprint_tasks
from app.kit.db import Database
from app.kit.jobs import bind, queue
from app.kit.outages import outlast
from app.kit.settings import settings
from app.ledger.sequencer import number_events
from app.provenance import tasks as provenance_tasks
from app.readings import tasks as reading_tasks

log = structlog.get_logger(__name__)
LISTENERS = (catalogue_tasks, reading_tasks, provenance_tasks, fingerprint_tasks, comparison_tasks)
NUMBERING_SECONDS = 0.2
REVIVAL_SECONDS = 10.0
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 30.0
POOL_SECONDS = 10.0  # how long the queue waits for a connection before its worker begins again


async def work(url: str, *, concurrency: int) -> None:
    """Work until a signal asks to stop; jobs at work are finished first."""
    database = Database(url, pool_size=concurrency + 4)
    bind(database)
    await outlast(lambda: attend(url, database, concurrency))
    database.close()


async def attend(url: str, database: Database, concurrency: int) -> None:
    """Work until cancelled, or until the database is lost; with connections of its own."""
    libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connector = procrastinate.PsycopgConnector(
        conninfo=libpq, min_size=2, max_size=concurrency + 4, timeout=POOL_SECONDS
    )
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            helpers = [
                asyncio.create_task(number_forever(database)),
                asyncio.create_task(revive_forever(app)),
            ]
            try:
                await app.run_worker_async(
                    concurrency=concurrency,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    shutdown_graceful_timeout=20.0,
                    install_signal_handlers=False,  # `outlast` has to know why it ended
                )
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)


async def number_forever(database: Database) -> None:
    """Number committed events, a few times a second; one process at a time does."""

    def once() -> int:
        with database.transaction() as db:
            return number_events(db)

    while True:
        try:
            await asyncio.to_thread(once)
            show_alive()
        except DBAPIError as error:
            log.warning("numbering_failed", error=str(error.orig))
        await asyncio.sleep(NUMBERING_SECONDS)


async def revive_forever(app: procrastinate.App) -> None:
    """Give jobs of workers that died back to the queue: it does not do so by itself."""
    while True:
        try:
            stalled = await app.job_manager.get_stalled_jobs(
                seconds_since_heartbeat=STALLED_SECONDS
            )
            for job in stalled:
                log.warning("job_revived", job=job.id, task=job.task_name)
                await app.job_manager.retry_job(job)
        except procrastinate.exceptions.ProcrastinateException as error:
            log.warning("revival_failed", error=str(error))
        await asyncio.sleep(REVIVAL_SECONDS)


def show_alive() -> None:
    """Touch the file by which `catalogue worker --check` tells that this worker works."""
    if (file := settings().alive_file) is not None:
        with suppress(OSError):  # then the check fails, which is right
            file.touch()
