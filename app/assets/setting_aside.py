"""The queue for people: what was set aside, and putting it back to work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, insert, select, text
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow, SetAsideReleaseRow, SetAsideRow
from app.kit.errors import NoSuchResource
from app.kit.words import fault_of_word, refuse_unknown
from app.ledger.agents import Agent, process
from app.ledger.service import Event, record
from app.people.roles import Principal

# The queues, by the stages of all rooms; a test compares them with what the rooms say.
QUEUES = frozenset(
    {
        *("readings", "readings.stopped", "surroundings", "provenance", "weighing", "series"),
        *("index", "seals", "fingerprints", "visual", "comparisons", "likenesses", "companions"),
    }
)
AGENT = process("supervision")
DUE = text("""
INSERT INTO hindrances (asset_id, stage, reason, due_at)
VALUES (:asset_id, :stage, :reason, clock_timestamp())
ON CONFLICT (asset_id, stage) DO UPDATE
  SET strikes = 0, looks = 0, reason = excluded.reason, due_at = excluded.due_at
""")


@dataclass(frozen=True, slots=True)
class SetAside:
    """One asset that waits for people in one stage; `released_at` None: it still waits."""

    id: UUID
    asset_id: UUID
    department: str
    source_system: str
    stage: str
    reason: str
    strikes: int
    since: datetime
    released_at: datetime | None


def is_set_aside(asset_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    """Tell, in a statement over assets, whether one waits for people in any stage."""
    return select(SetAsideRow.id).where(SetAsideRow.asset_id == asset_id, ~released()).exists()


def released() -> ColumnElement[bool]:
    """Tell, in a statement over what was set aside, whether it was released."""
    release = select(SetAsideReleaseRow.set_aside_id).where(
        SetAsideReleaseRow.set_aside_id == SetAsideRow.id
    )
    return release.exists()


def set_aside_within(caller: Principal) -> Select[*tuple[Any, ...]]:
    """Select what was set aside in the caller's scope, with its release where there is one."""
    every: Select[*tuple[Any, ...]] = (
        select(
            SetAsideRow.id,
            SetAsideRow.asset_id,
            AssetRow.department,
            AssetRow.source_system,
            SetAsideRow.stage,
            SetAsideRow.reason,
            SetAsideRow.strikes,
            SetAsideRow.since,
            SetAsideReleaseRow.released_at,
        )
        .join(AssetRow, AssetRow.id == SetAsideRow.asset_id)
        .outerjoin(SetAsideReleaseRow, SetAsideReleaseRow.set_aside_id == SetAsideRow.id)
    )
    return (
        every
        if caller.department is None
        else every.where(AssetRow.department == caller.department)
    )


def waiting_for_people(caller: Principal, stage: str | None = None) -> Select[*tuple[Any, ...]]:
    """Select what waits for people in the caller's scope, the longest waiting first."""
    open_ones = set_aside_within(caller).where(SetAsideReleaseRow.set_aside_id.is_(None))
    if stage is not None:
        open_ones = open_ones.where(SetAsideRow.stage == stage)
    return open_ones.order_by(SetAsideRow.id)


def prove_queue(db: Session, stage: str | None) -> None:
    """Refuse a queue that there is none of, and in which nothing ever stood.

    Raises:
        Malformed: naming those that there are (HTTP 422).
    """
    if stage is None or stage in QUEUES:
        return
    if db.scalar(select(SetAsideRow.id).where(SetAsideRow.stage == stage).limit(1)) is None:
        refuse_unknown({"stage": fault_of_word(stage, QUEUES)})


def release(db: Session, caller: Principal, set_aside_id: UUID, reason: str) -> SetAside:
    """Put an asset back to work in its stage; what was released already stays so.

    Raises:
        NoSuchResource: nothing of that id was set aside in the caller's scope (HTTP 404).
    """
    asked = set_aside_within(caller).where(SetAsideRow.id == set_aside_id)
    row = db.execute(asked).one_or_none()
    if row is None:
        raise NoSuchResource(f"Nothing was set aside as {set_aside_id}.")
    lock_decisions(db, [row.asset_id])
    there = db.get(SetAsideReleaseRow, set_aside_id, populate_existing=True)
    if there is None:
        enter_release(db, caller.agent, row, reason)
        put_back = {"asset_id": row.asset_id, "stage": row.stage, "reason": "Released."}
        db.execute(DUE, put_back)
    return SetAside(**db.execute(asked).mappings().one())


def let_go(db: Session, stage: str, asset_ids: Sequence[UUID], reason: str) -> None:
    """Take off a stage's queue what nobody has to look at any more.

    The assets' decisions are locked by the caller, so that none is released twice.
    """
    waiting = (
        select(SetAsideRow.id, SetAsideRow.asset_id, AssetRow.department, SetAsideRow.stage)
        .join(AssetRow, AssetRow.id == SetAsideRow.asset_id)
        .where(SetAsideRow.stage == stage, SetAsideRow.asset_id.in_(asset_ids), ~released())
    )
    for row in db.execute(waiting.order_by(SetAsideRow.id)).all():
        enter_release(db, AGENT, row, reason)


def enter_release(db: Session, agent: Agent, row: Row[*tuple[Any, ...]], reason: str) -> None:
    """Record who released what was set aside, and why."""
    detail = {"set_aside": str(row.id), "stage": row.stage, "reason": reason}
    told = Event("x:set-aside-released", detail, row.asset_id, row.department)
    facts = {"set_aside_id": row.id, "reason": reason, "released_by": agent.name}
    event_id = record(db, agent, told)
    db.execute(insert(SetAsideReleaseRow).values(**facts, event_id=event_id))
