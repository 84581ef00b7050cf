"""Answers kept under an Idempotency-Key go after seven days; the database refuses earlier."""

from sqlalchemy import text

from app.kit.jobs import in_transaction, sweep

MOST_AT_ONCE = 5_000
FORGET = text("""
DELETE FROM idempotency_keys WHERE ctid IN (
  SELECT ctid FROM idempotency_keys
   WHERE answered_at < clock_timestamp() - interval '7 days' - interval '1 minute'
   ORDER BY answered_at LIMIT :most)
RETURNING 1
""")


@sweep("idempotency", cron="23 * * * *")
def forget_answers() -> None:
    """Remove what is older than a week, a little at a time."""
    while in_transaction(lambda db: len(db.execute(FORGET, {"most": MOST_AT_ONCE}).all())):
        pass
