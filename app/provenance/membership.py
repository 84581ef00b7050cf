"""Questions about series: who belongs to one, and what was said of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from app.assets.models import AssetRow
from app.assets.withdrawing import is_withdrawn
from app.kit.operations import OperationRow
from app.provenance.models import ProvenanceVersionRow, SeriesRow, SeriesStatementsRow


def series_statements(series: Sequence[str]) -> Select[SeriesStatementsRow]:
    """Select what was said of these series, oldest first."""
    return (
        select(SeriesStatementsRow)
        .where(SeriesStatementsRow.series.in_(series))
        .order_by(SeriesStatementsRow.id)
    )


def that_entered(asset_ids: Sequence[UUID], statements_id: UUID) -> Select[UUID]:
    """Select those of these assets whose record entered a series' statements at some time."""
    said = {"series_statements": str(statements_id)}
    return (
        select(ProvenanceVersionRow.asset_id)
        .where(
            ProvenanceVersionRow.asset_id.in_(asset_ids), ProvenanceVersionRow.change.contains(said)
        )
        .distinct()
    )


def of_series(series: str) -> Select[UUID]:
    """Select the assets of a series, a source system or an import, in order."""
    kind, _, name = series.partition("/")
    found = select(AssetRow.id).where(~is_withdrawn(AssetRow.id)).order_by(AssetRow.id)
    match kind:
        case "source-system":
            return found.where(AssetRow.source_system == name)
        case "import":
            return found.where(AssetRow.import_id == name)
        case _:
            return found.join(SeriesRow, in_named_series()).where(SeriesRow.code == name)


def in_named_series() -> ColumnElement[bool]:
    """Tell whether an asset belongs to a named series: its identifier begins as the series'."""
    return and_(
        SeriesRow.source_system == AssetRow.source_system,
        func.starts_with(AssetRow.source_identifier, SeriesRow.identifier_prefix),
    )


def named_series(systems: Sequence[str]) -> Select[SeriesRow]:
    """Select the named series of these source systems, by code."""
    return select(SeriesRow).where(SeriesRow.source_system.in_(systems)).order_by(SeriesRow.code)


def series_on_its_way() -> ColumnElement[bool]:
    """Tell whether something was said of an asset's series that its record does not hold yet."""
    of_system = literal("source-system/") + AssetRow.source_system
    of_import = func.concat("import/", AssetRow.import_id)
    unfinished = (
        select(SeriesStatementsRow.id)
        .join(OperationRow, OperationRow.id == SeriesStatementsRow.operation_id)
        .where(OperationRow.finished_at.is_(None))
    )
    whole = unfinished.where(SeriesStatementsRow.series.in_([of_system, of_import]))
    named = unfinished.join(
        SeriesRow, literal("series/") + SeriesRow.code == SeriesStatementsRow.series
    ).where(in_named_series())
    return or_(
        whole.correlate_except(SeriesStatementsRow, OperationRow).exists(),
        named.correlate_except(SeriesStatementsRow, OperationRow, SeriesRow).exists(),
    )


def unfinished_statements() -> Select[SeriesStatementsRow, int, datetime]:
    """Select what was said of series and is not entered in all of their records yet."""
    return (
        select(SeriesStatementsRow, OperationRow.total, OperationRow.created_at)
        .join(OperationRow, OperationRow.id == SeriesStatementsRow.operation_id)
        .where(OperationRow.kind == "series-statements", OperationRow.finished_at.is_(None))
        .order_by(SeriesStatementsRow.id)
    )


def statements_for(asset_id: UUID) -> Select[UUID]:
    """Select what was said of an asset's series, oldest first."""
    of_system = literal("source-system/") + AssetRow.source_system
    of_import = func.concat("import/", AssetRow.import_id)
    named = select(literal("series/") + SeriesRow.code).where(in_named_series())
    of_one = or_(
        SeriesStatementsRow.series.in_([of_system, of_import]),
        SeriesStatementsRow.series.in_(named.correlate(AssetRow)),
    )
    return (
        select(SeriesStatementsRow.id)
        .join(AssetRow, of_one)
        .where(AssetRow.id == asset_id)
        .order_by(SeriesStatementsRow.id)
    )


def series_within(department: str | None) -> Select[str, str]:
    """Select the series of which anything is named or said, by name; None: the whole city's."""
    named = select((literal("series/") + SeriesRow.code).label("series"), SeriesRow.department)
    said = select(SeriesStatementsRow.series, SeriesStatementsRow.department)
    every = named.union(said).subquery("every")
    found = select(every.c.series, every.c.department).order_by(every.c.series)
    return found if department is None else found.where(every.c.department == department)
