"""Questions about assets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from app.assets.models import AssetRow, LocationRow, SightingRow, SourceSystemRow
from app.people.roles import Principal


def visible_assets(caller: Principal) -> Select[AssetRow]:
    """Select the assets that exist for this caller."""
    every = select(AssetRow)
    return (
        every
        if caller.department is None
        else every.where(AssetRow.department == caller.department)
    )


def visible_systems(caller: Principal) -> Select[SourceSystemRow]:
    """Select the source systems that exist for this caller, by code."""
    every = select(SourceSystemRow).order_by(SourceSystemRow.code)
    if caller.department is None:
        return every
    return every.where(SourceSystemRow.department == caller.department)


def registered_as(identities: Sequence[tuple[str, str]]) -> Select[AssetRow]:
    """Select assets by (source system, source identifier)."""
    name = tuple_(AssetRow.source_system, AssetRow.source_identifier)
    return select(AssetRow).where(name.in_(identities))


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


def newest_sightings(asset_ids: Sequence[UUID]) -> Select[SightingRow]:
    """Select the last thing that was seen of each of these assets."""
    return (
        select(SightingRow)
        .ext(distinct_on(SightingRow.asset_id))
        .where(SightingRow.asset_id.in_(asset_ids))
        .order_by(SightingRow.asset_id, SightingRow.ordinal.desc())
    )
