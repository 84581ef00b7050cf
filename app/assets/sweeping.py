"""Sweeps: a lost job delays and never loses. Each minute the newest, each night everything."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.models import HindranceRow, SweepRow
from app.kit.jobs import MOST_ASSETS_A_JOB, batches, found, in_transaction, sweep

LEFT_ALONE = timedelta(minutes=2)  # how long a sweep leaves a stage's own jobs to do their work
# A row may become visible this much later than its id was drawn; the nightly walk sees the rest.
MARGIN = timedelta(minutes=10)
ROWS_A_LOOK = 10_000
NIGHTLY = "0 18 * * *"  # UTC: two in the morning in Hong Kong
ONE_WALK_AT_A_TIME = "sweep.nightly"
FIRST = UUID(int=0)
# What waits in the queue is not lost, so the newest rows are left to it. A job that failed more
# than twice is not waited for.
OLDEST_WAITING = text("""
SELECT e.at FROM procrastinate_jobs j
  JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
 WHERE j.task_name = :task AND j.status IN ('todo', 'doing') AND j.attempts <= 2
 ORDER BY j.id LIMIT 1
""")
Ids = Sequence[UUID]
Look = Callable[[], None]


@dataclass(frozen=True)
class Stage:
    """What a stage works on and how it finds what was left undone."""

    name: str
    task: str  # whose jobs do the same
    rows: Any  # the ids, drawn in order of time, of what it works on
    left: Callable[[Session], Select[UUID]]  # assets left undone: a statement over those rows
    do: Callable[[Ids], None]
    again: Callable[[Ids], None]  # for what is due, whatever was done before
    most: int = MOST_ASSETS_A_JOB  # tried again in one look


def swept(stage: Stage) -> tuple[Look, Look]:
    """Let a stage be looked at by the clock: each minute the newest and what is due, and nightly.

    Returns both looks, the nightly one last.
    """

    @sweep(stage.name)
    def what_was_left() -> None:
        look_at_newest(stage)
        look_at_due(stage)

    @sweep(f"{stage.name}.nightly", NIGHTLY, lock=ONE_WALK_AT_A_TIME)
    def all_that_was_left() -> None:
        look_at_all(stage)

    return what_was_left, all_that_was_left


def look_at_newest(stage: Stage) -> None:
    """Do what lost jobs left undone lately: a range of an index, however large the catalogue."""
    after, upto = in_transaction(partial(reach, stage=stage))
    for page in pages(stage, after, upto):
        look(stage, *page, begin=by_index)
    in_transaction(partial(mark, stage=stage.name, looked_up_to=upto))


def look_at_all(stage: Stage) -> None:
    """Do what was left undone anywhere; begun again it goes on where it was cut short."""
    _, upto = in_transaction(partial(reach, stage=stage))
    walked = in_transaction(lambda db: row_of(db, stage.name).walked_to)
    for page in pages(stage, walked or FIRST, upto):
        look(stage, *page)
        in_transaction(partial(mark, stage=stage.name, walked_to=page[1]))
    in_transaction(partial(mark, stage=stage.name, walked_to=None))


def look_at_due(stage: Stage) -> bool:
    """Try again what was missing, away, changing or failing, and is due; tell whether any was."""
    due = in_transaction(partial(due_now, stage=stage.name, most=stage.most))
    if due:
        [began] = found(select(func.clock_timestamp()))
        stage.again(due)
        in_transaction(partial(forget_done, stage=stage.name, asset_ids=due, began=began))
    return bool(due)


def reach(db: Session, stage: Stage) -> tuple[UUID, UUID]:
    """Say between which ids the newest lie: from before the last look to what is left alone."""
    now = db.scalar(select(func.clock_timestamp()))
    assert now is not None  # noqa: S101 - the database has a clock
    waiting = db.scalar(OLDEST_WAITING, {"task": stage.task})
    upto = min(now - LEFT_ALONE, waiting or now)
    last = moment_of(row_of(db, stage.name).looked_up_to)
    return first_id_at(last - MARGIN) if last else FIRST, first_id_at(upto)


def pages(stage: Stage, after: UUID, upto: UUID) -> Iterator[tuple[UUID, UUID]]:
    """Cut a range of ids so that no look is at more than ROWS_A_LOOK rows."""
    while after < upto:
        step = (
            select(stage.rows)
            .where(stage.rows > after, stage.rows <= upto)
            .order_by(stage.rows)
            .offset(ROWS_A_LOOK - 1)
            .limit(1)
        )
        last = next(iter(found(step)), upto)
        yield after, last
        after = last


def by_index(db: Session) -> None:
    """Let few rows be joined by looking each up: until the transaction ends, no table is hashed."""
    for way in ("enable_hashjoin", "enable_mergejoin"):
        db.execute(select(func.set_config(way, "off", True)))


def look(
    stage: Stage, after: UUID, upto: UUID, *, begin: Callable[[Session], None] = lambda _: None
) -> None:
    """Find what was left undone between two ids, but for what waits for its time, and do it."""

    def undone(db: Session) -> list[UUID]:
        begin(db)
        left = stage.left(db).where(stage.rows > after, stage.rows <= upto)
        ids = list(db.scalars(left.order_by(stage.rows)))
        return without_waiting(db, stage.name, ids)

    for some in batches(in_transaction(undone), MOST_ASSETS_A_JOB):
        stage.do(some)


def without_waiting(db: Session, stage: str, asset_ids: Ids) -> list[UUID]:
    """Leave out what is to be tried later, or waits for people."""
    later = select(HindranceRow.asset_id).where(
        HindranceRow.stage == stage,
        HindranceRow.asset_id.in_(asset_ids),
        HindranceRow.due_at > func.clock_timestamp(),
    )
    waiting = set(db.scalars(later))
    return [one for one in asset_ids if one not in waiting]


def waiting(db: Session, stage: str, asset_ids: Ids) -> bool:
    """Tell whether any of these assets failed in a stage and is still to be tried again."""
    failed = select(HindranceRow.asset_id).where(
        HindranceRow.stage == stage,
        HindranceRow.asset_id.in_(asset_ids),
        HindranceRow.due_at < text("'infinity'"),
    )
    return db.scalars(failed.limit(1)).first() is not None


def left_alone(db: Session, stage: Stage, since: datetime) -> bool:
    """Tell whether work begun at that time may still be done by its own jobs."""
    _, upto = reach(db, stage)
    return first_id_at(since) >= upto


def judged_otherwise(db: Session, stage: str, rules: str) -> bool:
    """Tell whether everything of a stage was last looked at under other rules."""
    return row_of(db, stage).judged_by != rules


def due_now(db: Session, stage: str, most: int = MOST_ASSETS_A_JOB) -> list[UUID]:
    """Return what is due, so many at most, the longest due first."""
    due = (
        select(HindranceRow.asset_id)
        .where(HindranceRow.stage == stage, HindranceRow.due_at <= func.clock_timestamp())
        .order_by(HindranceRow.due_at)
        .limit(most)
    )
    return list(db.scalars(due))


def forget_done(db: Session, stage: str, asset_ids: Ids, began: datetime) -> None:
    """Forget what was tried and neither failed nor was postponed anew."""
    db.execute(
        text(
            "DELETE FROM hindrances WHERE stage = :stage AND asset_id = ANY(:ids)"
            " AND due_at <= :began"
        ),
        {"stage": stage, "ids": list(asset_ids), "began": began},
    )


def row_of(db: Session, stage: str) -> SweepRow:
    """Return how far a stage was looked at; of a new one nothing was."""
    fresh = upsert(SweepRow).values(stage=stage, looked_up_to=FIRST).on_conflict_do_nothing()
    db.execute(fresh)
    return db.get_one(SweepRow, stage, populate_existing=True)


def mark(db: Session, *, stage: str, **far: object) -> None:
    """Note how far a look has come."""
    row = row_of(db, stage)
    for name, value in far.items():
        setattr(row, name, value)


def first_id_at(moment: datetime) -> UUID:
    """Return the lowest UUIDv7 of a moment (RFC 9562, 5.7: milliseconds come first)."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def moment_of(drawn: UUID) -> datetime | None:
    """Return the moment at which a UUIDv7 was drawn; None for the first of all."""
    milliseconds = drawn.int >> 80
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC) if milliseconds else None
