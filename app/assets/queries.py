"""Questions about assets."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from app.assets.models import (
    AssetRow,
    KeptLocationRow,
    KeptObjectRow,
    LocationRow,
    SightingRow,
    SourceSystemRow,
    UploadPartRow,
    UploadRow,
)
from app.assets.sweeping import LEFT_ALONE
from app.people.roles import Principal

# One JSON document instead of one parameter a value: thousands of rows are one statement.
INSERT_NEW = text("""
INSERT INTO assets (id, source_system, source_identifier, department, original_name, import_id,
                    registered_facts, registered_by, event_id)
SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS r (
  id uuid, source_system text, source_identifier text, department text, original_name text,
  import_id uuid, registered_facts text, registered_by text, event_id uuid)
 WHERE NOT EXISTS (SELECT FROM former_identities f
                    WHERE f.source_system = r.source_system
                      AND f.source_identifier = r.source_identifier)
 ORDER BY r.id  -- the order of the lines, which tells the earlier of two copies
ON CONFLICT ON CONSTRAINT uq_assets_source_system_source_identifier DO NOTHING RETURNING id
""")
REGISTERED_AS = text("""
SELECT a.id, a.source_system, a.source_identifier, a.registered_facts
  FROM json_to_recordset(CAST(:rows AS json)) AS r (source_system text, source_identifier text)
  JOIN assets a USING (source_system, source_identifier)
UNION
SELECT a.id, f.source_system, f.source_identifier, a.registered_facts
  FROM json_to_recordset(CAST(:rows AS json)) AS r (source_system text, source_identifier text)
  JOIN former_identities f USING (source_system, source_identifier)
  JOIN assets a ON a.id = f.asset_id
""")
KEPT = and_(
    KeptLocationRow.asset_id == LocationRow.asset_id, KeptLocationRow.ordinal == LocationRow.ordinal
)


def visible_assets(caller: Principal) -> Select[AssetRow]:
    """Select the assets that exist for this caller."""
    every = select(AssetRow)
    return (
        every
        if caller.department is None
        else every.where(AssetRow.department == caller.department)
    )


def seen_from(department: ColumnElement[str | None]) -> ColumnElement[bool]:
    """Tell whether an asset exists for a caller of this department; NULL is the whole city."""
    return or_(department.is_(None), AssetRow.department == department)


def visible_systems(caller: Principal) -> Select[SourceSystemRow]:
    """Select the source systems that exist for this caller, by code."""
    every = select(SourceSystemRow).order_by(SourceSystemRow.code)
    if caller.department is None:
        return every
    return every.where(SourceSystemRow.department == caller.department)


def whereabouts(asset_ids: Sequence[UUID]) -> Select[UUID, str, str]:
    """Select where each asset's bytes lie today: id, root URI, path beneath it.

    A content that is awaited, or was set aside, lies nowhere.
    """
    newer = aliased(LocationRow)
    superseded = select(newer).where(
        newer.asset_id == LocationRow.asset_id, newer.ordinal > LocationRow.ordinal
    )
    return (
        select(
            AssetRow.id,
            func.coalesce(KeptObjectRow.keep, SourceSystemRow.root).label("root"),
            LocationRow.path,
        )
        .join(SourceSystemRow, SourceSystemRow.code == AssetRow.source_system)
        .join(LocationRow, LocationRow.asset_id == AssetRow.id)
        .outerjoin(KeptLocationRow, KEPT)
        .outerjoin(UploadRow, UploadRow.id == KeptLocationRow.upload_id)
        .outerjoin(KeptObjectRow, KeptObjectRow.key == UploadRow.content_key)
        .where(AssetRow.id.in_(asset_ids), ~superseded.exists())
        .where(or_(KeptLocationRow.upload_id.is_(None), UploadRow.state == "kept"))
        .order_by(AssetRow.id)
    )


def newest_location(asset_id: UUID) -> Select[LocationRow]:
    """Select where an asset lies today."""
    return (
        select(LocationRow)
        .where(LocationRow.asset_id == asset_id)
        .order_by(LocationRow.ordinal.desc())
        .limit(1)
    )


def newest_locations(asset_ids: Sequence[UUID]) -> Select[LocationRow]:
    """Select where each of these assets lies today."""
    return (
        select(LocationRow)
        .ext(distinct_on(LocationRow.asset_id))
        .where(LocationRow.asset_id.in_(asset_ids))
        .order_by(LocationRow.asset_id, LocationRow.ordinal.desc())
    )


def referenced_places(asset_ids: Sequence[UUID]) -> Select[UUID, str]:
    """Select where each of these assets lies today, of those by reference."""
    newest = newest_locations(asset_ids).subquery()
    kept = select(KeptLocationRow.upload_id).where(
        KeptLocationRow.asset_id == newest.c.asset_id, KeptLocationRow.ordinal == newest.c.ordinal
    )
    return select(newest.c.asset_id, newest.c.path).where(~kept.exists())


def newest_sightings(asset_ids: Sequence[UUID]) -> Select[SightingRow]:
    """Select the last thing that was seen of each of these assets."""
    return (
        select(SightingRow)
        .ext(distinct_on(SightingRow.asset_id))
        .where(SightingRow.asset_id.in_(asset_ids))
        .order_by(SightingRow.asset_id, SightingRow.ordinal.desc())
    )


def has_content() -> ColumnElement[bool]:
    """Tell of each asset of a statement whether its bytes lie anywhere: by reference, or kept."""
    return (
        select(LocationRow.path)
        .outerjoin(KeptLocationRow, KEPT)
        .outerjoin(UploadRow, UploadRow.id == KeptLocationRow.upload_id)
        .where(LocationRow.asset_id == AssetRow.id)
        .where(or_(KeptLocationRow.upload_id.is_(None), UploadRow.state == "kept"))
        .exists()
    )


def uploads_of(asset_id: UUID) -> Select[UploadRow]:
    """Select an asset's uploads, the newest first."""
    return select(UploadRow).where(UploadRow.asset_id == asset_id).order_by(UploadRow.id.desc())


