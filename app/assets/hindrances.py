"""No asset costs another its turn: failures are narrowed down to the one, counted, set aside."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow, SetAsideRow
from app.kit.fencing import Interrupted, runs_again
from app.kit.jobs import batches, in_transaction
from app.ledger.agents import process
from app.ledger.service import Event, record

log = structlog.get_logger(__name__)
AGENT = process("supervision")
STRIKES = 3
BEGUN = "A worker ended with it in hand."
# A refusal by a constraint or of a value is about the asset; other errors of the database are not.
THEIRS = {"22", "23", "54"}
Work = Callable[[Sequence[UUID]], object]

# The more often an asset was tried, the later it is tried again.
PAUSE = "(ARRAY['1 min', '5 min', '1 hour', '1 day']::interval[])[least({}, 4)]"
STRIKE = text(f"""
INSERT INTO hindrances AS h (asset_id, stage, strikes, reason, due_at)
VALUES (:asset_id, :stage, 1, :reason, clock_timestamp() + {PAUSE.format(1)})
ON CONFLICT (asset_id, stage) DO UPDATE SET strikes = h.strikes + 1, reason = excluded.reason,
  due_at = clock_timestamp() + {PAUSE.format("h.strikes + 1")}
RETURNING strikes
""")  # noqa: S608 - our own words
TAKE_BACK = text("""
UPDATE hindrances SET strikes = greatest(strikes - 1, 0), due_at = clock_timestamp()
 WHERE asset_id = :asset_id AND stage = :stage
""")
SAY_WHY = text("""
UPDATE hindrances SET reason = :reason WHERE asset_id = :asset_id AND stage = :stage
RETURNING strikes
""")
STRUCK = text(
    "SELECT strikes, reason FROM hindrances WHERE asset_id = :asset_id AND stage = :stage"
)
PASSED = text("DELETE FROM hindrances WHERE stage = :stage AND asset_id = ANY(:asset_ids)")
# A file that was looked at once more in vain passed nothing, but nobody failed either.
UNSTRUCK = text("""
WITH none AS (
  DELETE FROM hindrances WHERE stage = :stage AND asset_id = ANY(:asset_ids) AND looks = 0
)
UPDATE hindrances SET strikes = 0
 WHERE stage = :stage AND asset_id = ANY(:asset_ids) AND looks > 0
""")
POSTPONE = text(f"""
INSERT INTO hindrances AS h (asset_id, stage, looks, reason, due_at)
SELECT *, clock_timestamp() + {PAUSE.format(1)}
  FROM unnest(CAST(:asset_ids AS uuid[]), CAST(:stages AS text[]), CAST(:ones AS int[]),
              CAST(:reasons AS text[]))
ON CONFLICT (asset_id, stage) DO UPDATE SET looks = h.looks + 1, reason = excluded.reason,
  due_at = clock_timestamp() + {PAUSE.format("h.looks + 1")}
RETURNING asset_id, looks
""")  # noqa: S608
HAND_BACK = text("""
WITH waiting AS (
  UPDATE hindrances SET due_at = due_at + interval '5 min'
   WHERE stage = :stage AND asset_id = ANY(:asset_ids)
  RETURNING asset_id, looks, reason, due_at - interval '5 min' AS due_at
)
INSERT INTO hindrances (asset_id, stage, looks, reason, due_at)
SELECT asset_id, :to, looks, reason, due_at FROM waiting
ON CONFLICT (asset_id, stage) DO UPDATE SET looks = excluded.looks, due_at = excluded.due_at
""")
ASIDE = text("""
UPDATE hindrances SET due_at = 'infinity' WHERE asset_id = :asset_id AND stage = :stage
""")
SET_ASIDE = text("""
SELECT asset_id FROM hindrances
 WHERE stage = :stage AND asset_id = ANY(:asset_ids) AND due_at = 'infinity'
