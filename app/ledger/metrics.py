"""How far numbering is behind."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit.metrics import Rows, measured

# Over the index of (cluster, xid), from the watermark on; before the first numbering, all there is.
UNNUMBERED = text("""
SELECT CASE WHEN EXISTS (SELECT FROM log_watermarks) THEN
  (SELECT count(*) FROM log_watermarks w CROSS JOIN LATERAL (
     SELECT FROM events e WHERE e.cluster = w.cluster AND e.xid >= w.xid LIMIT 100000) late)
ELSE (SELECT count(*) FROM (SELECT FROM events LIMIT 100000) every) END
""")


@measured("catalogue_events_unnumbered", "Events without a place in the log, up to 100,000.")
def unnumbered(db: Session) -> Rows:
    """Count what the sequencer has not reached."""
    return [(db.scalar(UNNUMBERED),)]
