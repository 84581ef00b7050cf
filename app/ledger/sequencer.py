"""Number committed events behind the transaction horizon: numbering by id alone loses some."""

from sqlalchemy import text
from sqlalchemy.orm import Session

ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(hashtextextended('ledger.sequencer', 0))")

# An id below the horizon belongs to a transaction that has ended, so nothing can appear before it
# any more. Ids of another cluster (a restore) are behind the horizon as a whole.
NUMBER = text("""
WITH here AS (
  SELECT (pg_control_system()).system_identifier AS cluster,
         pg_snapshot_xmin(pg_current_snapshot()) AS horizon
), ready AS (
  SELECT e.id, e.cluster, e.xid, e.cluster = here.cluster AS own
    FROM here, events e LEFT JOIN log_watermarks w ON w.cluster = e.cluster
   WHERE (w.xid IS NULL OR e.xid >= w.xid) AND (e.cluster <> here.cluster OR e.xid < here.horizon)
), numbered AS (
  INSERT INTO log_entries (log_index, event_id)
  SELECT (SELECT coalesce(max(log_index), -1) FROM log_entries)
         + row_number() OVER (ORDER BY own, cluster, xid, id), id
    FROM ready
  RETURNING 1
), marked AS (
  INSERT INTO log_watermarks (cluster, xid)
  SELECT cluster, horizon FROM here
  UNION
  SELECT r.cluster, (max(r.xid::text::numeric) + 1)::text::xid8
    FROM ready r WHERE NOT r.own GROUP BY r.cluster
  ON CONFLICT (cluster) DO UPDATE SET xid = excluded.xid
  RETURNING 1
)
SELECT (SELECT count(*) FROM numbered), (SELECT count(*) FROM marked)
""")


def number_events(db: Session) -> int:
    """Give every event that can no longer be preceded its number; say how many.

    Does nothing while another process is numbering.
    """
    if not db.scalar(ONE_AT_A_TIME):
        return 0
    return int(db.execute(NUMBER).one()[0])
