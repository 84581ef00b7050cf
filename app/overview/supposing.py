"""The book as it is, the book as it would be, and for whom the two differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.disposals.eligibility import Question
from app.overview import queries
from app.overview.concerned import Group
from app.overview.differing import Rules, difference
from app.overview.models import SimulationRow
from app.policies.documents import kind_of
from app.policies.rules.in_force import PolicyInForce, Registers
from app.policies.service import CITY_DEFAULT, supposed_in_force
from app.policies.supposed import supposed_registers
from app.provenance.book import Book, open_book


@dataclass(frozen=True, eq=False)
class Supposition:
    """Two books that both count as sealed whatever is complete, so that like meets like."""

    before: Question
    after: Question
    named: Mapping[str, str | None]  # department -> the policy that it names today
    judged: frozenset[str]  # those whom the policy would judge
    policy: PolicyInForce | None  # none: a register is supposed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Supposition) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Tell one supposition from another: equal keys ask the same of every asset."""
        named = tuple(sorted((code, name or "") for code, name in self.named.items()))
        return (self.before.key, self.after.key, named, self.judged)

    @cached_property
    def groups(self) -> list[Group]:
        """Return all departments, by who judges them; all are concerned where all copies are.

        Nothing but keepers may change for some.
        """
        book, then_book, today = self.before.book, self.after.book, self.before.today
        # Law must protect a keeper no less, by whatever the registers make of both records.
        before, after = (asked_of(one.registers, today) for one in (book, then_book))
        measures = before != after or measured(book) != measured(then_book)
        alike: dict[tuple[str | None, bool], list[str]] = {}
        for code, name in self.named.items():
            alike.setdefault((name, code in self.judged), []).append(code)
        found = []
        for (name, judged), codes in alike.items():
            now = book.of(name)
            then = self.policy if judged and self.policy else now
            mine, theirs = Rules(now, book.registers), Rules(then, then_book.registers)
            differs = difference(mine, theirs, today)
            passing = measures or pairing(now) != pairing(then)
            found.append(Group(codes, now, then, differs, passing))
        return found


def suppose(db: Session, simulation: SimulationRow) -> Supposition:
    """Open both books.

    Raises:
        NoPolicyInForce, PolicyMalformed, PolicyLoosens: what it extends moved on.
    """
    today = db.scalar(select(func.current_date()))
    assert today is not None  # noqa: S101 - the database has a date
    held = replace(open_book(db), as_if_sealed=True)
    named = dict(db.execute(queries.policies_of_departments()).all())
    before = Question(held, today)
    if (kind := kind_of(simulation.document)) != "policy":
        registers = supposed_registers(held.registers, kind, simulation.document, simulation.id)
        after = Question(replace(held, registers=registers), today)
        return Supposition(before, after, named, frozenset(), None)
    policy = supposed_in_force(db, simulation.document, simulation.id)
    judged = frozenset(simulation.departments) or frozenset(
        code for code, name in named.items() if (name or CITY_DEFAULT) == simulation.policy_id
    )
    after = Question(with_policy(held, simulation, policy), today)
    return Supposition(before, after, named, judged, policy)


def with_policy(book: Book, simulation: SimulationRow, policy: PolicyInForce) -> Book:
    """Return the book in which the policy holds."""
    if simulation.departments:
        return replace(book, supposed=(frozenset(simulation.departments), policy))
    named = {name: policy if name == policy.id else one for name, one in book.assigned.items()}
    city = policy if policy.id == book.city.id else book.city
    return replace(book, city=city, assigned=named)


def pairing(policy: PolicyInForce) -> tuple[Any, ...]:
    """Return what a policy asks of a keeper and of the copies that stay."""
    standard, disposal = policy.effective.duplicate_standard, policy.effective.disposal
    return (
        standard.keeper_fixity_max_age_days,
        standard.min_verified_copies,
        disposal.recovery_window_days,
    )


def asked_of(registers: Registers, today: date) -> dict[str, tuple[Any, ...]]:
    """Return what each legal status does and asks, and whom each instrument asks for what."""
    known = registers.legal_statuses.statuses
    statuses = {code: (status.effect, status.conditions) for code, status in known.items()}
    asking = registers.instruments.asking(today)
    return statuses | {f"instrument:{one.id}": (one.applies_to, one.requires) for one in asking}


def measured(book: Book) -> tuple[Any, ...]:
    """Return by what all copies are ranked and counted, whoever's they are."""
    standard = book.city.effective.duplicate_standard
    return (
        standard.custody_tiers,
        standard.keeper_fixity_max_age_days,
        min(p.effective.duplicate_standard.keeper_fixity_max_age_days for p in book.every),
        max(p.effective.disposal.recovery_window_days for p in book.every),
    )
