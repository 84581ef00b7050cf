"""Whose approval a disposal needs, and how long each step waits and lasts."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, field_validator

from app.policies.rules.conditions import Condition, WrittenCondition, either
from app.policies.rules.joins import FALL, GROW, RISE, SAMPLES, Join, Loosens
from app.policies.rules.model import Frozen, Label, Name
from app.policies.rules.standard import ClassName

Percent = Annotated[int, Field(ge=0, le=100)]


class Approval(Frozen):
    """One role's signature: how many persons, after which other roles, in which cases."""

    role: Name
    min: int = Field(ge=1)
    order: int = Field(ge=1)
    when: WrittenCondition | None = None  # none: always
    evidence_required: tuple[Name, ...] = ()
    label: Label


def one_of_each_role(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """Join the entries that name the same role: conditions by "any", the greater number.

    Raises:
        Loosens: two entries put the same role at different places in the order.
    """
    joined: dict[str, Approval] = {}
    for entry in approvals:
        known = joined.get(entry.role)
        joined[entry.role] = _both(known, entry) if known else entry
    return tuple(joined.values())


def _both(first: Approval, second: Approval) -> Approval:
    if first.order != second.order:
        message = f"{first.role} has order {first.order} and {second.order}; one role signs once"
        raise Loosens(message)
    return first.model_copy(
        update={
            "min": max(first.min, second.min),
            "when": _in_either_case(first.when, second.when),
            "evidence_required": GROW.of(first.evidence_required, second.evidence_required),
            "label": second.label,
        }
    )


def _in_either_case(first: Condition | None, second: Condition | None) -> Condition | None:
    return either(first, second) if first is not None and second is not None else None


class Batch(Frozen):
    """How large a case may be, and what share of each class is viewed before signing.

    A class without a share is viewed item by item.
    """

    max_items: Annotated[int, Field(ge=1), FALL]
    sample_review_percent: Annotated[Mapping[ClassName, Percent], SAMPLES]


class Tombstone(Frozen):
    """What stays of an image disposed of."""

    keep: Annotated[tuple[Name, ...], GROW]
    thumbnail: bool
    redact_when: WrittenCondition | None


class Disposal(Frozen):
    """Approvals and windows between a verdict and the last byte."""

    approvals: Annotated[
        tuple[Approval, ...],
        Field(min_length=1),
        Join(lambda base, stated: one_of_each_role((*base, *stated))),
    ]
    distinct_people: Annotated[bool, RISE]
    registrar_may_approve: Annotated[bool, FALL]
    nominator_may_approve: Annotated[bool, FALL]
    reauthentication_for_approval: Annotated[bool, RISE]
    approval_valid_days: Annotated[int, Field(ge=1), FALL]
    cooling_off_days: Annotated[int, Field(ge=0), RISE]
    permit_valid_hours: Annotated[int, Field(ge=1), FALL]
    recovery_window_days: Annotated[int, Field(ge=0), RISE]
    batch: Batch
    tombstone: Tombstone

    @field_validator("approvals")
    @classmethod
    def let_a_role_sign_once(cls, approvals: tuple[Approval, ...]) -> tuple[Approval, ...]:
        """Make one approval of the entries that name the same role."""
        try:
            return one_of_each_role(approvals)
        except Loosens as reason:
            raise ValueError(*reason.args) from reason
