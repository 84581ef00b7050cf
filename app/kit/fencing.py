"""A job's run is the fencing token of all that it writes: given to another, it writes no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit import clock

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 100  # some sixteen hours; after that its stage's sweeps are left
LONGEST_PAUSE = 600  # seconds
# Held until the transaction ends: whoever wants to give the job to another waits or passes it by.
HELD = text("""
SELECT id FROM procrastinate_jobs
 WHERE id = :job_id AND status = 'doing' AND worker_id = :worker_id AND attempts = :attempts
   FOR SHARE
""")
# The same in the queue's own words. Locked first, else a job changes hands between look and deed.
MINE = """
WITH mine AS MATERIALIZED (
  SELECT id FROM procrastinate_jobs
   WHERE id = %(job_id)s AND status = 'doing' AND worker_id = %(worker_id)s
     AND attempts = %(attempts)s FOR UPDATE
)
"""
FINISH = f"""{MINE}
SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s)::text FROM mine
"""  # noqa: S608 - our own words
RETRY = f"""{MINE}
SELECT procrastinate_retry_job_v2(id, %(retry_at)s, %(priority)s, %(queue)s, %(lock)s)::text
  FROM mine
"""  # noqa: S608


class Interrupted(Exception):
    """The run ends here, and nothing about its assets is to blame."""


class JobLost(Interrupted):
    """The job was given to another worker: what this run found is not accepted any more."""


class Stopping(Interrupted):
    """The worker stops and gives the rest of the job back."""


class NoJob(Exception):
    """Work was begun in a worker without a job, so nothing could fence what it writes."""


@dataclass(frozen=True, slots=True)
class Run:
    """One worker's run of one job."""

    context: JobContext

    @property
    def token(self) -> dict[str, int | None]:
        """Tell this run from every other of the same job."""
        return token_of(self.context.job)


_run: ContextVar[Run | None] = ContextVar("run", default=None)


def token_of(job: Job) -> dict[str, int | None]:
    """Return what fences a job as it was fetched."""
    return {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}


@contextmanager
def running(context: JobContext) -> Iterator[None]:
    """Let the block's transactions be fenced by this job."""
    before = _run.set(Run(context))
    try:
        yield
    finally:
        _run.reset(before)


def runs_again() -> bool:
    """Tell whether an earlier run of the same job did not come to its end."""
    run = _run.get()
    return run is not None and run.context.job.attempts > 0


def prove_held(db: Session, *, by_hand: bool) -> None:
    """Make sure, until the transaction ends, that the job is still this run's.

    Args:
        db: the session of the transaction that is to be fenced.
        by_hand: whether work without a job is allowed, as tests do it; never in a worker.

    Raises:
        JobLost: the job was given to another worker.
        Stopping: the worker was asked to stop and waited long enough.
        NoJob: there is no job, in a process that works by jobs alone.
    """
    run = _run.get()
    if run is None:
        if by_hand:
            return
        raise NoJob("A worker's transactions belong to a job.")
    if run.context.should_abort():
        raise Stopping("The worker stops; the job is given back.")
    if db.execute(HELD, run.token).first() is None:
        raise JobLost(f"Job {run.token['job_id']} was given to another worker.")


class FencedJobs(JobManager):
    """The queue, whose jobs are ended and given back only by the run that still holds them."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, unless it was given to another worker."""
        await self._if_held(job, FINISH, status=status.value, delete_job=delete_job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Put a job back, unless it was given to another worker."""
        when = retry_at or clock.now()
        await self._if_held(job, RETRY, retry_at=when, priority=priority, queue=queue, lock=lock)

    async def _if_held(self, job: Job, statement: str, **told: Any) -> None:  # noqa: ANN401
        done = await self.connector.execute_query_all_async(statement, **token_of(job), **told)
        if not done:
            log.warning("job_left_to_another", job=job.id, task=job.task_name)


class BackingOff(BaseRetryStrategy):
    """A job that failed waits 1, 2, 4 ... seconds, ten minutes at most; a stop is no failure."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Say when a job runs again; None: never."""
        if isinstance(exception, JobLost) or job.attempts >= MOST_ATTEMPTS:
            return None
        if isinstance(exception, Stopping | JobAborted):
            return RetryDecision(retry_at=clock.now())
        return RetryDecision(retry_in={"seconds": min(2**job.attempts, LONGEST_PAUSE)})
