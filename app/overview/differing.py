"""What two policies demand otherwise of a record, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import LateralFromClause

from app.disposals.compiled import as_text
from app.disposals.legal import authority_demands, common_demands, found_in_law, law
from app.policies.rules.in_force import PolicyInForce, Registers
from app.provenance.completeness import AGE_RULE, Demand, completeness_demands

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
INCOMPLETE, LEGAL = "blocked_incomplete", "blocked_legal"
Codes = ColumnElement[Any]


@dataclass(frozen=True)
class Difference:
    """Two policies' demands on a record: those that both make, and those that only one does."""

    alike: Sequence[Demand]
    before: Sequence[Demand]
    after: Sequence[Demand]
    law: LateralFromClause | None  # where the demands of law among `alike` are found out, once

    @property
    def any(self) -> bool:
        """Tell whether there is one at all."""
        return bool(self.before or self.after)

    @property
    def of_completeness(self) -> bool:
        """Tell whether a record may become complete or incomplete."""
        return any(one.tier == INCOMPLETE for one in (*self.before, *self.after))

    @property
    def of_age(self) -> bool:
        """Tell whether any of the demands looks at the newest reading beside the record."""
        return any(one.rule == AGE_RULE for one in (*self.alike, *self.before, *self.after))

    @property
    def said_anyway(self) -> Sequence[Demand]:
        """Return what both demand that fails with a code which a demand of only one may yield.

        A reason that is given anyway is neither gained nor lost.
        """
        either = frozenset().union(*(codes_of(one) for one in (*self.before, *self.after)))
        return [one for one in self.alike if codes_of(one) & either]


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
        law(before.registers, today) if one_law else None,
    )


def written(demand: Demand) -> str:
    """Write a demand's rule and SQL."""
    asked: Select[Any] = select(literal(demand.rule), demand.code)  # type: ignore[assignment]
    return as_text(asked, DIALECT)


def codes_of(demand: Demand) -> frozenset[str]:
    """Return the codes that a demand may yield, among other texts with a colon in its SQL.

    Those of law that `law` has found out are none: no policy's own demand yields any of them.
    """
    said = (one.value for one in visitors.iterate(demand.code) if isinstance(one, BindParameter))
    return frozenset(text.lstrip("?") for text in said if isinstance(text, str) and ":" in text)


def record_demands(rules: Rules, today: date, *, with_law: bool) -> list[Demand]:
    """Return a policy's own demands on a record; those of law are the same under every policy."""
    policy, registers = rules.policy, rules.registers
    return [
        *completeness_demands(policy, registers),
        *authority_demands(policy, registers, today),
        *(common_demands(registers, today) if with_law else ()),
    ]


def failing(demands: Sequence[Demand]) -> Codes:
    """Return the codes that fail."""
    found: array[Any] = array([one.code for one in demands], type_=Text)
    return func.array_remove(cast(found, ARRAY(Text)), null())


def any_failing(demands: Sequence[Demand], tier: str) -> ColumnElement[bool]:
    """Tell whether a demand of this tier fails."""
    return or_(
        literal(value=False), *(one.code.is_not(None) for one in demands if one.tier == tier)
    )
