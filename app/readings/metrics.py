"""What became of readings."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit.metrics import Rows, measured

MOST_COUNTED = 50_000
SOME = text("""
SELECT outcome, count(*) FROM (SELECT outcome FROM readings LIMIT :most) few GROUP BY 1
""")
# What the planner believes: the table's size times each outcome's share, as of the last ANALYZE.
BELIEVED = text("""
SELECT outcome, (c.reltuples * share)::bigint
  FROM pg_stats s JOIN pg_class c ON c.oid = 'readings'::regclass
  CROSS JOIN LATERAL
       unnest(s.most_common_vals::text::text[], s.most_common_freqs) v (outcome, share)
 WHERE s.schemaname = 'public' AND s.tablename = 'readings' AND s.attname = 'outcome'
   AND c.reltuples > 0
""")


@measured(
    "catalogue_readings",
    "Readings by outcome: counted up to 50,000, beyond that the planner's estimate.",
    "outcome",
)
def outcomes(db: Session) -> Rows:
    """Count or estimate; a scrape never walks ten million rows."""
    counted = [tuple(row) for row in db.execute(SOME, {"most": MOST_COUNTED + 1})]
    if sum(number for _, number in counted) <= MOST_COUNTED:
        return counted
    return [tuple(row) for row in db.execute(BELIEVED)] or counted
