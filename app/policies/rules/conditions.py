"""Conditions are data: {field, in}, {any: [...]}, {all: [...]}, {not: {...}}; never code."""

from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag

from app.policies.rules.joins import Join
from app.policies.rules.model import Frozen, Name, Text

# The keys that make each kind of condition. A tag in angle brackets is left out of JSON Pointers.
SHAPES = {
    frozenset({"field", "in"}): "<in>",
    frozenset({"any"}): "<any>",
    frozenset({"all"}): "<all>",
    frozenset({"not"}): "<not>",
}


class Part(Frozen):
    """One node of a condition; our own code may build it by name, a document never can."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)


class In(Part):
    """Holds when the field's answer is one of these; of a set, when it overlaps them.

    A URI is compared by its last segment. Without an answer it is unknown, not false.
    """

    __match_args__ = ("field", "values")
    field: Name
    values: tuple[Text, ...] = Field(alias="in", min_length=1)


class AnyOf(Part):
    """Holds when any part holds."""

    __match_args__ = ("parts",)
    parts: tuple["WrittenCondition", ...] = Field(alias="any", min_length=1)


class All(Part):
    """Holds when all parts hold."""

    __match_args__ = ("parts",)
    parts: tuple["WrittenCondition", ...] = Field(alias="all", min_length=1)


class Not(Part):
    """Holds when its part is known not to hold; of an unknown the opposite is unknown too."""

    __match_args__ = ("part",)
    part: "WrittenCondition" = Field(alias="not")


Condition: TypeAlias = In | AnyOf | All | Not


def _shape(value: object) -> str | None:
    match value:
        case In():
            return "<in>"
        case AnyOf():
            return "<any>"
        case All():
            return "<all>"
        case Not():
            return "<not>"
        case dict():
            return SHAPES.get(frozenset(value))
        case _:
            return None


WrittenCondition = Annotated[
    Annotated[In, Tag("<in>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[All, Tag("<all>")]
    | Annotated[Not, Tag("<not>")],
    Discriminator(
        _shape,
        custom_error_type="condition",
        custom_error_message="A condition is one of {field, in}, {any}, {all}, {not}",
    ),
]
for _part in (AnyOf, All, Not):
    _part.model_rebuild()


def either(first: Condition, second: Condition) -> Condition:
    """Join two conditions by "any", without saying the same twice."""
    parts = [*_alternatives(first)]
    parts += [part for part in _alternatives(second) if part not in parts]
    return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))


def _alternatives(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AnyOf) else (condition,)


def _added_case(base: Condition | None, stated: Condition | None) -> Condition | None:
    # Whether "nothing" means always or never is said by the level, which has a join of its own.
    return stated if base is None or stated is None else either(base, stated)


ADDED_CASE = Join(_added_case)
