"""What two policies demand otherwise of a record, and which records that concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
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
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from app.assets.models import AssetRow
from app.comparisons.facts import FINGERPRINT, READING, SEAL_STANDS, SIGHTING, standing
from app.disposals.compiled import as_text
from app.disposals.demands import processing_demands
from app.disposals.legal import authority_demands, common_demands, found_in_law, law
from app.fingerprints.models import FingerprintRow
from app.people.models import DepartmentRow
from app.policies.rules.in_force import PolicyInForce, Registers
from app.provenance.book import Book
from app.provenance.completeness import Demand, completeness_demands
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
INCOMPLETE, LEGAL = "blocked_incomplete", "blocked_legal"
SIDES = ("alike", "before", "after")
SAMPLE = 200  # ids of one group that are shown, where more are not needed
Codes = ColumnElement[Any]


@dataclass(frozen=True)
class Difference:
    """Two policies' demands on a record: those that both make, and those that only one does."""

    alike: Sequence[Demand]
    before: Sequence[Demand]
    after: Sequence[Demand]
    law: LateralFromClause  # where the demands of law among `alike` are found out

    @property
    def any(self) -> bool:
        """Tell whether there is one at all."""
        return bool(self.before or self.after)


@dataclass(frozen=True)
class Rules:
    """A policy and the registers by which a record is judged."""

    policy: PolicyInForce
    registers: Registers


def difference(before: Rules, after: Rules, today: date) -> Difference:
    """Compare what two policies demand, as SQL: equal texts demand the same.

    The demands of law are compared one by one only where the registers are others.
    """
    one_law = before.registers.versions == after.registers.versions
    mine, theirs = (
        {written(one): one for one in record_demands(rules, today, with_law=not one_law)}
        for rules in (before, after)
    )
    both = [one for text, one in mine.items() if text in theirs]
    return Difference(
        both + found_in_law(before.registers, today) if one_law else both,
        [one for text, one in mine.items() if text not in theirs],
        [one for text, one in theirs.items() if text not in mine],
        law(before.registers, today),
    )


def written(demand: Demand) -> str:
    """Write a demand's rule and SQL."""
    asked: Select[Any] = select(literal(demand.rule), demand.code)  # type: ignore[assignment]
    return as_text(asked, DIALECT)


def record_demands(rules: Rules, today: date, *, with_law: bool) -> list[Demand]:
    """Return a policy's own demands on a record; those of law are the same under every policy."""
    policy, registers = rules.policy, rules.registers
    return [
        *completeness_demands(policy, registers),
        *authority_demands(policy, registers, today),
        *(common_demands(registers, today) if with_law else ()),
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


def tiers(differs: Difference) -> list[Codes]:
    """Tell of each side of a difference whether a demand of each tier fails, each once."""
    demanded = (differs.alike, differs.before, differs.after)
    return [
        any_failing(demands, tier).label(f"{side}_{tier}")
        for side, demands in zip(SIDES, demanded, strict=True)
        for tier in (INCOMPLETE, LEGAL)
    ]


def tier_of(found: Subquery, side: str) -> ColumnElement[str | None]:
    """Return the status that a record comes to by itself, once its image was processed."""

    def either(tier: str) -> ColumnElement[bool]:
        return or_(found.c[f"alike_{tier}"], found.c[f"{side}_{tier}"])

    return case((either(INCOMPLETE), INCOMPLETE), (either(LEGAL), LEGAL))


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
        .outerjoin(differs.law, true())
        .where(otherwise, *where)
    )


def compared(book: Book, differs: Difference, chosen: Select[Any]) -> Select[Any]:
    """Group those assets by what changes for their record, with what it would come to.

    `several`: another has equal bytes; where none has, nothing keeps for it whatever is asked of
    keepers. `pair`: the pair decides. `assets` holds every id where that is to be asked, where
    others of equal bytes may rest on it, and where each may be listed; else a sample.
    """
    one = found_of_each(book, differs, chosen)
    several = one.c.several
    undecided = or_(one.c.was.is_(None), one.c.becomes.is_(None))
    pair = and_(one.c.processed, undecided, or_(several, ~one.c.stands))
    keys = [one.c[name] for name in ("department", "processed", *CHANGES, "several")]
    keys.append(pair.label("pair"))
    ids: Any = func.array_agg(one.c.asset_id)
    moves = or_(one.c.newly.is_not(None), one.c.was.is_distinct_from(one.c.becomes))
    return select(
        *keys,
        func.count().label("many"),
        func.sum(one.c.size_bytes).label("bytes"),
        case((or_(pair, moves), ids), else_=ids[1:SAMPLE]).label("assets"),
    ).group_by(*keys)


CHANGES = ("was", "becomes", "newly", "before", "after")


def found_of_each(book: Book, differs: Difference, chosen: Select[Any]) -> Subquery:
    """Select of each asset what its record comes to under both, each demand asked once."""
    rows = chosen.add_columns(
        AssetRow.department.label("department"),
        func.coalesce(READING.c.size_bytes, 0).label("size_bytes"),
        processed().label("processed"),
        SEAL_STANDS.label("stands"),
        FINGERPRINT.c.sha256.label("sha256"),
        FINGERPRINT.c.size_bytes.label("hashed_bytes"),
        *tiers(differs),
        failing(differs.before).label("before"),
        failing(differs.after).label("after"),
    )
    rows = rows.outerjoin(READING, true()).outerjoin(FINGERPRINT, true())
    rows = rows.outerjoin(SIGHTING, true()).outerjoin(standing(book), true())
    found = rows.offset(0).subquery("found")
    names = ("asset_id", "department", "size_bytes", "processed", "stands", "before", "after")
    was, becomes = tier_of(found, "before"), tier_of(found, "after")
    completed = newly_of(*(found.c[f"{side}_{INCOMPLETE}"] for side in SIDES))
    asked = or_(completed.is_not(None), was.is_(None), becomes.is_(None))
    whole = select(
        *(found.c[name] for name in names),
        was.label("was"),
        becomes.label("becomes"),
        completed.label("newly"),
        case((asked, others_of_equal_bytes(found)), else_=False).label("several"),
    )
    return whole.offset(0).subquery("changed")


def others_of_equal_bytes(found: Subquery) -> ColumnElement[bool]:
    """Tell whether another asset was ever found to have the bytes that one has now."""
    other = aliased(FingerprintRow)
    same = and_(other.sha256 == found.c.sha256, other.size_bytes == found.c.hashed_bytes)
    return select(other.id).where(same, other.asset_id != found.c.asset_id).exists()


def newly(differs: Difference) -> ColumnElement[str | None]:
    """Return whether a record becomes complete or incomplete."""
    sides = (differs.alike, differs.before, differs.after)
    return newly_of(*(any_failing(one, INCOMPLETE) for one in sides))


def newly_of(
    either: ColumnElement[bool], was: ColumnElement[bool], becomes: ColumnElement[bool]
) -> ColumnElement[str | None]:
    """Return what becomes of a record that either side, the one or the other finds incomplete."""
    return case(
        (either, null()), (and_(was, not_(becomes)), "complete"), (and_(not_(was), becomes), LESS)
    )


LESS = "incomplete"


def processed() -> ColumnElement[bool]:
    """Tell whether an image was read, hashed and compared, so that its record decides."""
    return and_(*(demand.code.is_(None) for demand in processing_demands()))
