"""Refusals about provenance."""

from typing import ClassVar

from app.kit.refusals import Refusal


class StatementMalformed(Refusal):
    """A statement does not fit its field."""

    code: ClassVar[str] = "statement-malformed"
    status: ClassVar[int] = 422


class MustBeAsserted(Refusal):
    """What the law or a policy leaves to a role is not carried over from a catalogue."""

    code: ClassVar[str] = "must-be-asserted"
    status: ClassVar[int] = 422


class NoSuchStatement(Refusal):
    """The statement is not one of today's version."""

    code: ClassVar[str] = "statement-not-current"


class FieldNeedsAnswer(Refusal):
    """Without this statement the asset could not have been registered."""

    code: ClassVar[str] = "field-needs-answer"


class NothingToSettle(Refusal):
    """The field has no open conflict."""

    code: ClassVar[str] = "no-open-conflict"


class HoldsOneValue(Refusal):
    """Two values cannot both be true of this field."""

    code: ClassVar[str] = "field-holds-one-value"


class SeriesTaken(Refusal):
    """A series of that code exists with other facts."""

    code: ClassVar[str] = "series-exists"


class NotSealed(Refusal):
    """The record is not complete under the policy in force."""

    code: ClassVar[str] = "not-sealed"
