"""Read again what was read before: counted first, followed, stopped, and told field by field."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, Table, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from app.assets.models import AssetRow
from app.assets.queries import newest_sightings
from app.kit.copying import write_rows
from app.kit.db import new_ids
from app.kit.errors import NoSuchResource
from app.kit.jobs import publish
from app.kit.operations import FINISHED, OperationRow, add_progress, begin_operation
from app.kit.settings import settings
from app.ledger.service import Event, record
from app.people.roles import Principal
from app.readings import queries
from app.readings.differing import differences
from app.readings.errors import AuthoritiesUnreadable, RereadingOver
from app.readings.events import RereadingAsked
from app.readings.exiftool import UnfitTool
from app.readings.models import ReadingRow
from app.readings.readers import readers, trust_in
from app.readings.rereading_models import RereadAssetRow, RereadingRow

KIND = "re-reading"
REREAD = cast(Table, RereadAssetRow.__table__)
BY_FIELD = text("""
SELECT c->>'field' AS field, c->>'kind' AS kind, count(*) AS assets
  FROM reread_assets, jsonb_array_elements(changes) c
 WHERE rereading_id = :id GROUP BY 1, 2 ORDER BY 1, 2
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which newest readings are to be made anew; None asks nothing."""

    source_system: str | None = None
    department: str | None = None
    not_tool_version: str | None = None
    outcome: str | None = None
    unreadable_because: str | None = None
    limited: bool | None = None
    outdated: bool | None = None


def chosen(caller: Principal, asked: Asked) -> Select[*tuple[Any, ...]]:
    """Select the assets of the caller's scope that are asked for, with their newest reading.

    Raises:
        AuthoritiesUnreadable: what is outdated cannot be told here (HTTP 503).
    """
    newest = (
        select(ReadingRow)
        .where(ReadingRow.asset_id == AssetRow.id)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
        .lateral("newest")
    )
    facts = {
        AssetRow.source_system: asked.source_system,
        AssetRow.department: asked.department,
        newest.c.outcome: asked.outcome,
        newest.c.reason: asked.unreadable_because,
        newest.c.limited: asked.limited,
    }
    conditions = [column == value for column, value in facts.items() if value is not None]
    if caller.department is not None:
        conditions.append(AssetRow.department == caller.department)
    if asked.outdated is not None:
        conditions.append((newest.c.readers != literal(today(), JSONB)) == asked.outdated)
    if asked.not_tool_version is not None:
        conditions.append(newest.c.tool_version != asked.not_tool_version)
    return (
        select(AssetRow.id, newest.c.id.label("reading_id"), newest.c.tool, newest.c.tool_version)
        .join(newest, literal(value=True))
        .where(*conditions)
    )


def today() -> dict[str, str]:
    """Return the versions of the readers that decide a reading today, as far as this process sees.

    Raises:
        AuthoritiesUnreadable: the list of trusted authorities is one of them (HTTP 503).
    """
    try:
        return readers(trust_in(settings().c2pa_trust))
    except UnfitTool as unfit:
        raise AuthoritiesUnreadable(str(unfit)) from unfit


def preview(db: Session, caller: Principal, asked: Asked) -> Sequence[Any]:
    """Count what would be read again, by the tool and version that read it last."""
    found = chosen(caller, asked).subquery()
    by = (found.c.tool, found.c.tool_version)
    return db.execute(select(*by, func.count().label("assets")).group_by(*by).order_by(*by)).all()


def begin(db: Session, caller: Principal, asked: Asked, reason: str) -> UUID:
    """Have the chosen assets read again by jobs that let all other work go first.

    Returns:
        The operation to follow.
    """
    [rereading_id] = new_ids(db, 1)
    members = list(db.execute(chosen(caller, asked).order_by(AssetRow.id)))
    department = caller.department or asked.department
    begin_operation(
        db,
        operation_id=rereading_id,
        kind=KIND,
        total=len(members),
        department=department,
        requested_by=caller.agent.name,
    )
    said = {name: value for name, value in asdict(asked).items() if value is not None}
    detail = {"asked": said, "reason": reason, "assets": len(members)}
    event_id = record(db, caller.agent, Event("x:rereading-asked", detail, department=department))
    facts = {"id": rereading_id, "asked": said, "reason": reason, "event_id": event_id}
    db.execute(insert(RereadingRow).values(**facts))
    rows = [
        {"rereading_id": rereading_id, "asset_id": one.id, "before_reading_id": one.reading_id}
        for one in members
    ]
    write_rows(db, REREAD, rows)
    if rows:
        publish(db, RereadingAsked(tuple(one.id for one in members), str(rereading_id)))
    return rereading_id


def rereading_for(db: Session, caller: Principal, rereading_id: UUID) -> RereadingRow:
    """Return a re-reading of the caller's scope.

    Raises:
        NoSuchResource: no such re-reading for this caller (HTTP 404).
    """
    row = db.get(RereadingRow, rereading_id)
    operation = db.get(OperationRow, rereading_id)
    if row is None or operation is None or not caller.sees(operation.department or ""):
        raise NoSuchResource(f"There is no re-reading {rereading_id}.")
    return row


def cancel(db: Session, caller: Principal, rereading_id: UUID) -> None:
    """Stop a re-reading; what was read again stays.

    Raises:
        NoSuchResource: no such re-reading for this caller (HTTP 404).
        RereadingOver: it has ended (HTTP 409).
    """
    rereading_for(db, caller, rereading_id)
    operation = held(db, rereading_id)
    if operation.state == "cancelled":
        return
    if operation.state in FINISHED:
        raise RereadingOver(f"Re-reading {rereading_id} has ended; its readings stay.")
    ended = {"state": "cancelled", "finished_at": func.clock_timestamp()}
    db.execute(update(OperationRow).where(OperationRow.id == rereading_id).values(**ended))
    detail = {"rereading": str(rereading_id), "read": operation.done}
    told = Event("x:rereading-cancelled", detail, department=operation.department)
    record(db, caller.agent, told)


def held(db: Session, rereading_id: UUID) -> OperationRow:
    """Lock an operation, so that it is either counted on or cancelled."""
    asked = select(OperationRow).where(OperationRow.id == rereading_id).with_for_update()
    return db.scalars(asked, execution_options={"populate_existing": True}).one()


def still_to_read(db: Session, rereading_id: UUID, asset_ids: Sequence[UUID]) -> list[UUID]:
    """Return which of these are to be read yet; none of a re-reading that was cancelled."""
    waiting = (
        select(RereadAssetRow.asset_id)
        .join(OperationRow, OperationRow.id == RereadAssetRow.rereading_id)
        .where(RereadAssetRow.rereading_id == rereading_id, RereadAssetRow.done_at.is_(None))
        .where(RereadAssetRow.asset_id.in_(asset_ids), OperationRow.state.not_in(FINISHED))
    )
    return list(db.scalars(waiting.order_by(RereadAssetRow.asset_id)))


def note(db: Session, rereading_id: UUID, asset_ids: Sequence[UUID]) -> None:
    """Note what came of reading these again, each once, whoever read them meanwhile."""
    if held(db, rereading_id).state in FINISHED:
        return
    mine = select(RereadAssetRow).where(
        RereadAssetRow.rereading_id == rereading_id,
        RereadAssetRow.asset_id.in_(asset_ids),
        RereadAssetRow.done_at.is_(None),
    )
    rows = list(db.scalars(mine.order_by(RereadAssetRow.asset_id)))
    if not rows:
        return
    ids = [row.asset_id for row in rows]
    newest = {one.asset_id: one for one in db.scalars(queries.newest_readings(ids))}
    firsts = select(ReadingRow).where(ReadingRow.id.in_([row.before_reading_id for row in rows]))
    before = {one.asset_id: one for one in db.scalars(firsts)}
    seen = {one.asset_id: one.state for one in db.scalars(newest_sightings(ids))}
    away = 0
    for row in rows:
        settle(row, before[row.asset_id], newest[row.asset_id], seen.get(row.asset_id, "present"))
        away += row.result == "not_reached"
    db.flush()
    add_progress(db, rereading_id, step=str(min(ids)), done=len(ids), refused=away)


def settle(row: RereadAssetRow, before: ReadingRow, after: ReadingRow, seen: str) -> None:
    """Say of one asset whether it was read again, and which fields say something else."""
    row.done_at = func.clock_timestamp()
    if after.id == before.id:
        row.result = "same" if seen == "present" else "not_reached"
        return
    row.result, row.after_reading_id = "read_again", after.id
    found = differences(before.statements, after.statements)
    row.changes = [{"field": one.field, "kind": one.kind} for one in found]


def counted(db: Session, rereading_id: UUID) -> dict[str, int]:
    """Count the assets of a re-reading by what came of them."""
    state = func.coalesce(RereadAssetRow.result, "waiting")
    asked = select(state, func.count()).where(RereadAssetRow.rereading_id == rereading_id)
    return {row[0]: row[1] for row in db.execute(asked.group_by(state)).all()}


def fields_of(db: Session, rereading_id: UUID) -> Sequence[Any]:
    """Count by field in how many assets it was added, removed or changed."""
    return db.execute(BY_FIELD, {"id": rereading_id}).all()


def differing(rereading_id: UUID) -> Select[*tuple[Any, ...]]:
    """Select the assets whose fields say something else, with both readings."""
    before, after = aliased(ReadingRow), aliased(ReadingRow)
    return (
        select(RereadAssetRow.asset_id, before, after)
        .join(before, before.id == RereadAssetRow.before_reading_id)
        .join(after, after.id == RereadAssetRow.after_reading_id)
        .where(RereadAssetRow.rereading_id == rereading_id)
        .where(func.jsonb_array_length(RereadAssetRow.changes) > 0)
        .order_by(RereadAssetRow.asset_id)
    )


def two_readings(
    db: Session, asset_id: UUID, before: int | None, after: int | None
) -> tuple[ReadingRow, ReadingRow]:
    """Return two of an asset's readings by their ordinals; by default the newest and the last.

    Raises:
        NoSuchResource: it has no such readings (HTTP 404).
    """
    asked = queries.readings_of(asset_id)
    newer = db.scalars(
        asked.where(ReadingRow.ordinal == after) if after else asked.limit(1)
    ).first()
    last = newer and (before or newer.ordinal - 1)
    older = newer and db.scalars(asked.where(ReadingRow.ordinal == last)).first()
    if newer is None or older is None:
        raise NoSuchResource(f"Asset {asset_id} has no two such readings to compare.")
    return older, newer
