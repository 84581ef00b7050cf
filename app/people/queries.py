"""Questions about people."""

from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, and_, cast, func, select

from app.people.models import ApiKeyRow, DepartmentRow, PersonRow
from app.people.roles import Principal


def living_key(key_id: str | ColumnElement[str]) -> Select[ApiKeyRow]:
    """Select a key that is neither revoked nor past its end, by the database's clock."""
    return select(ApiKeyRow).where(
        and_(
            ApiKeyRow.id == key_id,
            ApiKeyRow.revoked_at.is_(None),
            ApiKeyRow.expires_at > func.clock_timestamp(),
        )
    )


def policies_named() -> ScalarSelect[str]:
    """Select which policies departments name instead of the city's, as one text."""
    named = func.array_agg(DepartmentRow.policy_id.distinct())
    return select(cast(named, Text)).scalar_subquery()


def departments(caller: Principal) -> Select[DepartmentRow]:
    """Select the departments that the caller may know of."""
    every = select(DepartmentRow).order_by(DepartmentRow.code)
    return (
        every if caller.department is None else every.where(DepartmentRow.code == caller.department)
    )


def keys(caller: Principal) -> Select[ApiKeyRow, PersonRow]:
    """Select keys with their persons, newest first."""
    every = (
        select(ApiKeyRow, PersonRow)
        .join(PersonRow, PersonRow.id == ApiKeyRow.person_id)
        .order_by(ApiKeyRow.event_id.desc())
    )
    return (
        every
        if caller.department is None
        else every.where(ApiKeyRow.department == caller.department)
    )
