"""The one statement as text, compiled once for the policies and the day it is asked under."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, Row, Uuid, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.disposals.eligibility import Question, eligibility

ASKED = "__asked__"  # stands in the text where the ids go


@lru_cache(maxsize=8)
def text_for_some(question: Question, dialect: Dialect) -> str:
    """Return the statement for a list of ids: its constants written out, one parameter left.

    The dialect is the connection's own: only that knows how its server reads a backslash.
    """
    ids = literal_column(ASKED, ARRAY(Uuid))
    statement = eligibility(question, ids)
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return str(compiled).replace(ASKED, "%(asked)s")


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
