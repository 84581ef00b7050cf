"""Which of several exact copies stays: the city's ranking, the first difference decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, UnaryExpression, and_, false, func, not_

from app.provenance.book import Book


@dataclass(frozen=True, slots=True)
class Criterion:
    """One step of the ranking: its name in the policy, the fact it compares, which end wins."""

    name: str
    fact: str
    larger_first: bool


# Of equal bytes generation and technical fidelity are equal by definition; holds and inbound
# references are collected by rooms to come.
CRITERIA = (
    Criterion("keeper_filters", "may_keep", larger_first=True),
    Criterion("hold_or_archival_custody", "archival_custody", larger_first=True),
    Criterion("trusted_custody", "custody_tier", larger_first=False),
    Criterion("fixity_verified_recently", "fixity_recent", larger_first=True),
    Criterion("provenance_completeness", "sealed", larger_first=True),
    Criterion("richest_metadata", "asserted_count", larger_first=True),
    Criterion("earliest_registration", "registered_at", larger_first=False),
    Criterion("asset_id", "asset_id", larger_first=False),
)


def may_keep(
    book: Book, facts: ColumnCollection[str, Any] | Mapping[str, ColumnElement[Any]]
) -> ColumnElement[bool]:
    """Tell whether a copy passes the keeper filters that concern it alone.

    By the city's measure, and the longest recovery window of the policies in force.
    """
    window = max(p.effective.disposal.recovery_window_days for p in book.every)
    ends = facts["custody_ends_on"] <= func.current_date() + window
    return and_(
        facts["sealed"],
        facts["sighted"] == "present",
        facts["fixity_recent"],
        not_(facts["removable"]),
        not_(func.coalesce(ends, false())),
    )


def in_rank(facts: ColumnCollection[str, Any]) -> list[UnaryExpression[Any]]:
    """Return the ranking as ORDER BY over a statement's facts."""
    return [
        facts[one.fact].desc() if one.larger_first else facts[one.fact].asc() for one in CRITERIA
    ]


def place(facts: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the ranking as a sort key over one asset's facts; the smallest is first."""
    return tuple(-facts[one.fact] if one.larger_first else facts[one.fact] for one in CRITERIA)


def reasons(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each criterion with both sides' facts, up to and including the one that decides."""
    found: list[dict[str, Any]] = []
    for criterion in CRITERIA:
        a, b = one[criterion.fact], other[criterion.fact]
        decides = a != b
        found.append(
            {"criterion": criterion.name, "a": written(a), "b": written(b), "decides": decides}
        )
        if decides:
            break
    return found


def written(fact: Any) -> Any:  # noqa: ANN401 - a fact of any type, as JSON
    """Write a fact as JSON."""
    return fact if isinstance(fact, bool | int | None) else str(fact)
