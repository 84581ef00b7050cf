"""Facts and the tasks that listen: a job is written in the transaction it tells of."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
from procrastinate.job_context import JobContext
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.kit.db import Database, retried
from app.kit.facts import Fact
from app.kit.fencing import BackingOff, FencedJobs, prove_held, running

MOST_ASSETS_A_JOB = 500
EVERY_MINUTE = "* * * * *"
PATIENCE = BackingOff()
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
queue.job_manager = FencedJobs(queue.connector)
# Never opened: it only writes jobs over connections that sessions lend it.
_writing = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_listeners: dict[type, list[tuple[str, int, int]]] = {}
_bound: list[tuple[Database, bool]] = []
T = TypeVar("T")
Listener = TypeVar("Listener", bound=Callable[..., None])
Sweep = TypeVar("Sweep", bound=Callable[[], None])


def bind(database: Database, *, fenced: bool = False) -> None:
    """Say which database this process's tasks work on; `fenced`: by jobs and in no other way."""
    _bound[:] = [(database, fenced)]
    # Jobs make hundreds of thousands of objects that live to their end: looking through them for
    # garbage every 700 cost a tenth of registering.
    gc.set_threshold(50_000, 20, 20)


def on(
    event: type[Fact], *, priority: int = 0, at_once: int = MOST_ASSETS_A_JOB
) -> Callable[[Listener], Listener]:
    """Run the decorated task, `task(fact)`, once for each published fact of that class.

    Waiting jobs of a higher priority go first. A fact of more than `at_once` assets becomes several
    jobs: small ones where each asset takes long, so that every processor has some.

    The task opens its own transactions. A job may run twice: the second time must change nothing.
    """

    def register(listener: Listener) -> Listener:
        name = (
            f"{listener.__module__.removeprefix('app.').removesuffix('.tasks')}.{listener.__name__}"
        )

        def run(context: JobContext, /, asset_ids: list[str], **rest: Any) -> None:  # noqa: ANN401
            with running(context):
                listener(event(tuple(map(UUID, asset_ids)), **rest))

        queue.task(name=name, retry=PATIENCE, pass_context=True)(run)
        _listeners.setdefault(event, []).append((name, priority, at_once))
        return listener

    return register


def sweep(
    stage: str, cron: str = EVERY_MINUTE, *, lock: str | None = None
) -> Callable[[Sweep], Sweep]:
    """Run the decorated task by the clock: it does what lost jobs left undone.

    One at a time, and none beside another of the same `lock`.
    """

    def register(task: Sweep) -> Sweep:
        def run(context: JobContext, /, timestamp: int) -> None:
            with running(context):
                task()

        name = f"sweep.{stage}"
        made = queue.task(
            name=name, queueing_lock=name, lock=lock or name, retry=PATIENCE, pass_context=True
        )
        queue.periodic(cron=cron)(made(run))
        return task

    return register


def publish(db: Session, fact: Fact, *, lock: str | None = None) -> None:
    """Write jobs for each listener, of as many assets as it takes, in the caller's transaction.

    Jobs with the same `lock` run one after the other, in their order, and hold no worker up.
    """
    rest = {f.name: asdict(fact)[f.name] for f in fields(fact) if f.name != "asset_ids"}
    own = db.connection().connection.driver_connection
    for name, priority, at_once in _listeners.get(type(fact), ()):
        for ids in batches(fact.asset_ids, at_once):
            job = _writing.configure_task(
                name, allow_unknown=True, connection=own, priority=priority, lock=lock
            )
            job.defer(asset_ids=list(map(str, ids)), **rest)


def batches(ids: Sequence[T], size: int = MOST_ASSETS_A_JOB) -> list[Sequence[T]]:
    """Cut a list of assets into jobs."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of its own, again when it was a deadlock's victim.

    A task has no other way to the database, so nothing is written but by a job that is still held.

    Raises:
        JobLost, Stopping, NoJob: see `app.kit.fencing`; nothing was written.
    """
    database, fenced = _bound[0]

    def once() -> T:
        with database.transaction() as db:
            prove_held(db, by_hand=not fenced)
            return work(db)

    return retried(once)


def found(statement: Select[T]) -> list[T]:
    """Return what a statement selects, one value a row, in a transaction of its own."""
    return in_transaction(lambda db: list(db.scalars(statement)))
