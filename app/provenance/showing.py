"""A record as a reader sees it: every field with all its sources side by side."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.service import asset_for
from app.kit.db import judging
from app.kit.spoofing import made_visible
from app.people.models import DepartmentRow
from app.people.roles import Principal
from app.provenance import queries
from app.provenance.book import open_book
from app.provenance.fields import FIELDS
from app.provenance.projection import Record
from app.provenance.schemas import FieldOut, ProvenanceOut, ReadingOut
from app.provenance.service import record_of
from app.readings.models import ReadingRow
from app.readings.queries import newest_readings


def show_provenance(db: Session, caller: Principal, asset_id: UUID) -> ProvenanceOut:
    """Show a record with what it lacks under its department's policy.

    Raises:
        NoSuchResource: no such asset for this caller (HTTP 404).
    """
    asset = asset_for(db, caller, asset_id)
    head = db.scalars(queries.heads([asset_id])).one()
    book = open_book(db)
    with judging(db):
        judged = db.execute(queries.completeness(book, [asset_id])).one()
    department = db.get_one(DepartmentRow, asset.department)
    policy = book.of(department.policy_id)
    record = record_of(head)
    reading = db.scalars(newest_readings([asset_id])).one_or_none()
    return ProvenanceOut(
        asset_id=str(asset_id),
        version=head.version,
        recorded_at=head.recorded_at,
        recorded_by=head.recorded_by,
        complete=not judged.missing and reading is not None and reading.outcome != "unreadable",
        missing=judged.missing,
        policy=f"{policy.id}@{policy.version}",
        fields=[show_field(record, name) for name in FIELDS if said(record, name)],
        resolutions=head.resolutions,
        reading=reading and show_reading(reading),
    )


def said(record: Record, field: str) -> list[dict[str, Any]]:
    """Return every statement about a field, also those that do not count."""
    return [s.document() for s in record.statements if s.field == field]


def show_field(record: Record, field: str) -> FieldOut:
    """Show one field."""
    displayed = record.displayed(field)
    return FieldOut(
        field=field,
        displayed=displayed,
        shown_as=made_visible(displayed),
        conflict=record.in_conflict(field),
        statements=said(record, field),
    )


def show_reading(row: ReadingRow) -> ReadingOut:
    """Show what the file said."""
    facts = {name: getattr(row, name) for name in ReadingOut.model_fields if name != "id"}
    return ReadingOut(id=str(row.id), **facts)
