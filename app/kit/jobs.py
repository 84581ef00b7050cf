"""Facts and the tasks that listen: a job is written in the transaction it tells of."""

import functools
import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
from sqlalchemy.orm import Session

from app.kit.db import Database, retried
from app.kit.facts import Fact

MOST_ASSETS_A_JOB = 500
LEFT_ALONE = timedelta(minutes=2)  # how long a sweep leaves a stage's own jobs to do their work
# A job outlasts half a day without a database; after that its stage's sweep is left.
PATIENCE = procrastinate.RetryStrategy(max_attempts=100, wait=1, linear_wait=10)
queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
# Never opened: it only writes jobs over connections that sessions lend it.
_writing = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_listeners: dict[type, list[tuple[str, int]]] = {}
_bound: list[Database] = []
T = TypeVar("T")
Listener = TypeVar("Listener", bound=Callable[..., None])
Sweep = TypeVar("Sweep", bound=Callable[[], None])


def bind(database: Database) -> None:
    """Say which database this process's tasks work on."""
    _bound[:] = [database]
    # Jobs make hundreds of thousands of objects that live to their end: looking through them for
    # garbage every 700 cost a tenth of registering.
    gc.set_threshold(50_000, 20, 20)


def bound() -> Database:
    """Return the database of this process's tasks."""
    return _bound[0]


def on(event: type[Fact], *, priority: int = 0) -> Callable[[Listener], Listener]:
    """Run the decorated task, `task(fact)`, once for each published fact of that class.

    Waiting jobs of a higher priority go first.

    The task opens its own transactions. A job may run twice: the second time must change nothing.
    """

    def register(listener: Listener) -> Listener:
        name = (
            f"{listener.__module__.removeprefix('app.').removesuffix('.tasks')}.{listener.__name__}"
        )

        @functools.wraps(listener)
        def run(asset_ids: list[str], **rest: Any) -> None:  # noqa: ANN401 - JSON of a fact
            listener(event(tuple(map(UUID, asset_ids)), **rest))

        queue.task(name=name, retry=PATIENCE)(run)
        _listeners.setdefault(event, []).append((name, priority))
        return listener

    return register


def sweep(stage: str, cron: str = "* * * * *") -> Callable[[Sweep], Sweep]:
    """Run the decorated task every minute, one at a time: it does what lost jobs left undone."""

    def register(task: Sweep) -> Sweep:
        def run(timestamp: int) -> None:
            task()

        name = f"sweep.{stage}"
        queue.periodic(cron=cron)(queue.task(name=name, queueing_lock=name, lock=name)(run))
        return task

    return register


def publish(db: Session, fact: Fact, *, lock: str | None = None) -> None:
    """Write a job for each listener, up to 500 assets a job, in the caller's transaction.

    Jobs with the same `lock` run one after the other, in their order, and hold no worker up.
    """
    rest = {f.name: asdict(fact)[f.name] for f in fields(fact) if f.name != "asset_ids"}
    own = db.connection().connection.driver_connection
    for ids in batches(fact.asset_ids):
        for name, priority in _listeners.get(type(fact), ()):
            job = _writing.configure_task(
                name, allow_unknown=True, connection=own, priority=priority, lock=lock
            )
            job.defer(asset_ids=list(map(str, ids)), **rest)


def batches(ids: Sequence[UUID], size: int = MOST_ASSETS_A_JOB) -> list[Sequence[UUID]]:
    """Cut a list of assets into jobs."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run `work` in a transaction of its own, again when it was a deadlock's victim."""

    def once() -> T:
        with bound().transaction() as db:
            return work(db)

    return retried(once)
