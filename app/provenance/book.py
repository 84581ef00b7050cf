"""Which policy judges which department today."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.people.models import DepartmentRow
from app.people.queries import policies_named
from app.policies.queries import recorded_so_far
from app.policies.rules.in_force import PolicyInForce, Registers
from app.policies.service import policy_in_force, registers_in_force


@dataclass(frozen=True)
class Book:
    """The city's policy, those that departments name instead, and the registers.

    A simulation opens one that is supposed: with a policy for some departments, and as it will be
    once the sweep has sealed whatever is complete.
    """

    city: PolicyInForce
    assigned: Mapping[str, PolicyInForce]  # by policy id, as departments name them
    registers: Registers
    supposed: tuple[frozenset[str], PolicyInForce] | None = None  # of these departments
    as_if_sealed: bool = False

    def of(self, policy_id: str | None) -> PolicyInForce:
        """Return the policy of a department that names this one, or none."""
        return self.city if policy_id is None else self.assigned[policy_id]

    @property
    def key(self) -> tuple[object, ...]:
        """Tell one book from another: equal keys judge alike."""
        assigned = sorted((name, policy.version_id) for name, policy in self.assigned.items())
        registers = (one.version_id for one in self.registers.versions)
        statuses = (policy.status for policy in self.every)  # a base that moved on weakens one
        supposed = self.supposed and (tuple(sorted(self.supposed[0])), self.supposed[1].version_id)
        beside = (supposed, self.as_if_sealed)
        return (self.city.version_id, *assigned, *registers, *statuses, *beside)

    @property
    def every(self) -> list[PolicyInForce]:
        """Return each policy once, the city's first."""
        held = [self.city, *(p for p in self.assigned.values() if p.id != self.city.id)]
        return [*held, self.supposed[1]] if self.supposed else held


def edition() -> ColumnElement[str]:
    """Return a text that is another one whenever another book may be open, or on another day."""
    return func.concat_ws("|", func.current_date(), recorded_so_far(), policies_named())


def open_book(db: Session) -> Book:
    """Look up every policy in force, once for the statement that judges.

    Raises:
        NoPolicyInForce: a department names a policy of which no version is in force.
    """
    named = db.scalars(
        select(DepartmentRow.policy_id).where(DepartmentRow.policy_id.is_not(None)).distinct()
    )
    assigned = {policy_id: policy_in_force(db, policy_id) for policy_id in named if policy_id}
    return Book(policy_in_force(db, None), assigned, registers_in_force(db))
