"""Questions about provenance."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import aliased

from app.assets.models import AssetRow
from app.assets.withdrawing import is_withdrawn
from app.ledger.models import LogEntryRow
from app.people.models import DepartmentRow
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import Book
from app.provenance.completeness import READ_AT, completeness_demands
from app.provenance.models import (
    ProvenanceHeadRow,
    ProvenanceVersionRow,
    SealRow,
)
from app.provenance.weighing import USUAL, Weighing
from app.readings.models import ReadingRow
from app.readings.queries import newest_reading

IN_HEAD = and_(
    ProvenanceVersionRow.asset_id == ProvenanceHeadRow.asset_id,
    ProvenanceVersionRow.version == ProvenanceHeadRow.version,
)

# Of a version from before it was kept, what held then.
USUALLY = cast(literal(USUAL.document(), JSONB), JSONB)


def heads(asset_ids: Sequence[UUID]) -> Select[ProvenanceVersionRow]:
    """Select today's versions, in order of asset."""
    return (
        select(ProvenanceVersionRow)
        .join(ProvenanceHeadRow, IN_HEAD)
        .where(ProvenanceHeadRow.asset_id.in_(asset_ids))
        .order_by(ProvenanceHeadRow.asset_id)
    )


def numbered_versions(asset_id: UUID) -> Select[ProvenanceVersionRow, int | None]:
    """Select an asset's versions, the newest first, each with its number in the log once given."""
    return (
        select(ProvenanceVersionRow, LogEntryRow.log_index)
        .outerjoin(LogEntryRow, LogEntryRow.event_id == ProvenanceVersionRow.event_id)
        .where(ProvenanceVersionRow.asset_id == asset_id)
        .order_by(ProvenanceVersionRow.version.desc())
    )


def per_policy(book: Book, value: Any) -> ColumnElement[Any]:  # noqa: ANN401 - function of a policy
    """Choose a department's value among those of the policies in force."""
    assigned = [
        (DepartmentRow.policy_id == policy_id, value(policy))
        for policy_id, policy in book.assigned.items()
    ]
    if book.supposed is not None:
        departments, policy = book.supposed
        assigned.insert(0, (DepartmentRow.code.in_(sorted(departments)), value(policy)))
    return case(*assigned, else_=value(book.city)) if assigned else value(book.city)


def missing_codes(
    book: Book, read_at: ColumnElement[datetime] = READ_AT
) -> ColumnElement[list[str]]:
    """Return what a record lacks under its own department's policy; nothing: complete."""

    def of_one(policy: PolicyInForce) -> ColumnElement[Any]:
        demands = completeness_demands(policy, book.registers, read_at)
        return func.array_remove(array([demand.code for demand in demands]), null())

    return per_policy(book, of_one)


def policy_version(book: Book) -> ColumnElement[UUID]:
    """Return the version of the policy that judges an asset."""
    return per_policy(book, lambda policy: cast(literal(policy.version_id), Uuid))


def weighed_otherwise(book: Book) -> ColumnElement[bool]:
    """Tell whether a version was written under another way of weighing than holds today."""

    def of_one(policy: PolicyInForce) -> ColumnElement[Any]:
        return cast(literal(Weighing.by(policy.effective.completeness).document(), JSONB), JSONB)

    return USUALLY.op("||")(ProvenanceVersionRow.weighed_by) != per_policy(book, of_one)


def completeness(book: Book, asset_ids: Sequence[UUID]) -> Select[Any]:
    """Select each asset's version, policy version, reading, seal and what its record lacks."""
    reading = newest_reading(AssetRow.id)
    return (
        select(
            AssetRow.id.label("asset_id"),
            AssetRow.department,
            ProvenanceVersionRow.version,
            policy_version(book).label("policy_version_id"),
            reading.c.id.label("reading_id"),
            reading.c.outcome,
            missing_codes(book).label("missing"),
            current_seal(book, reading.c.id).label("sealed"),
            is_withdrawn(AssetRow.id).label("withdrawn"),
            weighed_otherwise(book).label("weighed_otherwise"),
        )
        .join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .outerjoin(reading, literal(value=True))
        .where(AssetRow.id.in_(asset_ids))
        .order_by(AssetRow.id)
    )


def current_seal(book: Book, reading_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Tell, in a statement over assets and heads, whether today's version is sealed.

    A seal of an earlier reading is stale: the record may not hold yet what the bytes now say.
    """
    return (
        select(SealRow.id)
        .where(
            SealRow.asset_id == ProvenanceHeadRow.asset_id,
            SealRow.provenance_version == ProvenanceHeadRow.version,
            SealRow.policy_version_id == policy_version(book),
            SealRow.reading_id == reading_id,
        )
        .correlate_except(SealRow)
        .exists()
    )


def newest_reading_rows() -> Select[ReadingRow]:
    """Select the newest reading of each asset whose record stands."""
    newer = aliased(ReadingRow)
    overtaken = select(newer.id).where(
        newer.asset_id == ReadingRow.asset_id, newer.ordinal > ReadingRow.ordinal
    )
    return (
        select(ReadingRow)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == ReadingRow.asset_id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .where(~overtaken.exists())
    )


def unadopted() -> Select[UUID]:
    """Select assets whose newest reading says something that their record does not hold."""
    reading = func.jsonb_build_array(func.jsonb_build_object("reading", ReadingRow.id))
    return (
        newest_reading_rows()
        .with_only_columns(ReadingRow.asset_id)
        .where(
            ~ProvenanceVersionRow.statements.contains(reading),
            ReadingRow.statements.contains([{"picked": True}]),
        )
    )


def unweighed(book: Book) -> Select[UUID]:
    """Select assets whose record was written under another way of weighing than holds today."""
    return (
        select(AssetRow.id)
        .join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .where(weighed_otherwise(book))
    )


def unsealed(book: Book) -> Select[UUID]:
    """Select complete records without a current seal: a policy or a register moved on."""
    return (
        newest_reading_rows()
        .with_only_columns(ReadingRow.asset_id)
        .join(AssetRow, AssetRow.id == ReadingRow.asset_id)
        .join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .where(
            func.cardinality(missing_codes(book, ReadingRow.__table__.c.read_at)) == 0,
            ReadingRow.outcome != "unreadable",
            ~is_withdrawn(AssetRow.id),
            ~current_seal(book, ReadingRow.__table__.c.id),
        )
    )
