"""Whose record two policies judge otherwise, and what it comes to under both, each fact once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
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
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import LateralFromClause

from app.assets.models import AssetRow
from app.comparisons.facts import FINGERPRINT, READING, SEAL_STANDS, SIGHTING, standing
from app.disposals.demands import processing_demands
from app.fingerprints.models import FingerprintRow
from app.overview.differing import INCOMPLETE, LEGAL, Difference, any_failing, failing
from app.overview.newest import Newest
from app.people.models import DepartmentRow
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import Book
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD

SIDES = ("before", "after")


@dataclass(frozen=True)
class Group:
    """Departments that one policy judges now and another would; both may be the same."""

    departments: Sequence[str]
    before: PolicyInForce
    after: PolicyInForce
    differs: Difference
    passing: bool  # the rules on keepers differ: also of records that both judge alike

    @property
    def concerned(self) -> bool:
        """Tell whether anything may change for these departments' own sake."""
        return self.differs.any or self.passing


def in_part(book: Book, group: Group, newest: Newest) -> Select[Any]:
    """Select the assets of one part and group that two policies may judge otherwise.

    They are read table by table, not asset by asset.
    """
    several = others_of_equal_bytes()
    chosen = otherwise(group)
    statement = columns_of(group, several=case((not_(chosen), true()), else_=several))
    chosen = or_(chosen, several) if group.passing else chosen
    statement = placed(statement.select_from(AssetRow), group)
    if group.differs.of_age:  # only then do demands wait for the readings
        statement = with_demands(newest.joined(statement), group)
    else:
        statement = newest.joined(with_demands(statement, group))
    statement = statement.outerjoin(standing(book, matters(group)), true())
    # Said of each table, for PostgreSQL infers no range of one from that of another.
    keys = (AssetRow.id, ProvenanceHeadRow.asset_id, ProvenanceVersionRow.asset_id)
    return statement.where(chosen, *(newest.within(key) for key in keys))


def of_these(book: Book, group: Group, wanted: FromClause) -> Select[Any]:
    """Select those of these assets that belong to a group, concerned or not, one by one."""
    statement = columns_of(group, several=true())
    start = wanted.join(AssetRow.__table__, wanted.c.asset_id == AssetRow.id)
    statement = placed(statement.select_from(start), group)
    for found in (READING, FINGERPRINT, SIGHTING):
        statement = statement.outerjoin(found, true())
    return with_demands(statement, group).outerjoin(standing(book, matters(group)), true())


def placed(statement: Select[Any], group: Group) -> Select[Any]:
    """Join the tables of records to a statement over assets."""
    statement = (
        statement.join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .where(AssetRow.department.in_(group.departments))
    )
    law = group.differs.law
    return statement if law is None else statement.outerjoin(law, true())


def with_demands(statement: Select[Any], group: Group) -> Select[Any]:
    """Join what the demands make of each record, behind what they look at."""
    return statement.outerjoin(demanded(group.differs), true())


def demanded(differs: Difference) -> LateralFromClause:
    """Return what a record comes to by the demands of each side, each demand asked once."""
    anyway = differs.said_anyway
    found = select(
        *tiers(differs),
        failing([*differs.before, *anyway]).label("codes_before"),
        failing([*differs.after, *anyway]).label("codes_after"),
    )
    beside = found.correlate(ProvenanceVersionRow, DepartmentRow)
    return beside.offset(0).lateral("demanded")


def matters(group: Group) -> ColumnElement[bool]:
    """Tell whether it matters how an image was processed: not if it is incomplete by both."""
    either, before, after = (
        literal_column(f"demanded.{side}_{INCOMPLETE}", Boolean) for side in ("alike", *SIDES)
    )
    return or_(literal(value=group.passing), not_(or_(either, and_(before, after))))