def referenced(asset_id: UUID) -> Select[str]:
    """Select where a registration by reference says that the bytes lie."""
    mine = select(LocationRow.path).where(LocationRow.asset_id == asset_id, ~kept_location())
    return mine.limit(1)


def kept_location() -> ColumnElement[bool]:
    """Tell of each location of a statement whether it is a content of ours."""
    return select(KeptLocationRow.upload_id).where(KEPT).exists()


def parts_of(upload_id: UUID) -> Select[int, UUID, int, str]:
    """Select an upload's pieces in their order: first byte, key, length, root of the keep."""
    of_object = (KeptObjectRow.size_bytes, KeptObjectRow.keep)
    return (
        select(UploadPartRow.start_byte, UploadPartRow.key, *of_object)
        .join(KeptObjectRow, KeptObjectRow.key == UploadPartRow.key)
        .where(UploadPartRow.upload_id == upload_id)
        .order_by(UploadPartRow.start_byte)
    )


def left_unfinished() -> Select[UploadRow]:
    """Select uploads whose every byte came a while ago and that nobody finished."""
    left = UploadRow.last_part_at < func.clock_timestamp() - LEFT_ALONE
    whole = UploadRow.received_bytes == UploadRow.total_bytes
    return select(UploadRow).where(UploadRow.state == "open", whole, left).limit(100)


def abandoned_for(age: timedelta) -> Select[UploadRow]:
    """Select open uploads whose last piece came so long ago."""
    old = UploadRow.last_part_at < func.clock_timestamp() - age
    return select(UploadRow).where(UploadRow.state == "open", old).limit(100)


def set_aside_before(age: timedelta) -> Select[UUID]:
    """Select contents that were set aside so long ago and still lie in the keep."""
    old = UploadRow.settled_at < func.clock_timestamp() - age
    return (
        select(KeptObjectRow.key)
        .join(UploadRow, UploadRow.content_key == KeptObjectRow.key)
        .where(UploadRow.state == "refused", old, KeptObjectRow.given_up_at.is_(None))
        .limit(100)
    )


def kept_places(asset_ids: Sequence[UUID]) -> Select[UUID, UUID, str, str]:
    """Select where uploaded contents are kept: asset, upload, URI, source system."""
    uri = KeptObjectRow.keep + LocationRow.path
    return (
        select(AssetRow.id, UploadRow.id, uri, AssetRow.source_system)
        .join(UploadRow, UploadRow.asset_id == AssetRow.id)
        .join(KeptLocationRow, KeptLocationRow.upload_id == UploadRow.id)
        .join(LocationRow, KEPT)
        .join(KeptObjectRow, KeptObjectRow.key == UploadRow.content_key)
        .where(AssetRow.id.in_(asset_ids), UploadRow.state == "kept")
    )
