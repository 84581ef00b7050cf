"""Conditions on PostgreSQL: unknown stays unknown through every `not`."""

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import Boolean, ColumnElement, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, array
from sqlalchemy.orm import Session

from app.policies.compile import compile_condition
from app.policies.rules.conditions import All, AnyOf, Condition, In, Not

YES, NO = In(field="answered", values=("a", "b")), In(field="answered", values=("c",))
UNKNOWN = In(field="silent", values=("a",))
OVERLAP, APART = In(field="several", values=("y", "z")), In(field="several", values=("z",))


class Answers:
    """A record that answers one field with a text, one with a set, and one not at all."""

    def among(self, field: str, values: Collection[str]) -> ColumnElement[bool]:
        if field == "several":
            overlap: ColumnElement[bool] = cast(array(["x", "y"]), ARRAY(TEXT)).op(
                "&&", return_type=Boolean()
            )(cast(array(list(values)), ARRAY(TEXT)))
            return overlap
        answer: ColumnElement[Any] = literal("a") if field == "answered" else cast(null(), TEXT)
        return answer.in_(values)


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        (YES, True),
        (NO, False),
        (UNKNOWN, None),
        (OVERLAP, True),
        (APART, False),
        (Not(part=YES), False),
        (Not(part=NO), True),
        (Not(part=UNKNOWN), None),
        (Not(part=Not(part=UNKNOWN)), None),
        (Not(part=OVERLAP), False),
        (All(parts=(YES, OVERLAP)), True),
        (All(parts=(YES, NO)), False),
        (All(parts=(YES, UNKNOWN)), None),
        (All(parts=(NO, UNKNOWN)), False),
        (AnyOf(parts=(NO, YES)), True),
        (AnyOf(parts=(NO, APART)), False),
        (AnyOf(parts=(YES, UNKNOWN)), True),
        (AnyOf(parts=(NO, UNKNOWN)), None),
        (Not(part=AnyOf(parts=(NO, UNKNOWN))), None),
        (Not(part=All(parts=(NO, UNKNOWN))), True),
        (AnyOf(parts=(UNKNOWN, Not(part=UNKNOWN))), None),
        (AnyOf(parts=(YES,)), True),
        (All(parts=(UNKNOWN,)), None),
    ],
    ids=repr,
)
def test_a_condition_holds_or_not_or_is_unknown(
    db: Session, condition: Condition, held: bool | None
) -> None:
    assert db.scalar(select(compile_condition(condition, Answers()))) is held


def test_an_unknown_becomes_an_answer_once_and_at_the_top(db: Session) -> None:
    unknown = compile_condition(Not(part=UNKNOWN), Answers())
    assert db.scalar(select(func.coalesce(unknown, True))) is True
