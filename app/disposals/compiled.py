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

from app.assets.withdrawing import is_withdrawn
from app.disposals.eligibility import Question, eligibility
from app.disposals.schemas import GroupBy

# Where the statement finds the ids it is asked about: set in the same transaction, once it is
# proved that the caller sees them. So the text has no parameter and PostgreSQL plans it once.
ASKED = "catalogue.asked"
SCOPE = "__scope__"


def as_text(statement: Select[Any], dialect: Dialect) -> str:
    """Write a statement with its constants in it.

    The dialect is the connection's own: only that knows how its server reads a backslash.
    """
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


@lru_cache(maxsize=8)
def text_for_some(question: Question, dialect: Dialect) -> bytes:
    """Return the statement for the ids in `ASKED`, as the server reads it."""
    asked = literal_column(f"current_setting('{ASKED}')::uuid[]", ARRAY(Uuid))
    return as_text(eligibility(question, asked), dialect).replace("%%", "%").encode()


@lru_cache(maxsize=64)
def text_of_counts(question: Question, dialect: Dialect, group_by: tuple[GroupBy, ...]) -> str:
    """Return the statement that counts all answers; its one parameter is the scope."""
    text = as_text(grouped(eligibility(question).subquery("answers"), group_by), dialect)
    return text.replace(SCOPE, "%(scope)s::text")


def ask_about(asset_ids: Any) -> Select[str]:  # noqa: ANN401 - ids, or an array of them in SQL
    """Select what has the statement, later in this transaction, answer about these ids."""
    written = func.coalesce(func.array_to_string(asset_ids, ","), "")
    return select(func.set_config(ASKED, func.concat("{", written, "}"), literal(value=True)))


def answers_for(db: Session, question: Question, asset_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return the statement's rows for these assets."""
    db.execute(ask_about(literal(list(asset_ids), ARRAY(Uuid))))
    connection = db.connection()
    text = text_for_some(question, connection.dialect).decode()
    plainly = {"no_parameters": True}  # a % in it is a %
    return connection.exec_driver_sql(text, execution_options=plainly).all()


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
    statement = statement.where(~is_withdrawn(answers.c.asset_id))
    return statement.group_by(*chosen).order_by(*chosen)
