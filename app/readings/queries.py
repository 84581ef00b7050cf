"""Questions about readings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, distinct_on
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from app.assets.models import AssetRow, SightingRow, UploadRow
from app.assets.queries import has_content
from app.assets.surrounding_models import SurroundingsRow
from app.assets.sweeping import LEFT_ALONE
from app.assets.withdrawing import is_withdrawn
from app.kit.operations import OperationRow
from app.readings.models import ReadingRow
from app.readings.rereading_models import RereadAssetRow

COLUMNS = (
    ReadingRow.id,
    ReadingRow.ordinal,
    ReadingRow.outcome,
    ReadingRow.reason,
    ReadingRow.size_bytes,
    ReadingRow.byte_token,
    ReadingRow.object_key,
    ReadingRow.mountless_token,
    ReadingRow.read_at,
    ReadingRow.read_xid,
    ReadingRow.format,
)


def newest_reading(asset_id: object) -> LateralFromClause:
    """Return an asset's newest reading, to be joined to a statement over assets."""
    return (
        select(*COLUMNS)
        .where(ReadingRow.asset_id == asset_id)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
        .lateral("reading")
    )


def readings_of(asset_id: UUID) -> Select[ReadingRow]:
    """Select an asset's readings, the newest first."""
    return (
        select(ReadingRow)
        .where(ReadingRow.asset_id == asset_id)
        .order_by(ReadingRow.ordinal.desc())
    )


def newest_readings(asset_ids: Sequence[UUID]) -> Select[ReadingRow]:
    """Select the newest reading of each of these assets."""
    return (
        select(ReadingRow)
        .ext(distinct_on(ReadingRow.asset_id))
        .where(ReadingRow.asset_id.in_(asset_ids))
        .order_by(ReadingRow.asset_id, ReadingRow.ordinal.desc())
    )


def unread() -> Select[UUID]:
    """Select registered assets that nobody has read.

    Those whose content is awaited are not among them; those that were read, found not to be what
    they claimed, and uploaded anew are.
    """
    read = select(ReadingRow.id).where(ReadingRow.asset_id == AssetRow.id).exists()
    return select(AssetRow.id).where(or_(and_(~read, has_content()), received_anew()))


def otherwise_beside() -> Select[UUID]:
    """Select assets beside which other sidecars lie than were read with them."""
    reading = (
        select(ReadingRow.sidecars)
        .where(ReadingRow.asset_id == AssetRow.id)
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
        .lateral("reading")
    )
    seen, read = sidecars_in(SurroundingsRow.companions), sidecars_in(reading.c.sidecars)
    kinds = SurroundingsRow.companion_kinds.contains(["sidecar"])
    beside = or_(kinds, func.jsonb_array_length(reading.c.sidecars) > 0)
    return (
        select(AssetRow.id)
        .join(SurroundingsRow, SurroundingsRow.asset_id == AssetRow.id)
        .join(reading, literal(value=True))
        .where(beside, seen != read)
        .order_by(AssetRow.id)
    )


def sidecars_in(listed: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Return where sidecars lie and their tokens, in one order, of a list that names them."""
    one = func.jsonb_array_elements(listed).table_valued(column("value", JSONB)).alias()
    place, token = one.c.value["location"], one.c.value["byte_token"]
    pair = func.jsonb_build_array(place, token)
    ordered = func.jsonb_agg(aggregate_order_by(pair, place))
    of_them = select(func.coalesce(ordered, text("'[]'::jsonb"))).select_from(one)
    return of_them.where(one.c.value.has_key("byte_token")).correlate_except(one).scalar_subquery()


def still_claims(reading: type[ReadingRow]) -> ColumnElement[bool]:
    """Tell of each reading of a statement whether its asset claims the object that was read.

    It does until somebody looks again and finds it gone, or reads another: file systems give a
    removed file's number to the next, which owes nothing to the one that is gone. What was taken
    back claims nothing.
    """
    newer = aliased(ReadingRow)
    reread = select(newer.id).where(
        newer.asset_id == reading.asset_id, newer.ordinal > reading.ordinal
    )
    seen = (
        select(SightingRow.state)
        .where(SightingRow.asset_id == reading.asset_id)
        .order_by(SightingRow.ordinal.desc())
        .limit(1)
        .correlate_except(SightingRow)
        .scalar_subquery()
    )
    gone = func.coalesce(seen, "present") == "missing"
    return and_(~is_withdrawn(reading.asset_id), ~gone, ~reread.correlate_except(newer).exists())


def received_anew() -> ColumnElement[bool]:
    """Tell whether an asset's content was uploaded a while ago, after its newest reading."""
    later = select(ReadingRow.id).where(
        ReadingRow.asset_id == AssetRow.id, ReadingRow.read_at > UploadRow.settled_at
    )
    refused = select(UploadRow.asset_id).where(UploadRow.state == "refused")
    return (
        select(UploadRow.id)
        .where(UploadRow.asset_id == AssetRow.id, UploadRow.state == "kept")
        .where(UploadRow.settled_at < func.clock_timestamp() - LEFT_ALONE, ~later.exists())
        .where(AssetRow.id.in_(refused))
        .exists()
    )


def head_versions(asset_ids: Sequence[UUID]) -> Select[UUID, int]:
    """Select the version of each record that stands now; its table is of a later room."""
    heads = table(
        "provenance_heads", column("asset_id", AssetRow.id.type), column("version", Integer)
    )
    return select(heads.c.asset_id, heads.c.version).where(heads.c.asset_id.in_(asset_ids))


# Jobs of re-readings are few and go last, so one that waits is never taken for lost.
NO_JOB = text("""
NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
  AND task_name = 'readings.rereading_tasks.read_asked_again')
""")


def rereadings_without_jobs() -> Select[UUID]:
    """Select re-readings that are to go on and have lost their jobs."""
    return (
        select(OperationRow.id)
        .where(OperationRow.kind == "re-reading", OperationRow.finished_at.is_(None))
        .where(NO_JOB)
        .order_by(OperationRow.id)
    )


def left_to_read_again(rereading_id: UUID) -> Select[UUID]:
    """Select the assets of a re-reading that are still to be read."""
    return (
        select(RereadAssetRow.asset_id)
        .where(RereadAssetRow.rereading_id == rereading_id, RereadAssetRow.done_at.is_(None))
        .order_by(RereadAssetRow.asset_id)
    )
