"""What waits in the queue: read over its index of waiting jobs; done jobs leave the table."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit.metrics import Rows, measured

MOST_COUNTED = 100_000
# The queue stamps no job, but writes an event for each; the first waiting one is the oldest.
OLDEST = text("""
SELECT extract(epoch FROM clock_timestamp() - e.at)::float
  FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
 WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= clock_timestamp())
 ORDER BY j.id LIMIT 1
""")
JOBS = text("""
SELECT task_name, queue_name, status::text, count(*) FROM (
  SELECT task_name, queue_name, status FROM procrastinate_jobs
   WHERE status IN ('todo', 'doing', 'failed') LIMIT :most) counted
 GROUP BY 1, 2, 3
""")


def oldest_waiting(db: Session) -> float | None:
    """Return for how many seconds the oldest job that could run has waited; None without one."""
    age: float | None = db.scalar(OLDEST)
    return None if age is None else max(0.0, age)


@measured("catalogue_oldest_waiting_job_seconds", "Age of the oldest job that could run.")
def age(db: Session) -> Rows:
    """Measure the queue's age; nothing waiting is 0."""
    return [(oldest_waiting(db) or 0.0,)]


@measured(
    "catalogue_jobs",
    "Jobs waiting (todo), at work (doing) and given up (failed), counted up to 100,000.",
    *("task", "queue", "status"),
)
def jobs(db: Session) -> Rows:
    """Count by task, queue and status; the tasks are ours, so the labels are few."""
    return [tuple(row) for row in db.execute(JOBS, {"most": MOST_COUNTED})]