""")


def in_hand(
    stage: str,
    asset_ids: Sequence[UUID],
    work: Work,
    *,
    at_once: int,
    blameless: tuple[type[Exception], ...] = (),
) -> None:
    """Do a stage's work on assets, some at once, so that no asset costs another its turn.

    In a job whose earlier run did not come to its end they are taken one by one, each counted
    before it is begun: one that took the worker along three times is set aside for people.

    Raises:
        Exception: what no asset is to blame for, so that the job is done again later.
    """
    ids = in_transaction(lambda db: not_set_aside(db, stage, asset_ids))
    stop: tuple[type[Exception], ...] = (Interrupted, *blameless)
    if runs_again():
        for asset_id in ids:
            alone(stage, asset_id, work, stop)
        return
    for some in batches(ids, at_once):
        halved(stage, some, work, stop)


def halved(stage: str, some: Sequence[UUID], work: Work, stop: tuple[type[Exception], ...]) -> None:
    """Do the work; where it fails, do it by halves, down to the asset that is to blame."""
    try:
        work(some)
    except Exception as error:
        if not theirs(error, stop):
            raise
        if len(some) == 1:
            log.warning("asset_failed", stage=stage, asset=str(some[0]), error=str(error)[:500])
            in_transaction(partial(strike, stage=stage, asset_id=some[0], reason=say(error)))
            return
        middle = len(some) // 2
        for half in (some[:middle], some[middle:]):
            halved(stage, half, work, stop)


def alone(stage: str, asset_id: UUID, work: Work, stop: tuple[type[Exception], ...]) -> None:
    """Do the work on one asset, counted as a failure until it is done."""
    if not in_transaction(partial(begin, stage=stage, asset_id=asset_id)):
        return
    which = {"stage": stage, "asset_id": asset_id}
    try:
        work([asset_id])
    except Exception as error:
        if not theirs(error, stop):
            in_transaction(lambda db: db.execute(TAKE_BACK, which))
            raise
        log.warning("asset_failed", stage=stage, asset=str(asset_id), error=str(error)[:500])
        in_transaction(partial(tell_why, stage=stage, asset_id=asset_id, reason=say(error)))
    else:
        done = {"stage": stage, "asset_ids": [asset_id]}
        in_transaction(lambda db: db.execute(UNSTRUCK, done))


def theirs(error: Exception, stop: tuple[type[Exception], ...]) -> bool:
    """Tell whether a failure is about the assets in hand, and not about what all work stands on."""
    if isinstance(error, (*stop, PoolExhausted)):
        return False
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return isinstance(error, IntegrityError) or state[:2] in THEIRS
    return True


def say(error: Exception) -> str:
    """Name a failure for people; what it carries may be theirs and stays in the log."""
    return f"It failed: {type(error).__name__}."


def not_set_aside(db: Session, stage: str, asset_ids: Sequence[UUID]) -> list[UUID]:
    """Leave out what waits for people."""
    aside = set(db.scalars(SET_ASIDE, {"stage": stage, "asset_ids": list(asset_ids)}))
    return [one for one in asset_ids if one not in aside]


def begin(db: Session, stage: str, asset_id: UUID) -> bool:
    """Count a strike beforehand; False: it had three already and is set aside now."""
    which = {"stage": stage, "asset_id": asset_id}
    found = db.execute(STRUCK, which).one_or_none()
    if found is not None and found.strikes >= STRIKES:
        set_aside(db, stage, asset_id, found.reason, found.strikes)
        return False
    db.execute(STRIKE, which | {"reason": BEGUN})
    return True


def strike(db: Session, stage: str, asset_id: UUID, reason: str) -> None:
    """Count a failure; the third sets the asset aside."""
    which = {"stage": stage, "asset_id": asset_id, "reason": reason}
    strikes = db.scalar(STRIKE, which)
    if strikes is not None and strikes >= STRIKES:
        set_aside(db, stage, asset_id, reason, strikes)


def tell_why(db: Session, stage: str, asset_id: UUID, reason: str) -> None:
    """Give the reason of a failure that was counted beforehand; the third sets the asset aside."""
    which = {"stage": stage, "asset_id": asset_id, "reason": reason}
    strikes = db.scalar(SAY_WHY, which)
    if strikes is not None and strikes >= STRIKES:
        set_aside(db, stage, asset_id, reason, strikes)


def set_aside(db: Session, stage: str, asset_id: UUID, reason: str, strikes: int) -> None:
    """Set an asset aside for people; nothing works on it in this stage until they release it."""
    lock_decisions(db, [asset_id])
    which = {"stage": stage, "asset_id": asset_id}
    if db.scalars(SET_ASIDE, {"stage": stage, "asset_ids": [asset_id]}).first() is not None:
        return  # by another worker, meanwhile
    department = db.get_one(AssetRow, asset_id).department
    detail = {"stage": stage, "reason": reason, "strikes": strikes}
    event_id = record(db, AGENT, Event("x:set-aside", detail, asset_id, department))
    facts = {"asset_id": asset_id, "stage": stage, "reason": reason, "strikes": strikes}
    db.add(SetAsideRow(**facts, event_id=event_id))
    db.execute(ASIDE, which)
    log.error("asset_set_aside", stage=stage, asset=str(asset_id), reason=reason)


def passed(db: Session, stage: str, asset_ids: Sequence[UUID]) -> None:
    """Forget what hindered assets that passed a stage."""
    db.execute(PASSED, {"stage": stage, "asset_ids": list(asset_ids)})


def postpone(db: Session, stage: str, why: Sequence[tuple[UUID, str]]) -> dict[UUID, int]:
    """Try again later, the later the oftener it was tried; say how often each was by now."""
    if not why:
        return {}
    told = {
        "asset_ids": [asset_id for asset_id, _ in why],
        "stages": [stage] * len(why),
        "ones": [1] * len(why),
        "reasons": [reason for _, reason in why],
    }
    return {row.asset_id: row.looks for row in db.execute(POSTPONE, told)}


def hand_back(db: Session, stage: str, asset_ids: Sequence[UUID], *, to: str) -> None:
    """Let an earlier stage try again when this one would have, and this one after it."""
    db.execute(HAND_BACK, {"stage": stage, "asset_ids": list(asset_ids), "to": to})
