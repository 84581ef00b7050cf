"""What two policies demand otherwise of a record, and which records that concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.assets.models import AssetRow
from app.comparisons.facts import FINGERPRINT, READING, SIGHTING, standing
from app.disposals.compiled import as_text
from app.disposals.demands import processing_demands
from app.disposals.legal import authority_demands, common_demands
from app.people.models import DepartmentRow
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import Book
from app.provenance.completeness import Demand, completeness_demands
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
INCOMPLETE, LEGAL = "blocked_incomplete", "blocked_legal"
SAMPLE = 200  # ids of one group that are shown, where more are not needed
Codes = ColumnElement[Any]


@dataclass(frozen=True)
class Difference:
    """Two policies' demands on a record: those that both make, and those that only one does."""

    alike: Sequence[Demand]
    before: Sequence[Demand]
    after: Sequence[Demand]

    @property
    def any(self) -> bool:
        """Tell whether there is one at all."""
        return bool(self.before or self.after)


def difference(book: Book, before: PolicyInForce, after: PolicyInForce, today: date) -> Difference:
    """Compare what two policies demand, as SQL: equal texts demand the same."""
    mine, theirs = (
        {written(one): one for one in demands}
        for demands in (
            record_demands(book, before, today),
            record_demands(book, after, today),
        )
    )
    return Difference(
        [one for text, one in mine.items() if text in theirs]
        + common_demands(book.registers, today),
        [one for text, one in mine.items() if text not in theirs],
        [one for text, one in theirs.items() if text not in mine],
    )


def written(demand: Demand) -> str:
    """Write a demand's rule and SQL."""
    asked: Select[Any] = select(literal(demand.rule), demand.code)  # type: ignore[assignment]
    return as_text(asked, DIALECT)


def record_demands(book: Book, policy: PolicyInForce, today: date) -> list[Demand]:
    """Return a policy's own demands on a record; those of law are the same under every policy."""
    return [
        *completeness_demands(policy, book.registers),
        *authority_demands(policy, book.registers, today),
    ]


def failing(demands: Sequence[Demand], tier: str | None = None) -> Codes:
    """Return the codes that fail, of one tier or all."""
    told = [one.code for one in demands if tier in (None, one.tier)]
    found: array[Any] = array(told, type_=Text)
    return func.array_remove(cast(found, ARRAY(Text)), null())


def any_failing(demands: Sequence[Demand], tier: str) -> ColumnElement[bool]:
    """Tell whether a demand of this tier fails."""
    return or_(
        literal(value=False), *(one.code.is_not(None) for one in demands if one.tier == tier)
    )


def tier_of(alike: Sequence[Demand], own: Sequence[Demand]) -> ColumnElement[str | None]:
    """Return the status that a record comes to by itself, once its image was processed."""
    every = [*alike, *own]
    return case((any_failing(every, INCOMPLETE), INCOMPLETE), (any_failing(every, LEGAL), LEGAL))


def concerned(
    differs: Difference, *, passing: bool, where: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Select the assets whose record answers two policies' demands otherwise.

    `passing`: also those of which both demand nothing more, for the rules on keepers differ.
    """
    otherwise = failing(differs.before).is_distinct_from(failing(differs.after))
    if passing:
        free = and_(
            not_(any_failing([*differs.alike, *differs.before], INCOMPLETE)),
            not_(any_failing([*differs.alike, *differs.before], LEGAL)),
        )
        otherwise = or_(otherwise, free)
    return (
        select(AssetRow.id.label("asset_id"))
        .join(DepartmentRow, DepartmentRow.code == AssetRow.department)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .where(otherwise, *where)
    )


def compared(book: Book, differs: Difference, chosen: Select[Any]) -> Select[Any]:
    """Group those assets by what changes for their record, with what it would come to.

    `assets` holds every id where another question is left: the pair decides, or the record's
    completeness, on which others of equal bytes rest. Elsewhere a sample.
    """
    rows = chosen.add_columns(
        AssetRow.department.label("department"),
        func.coalesce(READING.c.size_bytes, 0).label("size_bytes"),
        processed().label("processed"),
        tier_of(differs.alike, differs.before).label("was"),
        tier_of(differs.alike, differs.after).label("becomes"),
        newly(differs).label("newly"),
        failing(differs.before).label("before"),
        failing(differs.after).label("after"),
    )
    rows = rows.outerjoin(READING, true()).outerjoin(FINGERPRINT, true())
    rows = rows.outerjoin(SIGHTING, true()).outerjoin(standing(book), true())
    one = rows.offset(0).subquery("changed")
    keys = [one.c[name] for name in ("department", "processed", *CHANGES)]
    ids: Any = func.array_agg(one.c.asset_id)
    open_question = or_(one.c.newly.is_not(None), one.c.was.is_(None), one.c.becomes.is_(None))
    return select(
        *keys,
        func.count().label("many"),
        func.sum(one.c.size_bytes).label("bytes"),
        case((open_question, ids), else_=ids[1:SAMPLE]).label("assets"),
    ).group_by(*keys)


CHANGES = ("was", "becomes", "newly", "before", "after")


def newly(differs: Difference) -> ColumnElement[str | None]:
    """Return whether a record becomes complete or incomplete."""
    either = any_failing(differs.alike, INCOMPLETE)
    was, becomes = (any_failing(one, INCOMPLETE) for one in (differs.before, differs.after))
    return case(
        (either, null()), (and_(was, not_(becomes)), "complete"), (and_(not_(was), becomes), LESS)
    )


LESS = "incomplete"


def processed() -> ColumnElement[bool]:
    """Tell whether an image was read, hashed and compared, so that its record decides."""
    return and_(*(demand.code.is_(None) for demand in processing_demands()))
