"""A naive reading of conditions and completeness in Python; it lives in tests alone."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from app.policies.rules.completeness import Completeness, FieldRule
from app.policies.rules.conditions import All, AnyOf, Condition, In, Not

Said = Mapping[str, Mapping[str, Any]]  # field -> {values, sources, unknown_by, roles}


def conditions_over(
    leaves: st.SearchStrategy[dict[str, Any]], *, widest: int, most: int
) -> st.SearchStrategy[dict[str, Any]]:
    """Return written conditions of up to `most` leaves, up to `widest` parts to each."""
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            st.fixed_dictionaries({"not": part}),
            st.fixed_dictionaries({"any": st.lists(part, min_size=1, max_size=widest)}),
            st.fixed_dictionaries({"all": st.lists(part, min_size=1, max_size=widest)}),
        ),
        max_leaves=most,
    )


def last_step(term: str) -> str:
    """Return what a URI ends in, a version left out where it is 1.0."""
    steps = [step for step in term.split("/") if step]
    if len(steps) > 1 and steps[-1].replace(".", "").isdigit() and "." in steps[-1]:
        return steps[-2] if steps[-1] == "1.0" else f"{steps[-2]}/{steps[-1]}"
    return steps[-1] if steps else term


def holds(condition: Condition, said: Said) -> bool | None:
    """Tell whether a condition holds of a record; None where nobody knows."""
    match condition:
        case In(field, values):
            answer = said.get(field)
            if answer is None or not answer["values"]:
                return None
            mine = {last_step(value) for value in answer["values"]}
            return bool(mine & {last_step(value) for value in values})
        case Not(part):
            inner = holds(part, said)
            return None if inner is None else not inner
        case All(parts):
            return conjunction([holds(part, said) for part in parts])
        case AnyOf(parts):
            inner = conjunction([negated(holds(part, said)) for part in parts])
            return negated(inner)
        case _:
            raise AssertionError


def negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def conjunction(values: Sequence[bool | None]) -> bool | None:
    """Join by "all": a no decides, then an unknown does."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def missing(complete: Completeness, said: Said, age: timedelta | None = None) -> set[str]:
    """Return what a record lacks, as codes, conflicts and the floor of all seals left out.

    `age` of its newest reading; None: it has none.
    """
    most = complete.freshness.max_extractor_age_days
    too_old = most is not None and age is not None and age > timedelta(days=most)
    found = {"reading:too_old"} if too_old else set()
    for name, rule in complete.fields.items():
        if rule.level == "recommended":
            continue
        if rule.when is not None and holds(rule.when, said) is False:
            continue
        parts = rule.any_of or (name,)
        if any(accepted(rule, said.get(part)) for part in parts):
            continue
        found.add(f"{'source' if any(part in said for part in parts) else 'missing'}:{name}")
    return found


def accepted(rule: FieldRule, answer: Mapping[str, Any] | None) -> bool:
    """Tell whether an answer counts under a rule."""
    if answer is None:
        return False
    if rule.unknown_allowed and set(answer["unknown_by"]) & set(rule.sources):
        return True
    if not set(answer["sources"]) & set(rule.sources):
        return False
    mine = {last_step(value) for value in answer["values"]}
    if rule.values is not None and not mine & {last_step(value) for value in rule.values}:
        return False
    if mine & {last_step(value) for value in rule.not_values}:
        return False
    return rule.confirmed_by_role is None or rule.confirmed_by_role in answer["roles"]
