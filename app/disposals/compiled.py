"""The one statement as text, compiled once for the policies and the day it is asked under."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Row,
    Select,
    Subquery,
    Text,
    Uuid,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.disposals.eligibility import Question, eligibility
from app.disposals.schemas import GroupBy

# What stands in the text where the parameters go.
ASKED, SCOPE = "__asked__", "__scope__"


def as_text(statement: Select[Any], dialect: Dialect) -> str:
    """Write a statement with its constants in it and its parameters left.

    The dialect is the connection's own: only that knows how its server reads a backslash.
    """
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return str(compiled).replace(ASKED, "%(asked)s").replace(SCOPE, "%(scope)s::text")


@lru_cache(maxsize=8)
def text_for_some(question: Question, dialect: Dialect) -> str:
    """Return the statement for a list of ids."""
    return as_text(eligibility(question, literal_column(ASKED, ARRAY(Uuid))), dialect)


@lru_cache(maxsize=64)
def text_of_counts(question: Question, dialect: Dialect, group_by: tuple[GroupBy, ...]) -> str:
    """Return the statement that counts all answers."""
    return as_text(grouped(eligibility(question).subquery("answers"), group_by), dialect)


@lru_cache(maxsize=64)
def rules_under(question: Question, policy_version_id: UUID) -> tuple[str, ...]:
    """Name the rules of one of the policies in force, in the order of an answer's codes."""
    policy = next(p for p in question.book.every if p.version_id == policy_version_id)
    return tuple(question.rules(policy))


def answers_for(db: Session, question: Question, asset_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return the statement's rows for these assets."""
    connection = db.connection()
    text = text_for_some(question, connection.dialect)
    return connection.exec_driver_sql(text, {"asked": list(asset_ids)}).all()


def counts_for(
    db: Session, question: Question, group_by: tuple[GroupBy, ...], department: str | None
) -> Sequence[Mapping[Any, Any]]:
    """Return counts and bytes of one department's answers, or of the whole city's."""
    connection = db.connection()
    text = text_of_counts(question, connection.dialect, group_by)
    return connection.exec_driver_sql(text, {"scope": department}).mappings().all()


def grouped(answers: Subquery, group_by: Sequence[GroupBy]) -> Select[Any]:
    """Select counts and bytes of the visible answers, by these keys."""
    code = func.unnest(answers.c.codes).table_valued("code", name="codes").render_derived().c.code
    # An unknown and a failure of the same name are one reason.
    reason = (
        select(func.ltrim(code, "?").label("code"))
        .where(code.is_not(None))
        .distinct()
        .lateral("reasons")
    )
    keys: dict[GroupBy, ColumnElement[Any]] = {
        "department": answers.c.department,
        "source_system": answers.c.source_system,
        "status": answers.c.status,
        "reason": reason.c.code,
        "month": func.to_char(func.timezone("UTC", answers.c.registered_at), "YYYY-MM"),
    }
    chosen = [keys[key].label(key) for key in dict.fromkeys(group_by)]
    statement = select(
        *chosen,
        func.count().label("assets"),
        func.coalesce(func.sum(answers.c.size_bytes), 0).label("bytes"),
        func.max(answers.c.log_index).label("log_index"),
        func.max(answers.c.as_of).label("as_of"),
    ).select_from(answers)
    if "reason" in group_by:
        statement = statement.join(reason, literal(value=True))
    scope = literal_column(SCOPE, Text)
    statement = statement.where(or_(scope.is_(None), answers.c.department == scope))
    return statement.group_by(*chosen).order_by(*chosen)
