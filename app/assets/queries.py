"""Questions about assets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, text
from sqlalchemy.orm import aliased

from app.assets.models import AssetRow, LocationRow, SightingRow, SourceSystemRow
from app.people.roles import Principal

# One JSON document instead of one parameter a value: thousands of rows are one statement.
INSERT_NEW = text("""
INSERT INTO assets (id, source_system, source_identifier, department, original_name, import_id,
                    registered_facts, registered_by, event_id)
SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS r (
  id uuid, source_system text, source_identifier text, department text, original_name text,
  import_id uuid, registered_facts text, registered_by text, event_id uuid)
ON CONFLICT ON CONSTRAINT uq_assets_source_system_source_identifier DO NOTHING RETURNING id
""")
REGISTERED_AS = text("""
SELECT a.id, a.source_system, a.source_identifier, a.registered_facts
  FROM json_to_recordset(CAST(:rows AS json)) AS r (source_system text, source_identifier text)
  JOIN assets a USING (source_system, source_identifier)
""")


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
    """Select where each asset's bytes lie today: id, root URI, path beneath it."""
    newer = aliased(LocationRow)
    superseded = select(newer).where(
        newer.asset_id == LocationRow.asset_id, newer.ordinal > LocationRow.ordinal
    )
    return (
        select(AssetRow.id, SourceSystemRow.root, LocationRow.path)
        .join(SourceSystemRow, SourceSystemRow.code == AssetRow.source_system)
        .join(LocationRow, LocationRow.asset_id == AssetRow.id)
        .where(AssetRow.id.in_(asset_ids), ~superseded.exists())
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


def newest_sighting(asset_id: UUID) -> Select[SightingRow]:
    """Select the last thing that was seen of an asset's location."""
    return (
        select(SightingRow)
        .where(SightingRow.asset_id == asset_id)
        .order_by(SightingRow.ordinal.desc())
        .limit(1)
    )
