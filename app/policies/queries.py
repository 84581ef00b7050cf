"""What the room asks its table."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, Text, cast, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from app.policies.models import PolicyVersionRow

IN_FORCE = ("published", "example")


def version_of(kind: str, document_id: str, version: str) -> Select[PolicyVersionRow]:
    """Select one version of a document."""
    return select(PolicyVersionRow).where(
        PolicyVersionRow.kind == kind,
        PolicyVersionRow.document_id == document_id,
        PolicyVersionRow.version == version,
    )


def in_force(kind: str, document_id: str | None = None) -> Select[PolicyVersionRow]:
    """Select, of each document of a kind or of one, the version that holds today.

    By the database's date. A published version goes before any example; among equals the highest
    version does.
    """
    named = true() if document_id is None else PolicyVersionRow.document_id == document_id
    return (
        select(PolicyVersionRow)
        .ext(distinct_on(PolicyVersionRow.document_id))
        .where(
            PolicyVersionRow.kind == kind,
            named,
            PolicyVersionRow.status.in_(IN_FORCE),
            PolicyVersionRow.effective_from <= func.current_date(),
        )
        .order_by(
            PolicyVersionRow.document_id,
            (PolicyVersionRow.status == "published").desc(),
            _semantic_version().desc(),
        )
    )


def policies_in_force() -> Select[PolicyVersionRow]:
    """Select each policy's version in force, by name."""
    held = in_force("policy").with_only_columns(PolicyVersionRow.id)
    return (
        select(PolicyVersionRow)
        .where(PolicyVersionRow.id.in_(held))
        .order_by(PolicyVersionRow.document_id)
    )


def versions_of(policy_id: str) -> Select[PolicyVersionRow]:
    """Select all versions of a policy, the last recorded first."""
    return (
        select(PolicyVersionRow)
        .where(PolicyVersionRow.kind == "policy", PolicyVersionRow.document_id == policy_id)
        .order_by(PolicyVersionRow.id.desc())
    )


def numbers_of(document_id: str) -> Select[str]:
    """Select the version of each recorded edition of a policy or register."""
    return select(PolicyVersionRow.version).where(PolicyVersionRow.document_id == document_id)


def recorded_so_far() -> ScalarSelect[str]:
    """Select one text for all versions recorded; none is ever changed, so equal says the same."""
    mark = func.sum(func.hashtextextended(cast(PolicyVersionRow.id, Text), 0))
    return select(func.concat(func.count(), ":", mark)).scalar_subquery()


def _semantic_version() -> ColumnElement[Any]:
    parts: ARRAY[Any] = ARRAY(Integer)
    return cast(func.string_to_array(PolicyVersionRow.version, "."), parts)
