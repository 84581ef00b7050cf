"""Tries that were stopped from outside: each counts once, by what was tried; the third is the last.

A limit or a crash may be the machine's doing, so it is tried again by itself, later each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.assets.hindrances import ASIDE, PAUSE, STRIKES, set_aside
from app.assets.setting_aside import let_go

ANEW = "Something else was tried."
THROUGH = "It came through."
# What began before it was due again is the try that was counted, or one beside it.
COUNT = text(f"""
INSERT INTO hindrances AS h (asset_id, stage, strikes, reason, about, due_at)
VALUES (:asset_id, :stage, 1, :reason, :about, clock_timestamp() + {PAUSE.format(2)})
ON CONFLICT (asset_id, stage) DO UPDATE SET reason = excluded.reason, about = excluded.about,
  strikes = CASE WHEN h.about = excluded.about THEN h.strikes ELSE 0 END + 1,
  due_at = clock_timestamp()
    + {PAUSE.format("CASE WHEN h.about = excluded.about THEN h.strikes ELSE 0 END + 2")}
  WHERE h.about IS DISTINCT FROM excluded.about OR h.due_at <= :began
RETURNING strikes
""")  # noqa: S608 - our own words
OVER = text("""
DELETE FROM hindrances WHERE stage = :stage AND asset_id = ANY(:asset_ids) RETURNING asset_id
""")


@dataclass(frozen=True, slots=True)
class Stopped:
    """A try that came to no end of its own."""

    asset_id: UUID
    about: str  # what was tried; of anything else the count begins anew
    reason: str  # for people
    for_people: bool = True  # whether they have to look at it after the third


def count_tries(db: Session, stage: str, stopped: Sequence[Stopped], *, began: datetime) -> None:
    """Count tries that began at that time; the third puts an asset into the stage's queue."""
    for one in stopped:
        which = {"asset_id": one.asset_id, "stage": stage}
        said = {"reason": one.reason, "about": one.about, "began": began}
        strikes = db.scalar(COUNT, which | said)
        if strikes == 1:
            let_go(db, stage, [one.asset_id], ANEW)
        if strikes is not None and strikes >= STRIKES:
            if one.for_people:
                set_aside(db, stage, one.asset_id, one.reason, strikes)
            else:
                db.execute(ASIDE, which)


def came_through(db: Session, stage: str, asset_ids: Sequence[UUID]) -> None:
    """Forget the tries of what came to an end of its own; nobody has to look at it any more."""
    gone = db.scalars(OVER, {"stage": stage, "asset_ids": list(asset_ids)}).all()
    if gone:
        let_go(db, stage, gone, THROUGH)
