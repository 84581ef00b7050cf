"""From a policy's conditions to SQL; the calling room owns the columns."""

from collections.abc import Collection
from typing import Protocol, assert_never

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from app.policies.rules.conditions import All, AnyOf, Condition, In, Not


class Columns(Protocol):
    """How a room answers, in SQL, for the fields that conditions name."""

    def among(self, field: str, values: Collection[str]) -> ColumnElement[bool]:
        """Tell whether a field's answer is among these: NULL when it has none.

        A set is among them when it overlaps; a URI is compared by its last segment.
        """
        ...


def compile_condition(condition: Condition, columns: Columns) -> ColumnElement[bool]:
    """Return the condition as SQL; NULL is our "unknown" and passes through every `not`.

    The caller turns it into yes or no, once and at the top: an unknown `when` means required.
    """
    match condition:
        case In(field, values):
            return columns.among(field, values)
        case All(parts):
            return and_(true(), *(compile_condition(part, columns) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(compile_condition(part, columns) for part in parts))
        case Not(part):
            return not_(compile_condition(part, columns))
        case _:
            assert_never(condition)
