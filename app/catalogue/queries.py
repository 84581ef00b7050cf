"""Questions at the front door."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, literal, select

from app.assets.models import AssetRow, LocationRow, UploadRow
from app.assets.queries import kept_location
from app.people.roles import Principal
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD
from app.readings.queries import newest_reading


def catalogued(caller: Principal) -> Select[*tuple[Any, ...]]:
    """Select the caller's assets with what a list shows of each, by id."""
    reading = newest_reading(AssetRow.id)
    path = referenced_path()
    statement = (
        select(
            AssetRow.id.label("asset_id"),
            AssetRow.source_system,
            AssetRow.source_identifier,
            AssetRow.department,
            AssetRow.original_name,
            path.label("location"),
            content_state(path).label("content"),
            AssetRow.registered_at,
            ProvenanceVersionRow.version.label("provenance_version"),
            ProvenanceVersionRow.legal_status,
            ProvenanceVersionRow.title,
            ProvenanceVersionRow.creator,
            ProvenanceVersionRow.date_created,
            reading.c.outcome.label("reading"),
            reading.c.reason.label("reading_reason"),
            reading.c.format,
            reading.c.size_bytes,
        )
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .outerjoin(reading, literal(value=True))
        .order_by(AssetRow.id)
    )
    return (
        statement
        if caller.department is None
        else statement.where(AssetRow.department == caller.department)
    )


def referenced_path() -> ScalarSelect[str]:
    """Select where each asset of a statement lies today, by reference; none: it is uploaded."""
    return (
        select(LocationRow.path)
        .where(LocationRow.asset_id == AssetRow.id, ~kept_location())
        .order_by(LocationRow.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )


def content_state(path: ScalarSelect[str]) -> ColumnElement[str]:
    """Say how far each asset's content is."""
    upload = (
        select(UploadRow.state)
        .where(UploadRow.asset_id == AssetRow.id)
        .where(UploadRow.state.in_(("open", "kept", "refused")))
        .order_by(UploadRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((path.is_not(None), "referenced"), else_=func.coalesce(upload, "awaited"))