def columns_of(group: Group, *, several: ColumnElement[bool]) -> Select[Any]:
    """Select what is known of each asset, and what its record comes to by each demand.

    `concerned`: of those of equal bytes as another; `several`: it may be one of them.
    """
    both = dict(zip(SIDES, (group.before, group.after), strict=True))
    concerned = true() if group.passing else otherwise(group)
    found = demanded(group.differs).c
    statement = select(
        AssetRow.id.label("asset_id"),
        AssetRow.department,
        AssetRow.source_system,
        AssetRow.registered_at,
        *(
            cast(literal(one.version_id), Uuid).label(f"policy_{name}")
            for name, one in both.items()
        ),
        READING.c.size_bytes.label("size_bytes"),
        READING.c.mountless_token.label("mountless_token"),
        FINGERPRINT.c.id.label("fingerprint_id"),
        FINGERPRINT.c.sha256.label("sha256"),
        FINGERPRINT.c.size_bytes.label("hashed_bytes"),
        FINGERPRINT.c.object_key.label("object_key"),
        FINGERPRINT.c.computed_at.label("verified_at"),
        func.coalesce(SIGHTING.c.state, "present").label("sighted"),
        ProvenanceVersionRow.asserted_count,
        ProvenanceVersionRow.legal_status,
        ProvenanceVersionRow.rights_statement,
        SEAL_STANDS.label("stands"),
        case((matters(group), processed())).label("processed"),
        *(literal_column(f"demanded.{one.name}", one.type).label(one.name) for one in found),
        literal(value=group.passing).label("passing"),
        concerned.label("concerned"),
        several.label("several"),
    )
    return by_name(statement)


def by_name(statement: Select[Any]) -> Select[Any]:
    """Name the columns of the newest rows alone: they are joined set by set or one by one."""
    changed: Select[Any] = visitors.replacement_traverse(statement, {}, named)  # type: ignore[call-overload]
    return changed


def named(one: Any, **_: Any) -> ColumnElement[Any] | None:  # noqa: ANN401 - a part of a statement
    """Return a column of a newest row by its name; None: something else."""
    table: Any = getattr(one, "table", None)
    if any(table is newest for newest in (READING, FINGERPRINT, SIGHTING)):
        return literal_column(f"{table.name}.{one.name}", one.type)
    return None


def otherwise(group: Group) -> ColumnElement[bool]:
    """Tell whether a record answers two policies' demands otherwise."""
    return failing(group.differs.before).is_distinct_from(failing(group.differs.after))


def tiers(differs: Difference) -> list[ColumnElement[Any]]:
    """Tell of each side of a difference whether a demand of each tier fails, each once."""
    demanded = {"alike": differs.alike, "before": differs.before, "after": differs.after}
    return [
        any_failing(demands, tier).label(f"{side}_{tier}")
        for side, demands in demanded.items()
        for tier in (INCOMPLETE, LEGAL)
    ]


def others_of_equal_bytes() -> ColumnElement[bool]:
    """Tell whether another asset was ever found to have the bytes that one has now."""
    other = aliased(FingerprintRow)
    same = and_(
        other.sha256 == literal_column("fingerprint.sha256"),
        other.size_bytes == literal_column("fingerprint.size_bytes"),
        other.size_bytes > 0,
    )
    return select(other.id).where(same, other.asset_id != AssetRow.id).correlate(AssetRow).exists()


def processed() -> ColumnElement[bool]:
    """Tell whether an image was read, hashed and compared, so that its record decides."""
    return and_(*(demand.code.is_(None) for demand in processing_demands()))


def own_status(found: FromClause, side: str) -> ColumnElement[str | None]:
    """Return the status that an asset comes to by itself; NULL where the pair decides."""

    def either(tier: str) -> ColumnElement[bool]:
        return or_(found.c[f"alike_{tier}"], found.c[f"{side}_{tier}"])

    return case(
        (~found.c.processed, literal("not_assessed", Text)),
        (or_(either(INCOMPLETE), ~found.c.stands), INCOMPLETE),
        (either(LEGAL), LEGAL),
    )


def newly(found: FromClause) -> ColumnElement[str | None]:
    """Return whether a record becomes complete or incomplete."""
    either, was, becomes = (found.c[f"{side}_{INCOMPLETE}"] for side in ("alike", *SIDES))
    return case(
        (either, None), (and_(was, not_(becomes)), "complete"), (and_(not_(was), becomes), LESS)
    )


LESS = "incomplete"
