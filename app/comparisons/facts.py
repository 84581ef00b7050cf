"""What is known of each asset, in one statement that ranking and eligibility share."""

from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import LateralFromClause

from app.assets.models import AssetRow, SightingRow, SourceSystemRow
from app.assets.withdrawing import is_withdrawn
from app.comparisons.models import ComparedRow
from app.fingerprints.models import FingerprintRow
from app.people.models import DepartmentRow
from app.provenance.book import Book
from app.provenance.membership import series_on_its_way
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import (
    IN_HEAD,
    current_seal,
    missing_codes,
    policy_version,
)
from app.readings.queries import newest_reading

READING = newest_reading(AssetRow.id)
FINGERPRINT = (
    select(
        FingerprintRow.id,
        FingerprintRow.sha256,
        FingerprintRow.size_bytes,
        FingerprintRow.object_key,
        FingerprintRow.computed_at,
    )
    .where(FingerprintRow.asset_id == AssetRow.id, FingerprintRow.reading_id == READING.c.id)
    .where(~is_withdrawn(FingerprintRow.asset_id))  # so that it is in no set and keeps for nobody
    .order_by(FingerprintRow.id.desc())
    .limit(1)
    .lateral("fingerprint")
)
SIGHTING = (
    select(SightingRow.state)
    .where(SightingRow.asset_id == AssetRow.id)
    .order_by(SightingRow.ordinal.desc())
    .limit(1)
    .lateral("sighting")
)


# What many rules ask of the one seal and the one comparison: found out once for each asset.
SEAL_STANDS: ColumnElement[bool] = literal_column("standing.seal", Boolean)
COMPARED: ColumnElement[bool] = literal_column("standing.compared", Boolean)


def standing(book: Book, *where: ColumnElement[bool]) -> LateralFromClause:
    """Return whether today's version is sealed with nothing on its way, and compared.

    Nothing is found out where a condition beside it does not hold.
    """
    # By name, for these stand beside it in the statement and not in it.
    reading_id = literal_column("reading.id", Uuid)
    compared = select(ComparedRow.asset_id).where(
        ComparedRow.asset_id == AssetRow.id,
        ComparedRow.fingerprint_id == literal_column("fingerprint.id", Uuid),
    )
    seal = current_seal(book, reading_id)
    if book.as_if_sealed:  # whatever is complete besides, once the sweep has been there
        readable = literal_column("reading.outcome", Text) != "unreadable"
        seal = func.coalesce(readable, literal(value=False))
    sealed = and_(seal, ~series_on_its_way())
    is_compared = compared.correlate_except(ComparedRow).exists()
    found = select(sealed.label("seal"), is_compared.label("compared")).where(*where)
    beside = found.correlate(AssetRow, DepartmentRow, ProvenanceHeadRow)
    return beside.offset(0).lateral("standing")


def days(count: int) -> ColumnElement[Any]:
    """Return a span of days."""
    return func.make_interval(0, 0, 0, count)


def custody_tier(book: Book) -> ColumnElement[int]:
    """Return how much a custodian is trusted: 0 is the most."""
    tiers = book.city.effective.duplicate_standard.custody_tiers
    order = {kind: number for number, kind in enumerate(tiers)}
    return case(order, value=SourceSystemRow.custody_kind, else_=len(tiers))


def facts(
    book: Book, wanted: FromClause | None = None, *, complete: ColumnElement[bool] | None = None
) -> Select[*tuple[Any, ...]]:
    """Select every asset, or those whose `asset_id` is wanted, with what ranks and judges it.

    Who finds out by other means whether a record is complete gives that as `complete`.
    """
    # The wanted stand first: of so many tables PostgreSQL keeps the order that is written.
    assets: FromClause = AssetRow.__table__
    start = assets if wanted is None else wanted.join(assets, wanted.c.asset_id == AssetRow.id)
    if complete is None:
        complete = func.cardinality(missing_codes(book)) == 0
    return (
        select(*told_of_assets(book), *told_of_bytes(book), *told_of_records(complete))
        .select_from(start)
        .join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .join(SourceSystemRow, SourceSystemRow.code == AssetRow.source_system)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .outerjoin(READING, literal(value=True))
        .outerjoin(FINGERPRINT, literal(value=True))
        .outerjoin(SIGHTING, literal(value=True))
        .outerjoin(standing(book), literal(value=True))
    )


def told_of_assets(book: Book) -> list[ColumnElement[Any] | InstrumentedAttribute[Any]]:
    """Return whose the copy is, and in whose hands."""
    return [
        AssetRow.id.label("asset_id"),
        AssetRow.department,
        AssetRow.source_system,
        AssetRow.registered_at,
        policy_version(book).label("policy_version_id"),
        SourceSystemRow.failure_domain,
        SourceSystemRow.removable,
        cast(SourceSystemRow.custody_ends_on, Date).label("custody_ends_on"),
        (SourceSystemRow.custody_kind == "archive").label("archival_custody"),
        custody_tier(book).label("custody_tier"),
    ]


def told_of_bytes(book: Book) -> list[ColumnElement[Any]]:
    """Return what was read and hashed, when, and what was seen since."""
    standard = book.city.effective.duplicate_standard
    recent = func.statement_timestamp() - days(standard.keeper_fixity_max_age_days)
    fresh = func.coalesce(FINGERPRINT.c.computed_at > recent, literal(value=False))
    return [
        READING.c.size_bytes.label("size_bytes"),
        FINGERPRINT.c.id.label("fingerprint_id"),
        FINGERPRINT.c.sha256,
        FINGERPRINT.c.object_key,
        READING.c.mountless_token,
        FINGERPRINT.c.computed_at.label("verified_at"),
        fresh.label("fixity_recent"),
        func.coalesce(SIGHTING.c.state, "present").label("sighted"),
    ]


def told_of_records(
    complete: ColumnElement[bool],
) -> list[ColumnElement[Any] | InstrumentedAttribute[Any]]:
    """Return what the record says that ranks it, and whether it is sealed."""
    return [
        ProvenanceVersionRow.asserted_count,
        ProvenanceVersionRow.legal_status,
        ProvenanceVersionRow.rights_statement,
        and_(SEAL_STANDS, complete).label("sealed"),
    ]
