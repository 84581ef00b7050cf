"""Which instruments of the register bind an asset, as SQL; of an unknown it is said, never no."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, not_, null, or_
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.people.models import DepartmentRow
from app.policies.compile import compile_condition
from app.policies.rules.bodies import BODY_KINDS
from app.policies.rules.conditions import All, AnyOf, Condition, In, Not
from app.policies.rules.in_force import Registers
from app.policies.rules.instruments import Instrument
from app.policies.rules.terms import TERMS
from app.provenance.completeness import CODED, Answers, Demand, has_code, texts
from app.provenance.models import VERSIONS

# Where these are not answered, or by no word of theirs, the record is blocked for it anyway
# (`missing:`, `legal:unknown_status`, `personal_data:unknown`): one cause, one reason.
ASKED_FOR_ANYWAY = frozenset({"legal_status", "personal_data_status"})
BODY_KIND: ColumnElement[Any] = DepartmentRow.body_kind.expression


class Known(Answers):
    """A record's answers as instruments ask for them: a word that no vocabulary has is none."""

    def among(self, field: str, values: Collection[str]) -> ColumnElement[bool]:
        """Tell whether a field's answer is among these; NULL where nobody can know."""
        if field not in CODED:  # a text has no terms, and nobody answers what is no field
            return cast(null(), false().type)
        if field in TERMS and field not in ASKED_FOR_ANYWAY:
            return case((has_code(field, TERMS[field]), has_code(field, values)))
        return super().among(field, values)


def binds(one: Instrument) -> ColumnElement[bool]:
    """Tell whether an instrument binds an asset: by whose it is, what its record says, or cites."""
    return or_(*([by_body(one)] if one.applies_to.body_kinds else []), *besides(one))


def besides(one: Instrument) -> list[ColumnElement[bool]]:
    """Return by what an instrument binds beside the kind of body."""
    cites, when = VERSIONS.c.legal_basis.contains(texts([one.id])), one.applies_to.when
    return [cites] if when is None else [cites, compile_condition(when, Known())]


def by_body(one: Instrument) -> ColumnElement[bool]:
    """Tell whether it binds whoever holds the asset; NULL where nobody said of what kind they are.

    Of a kind that no department can be, as a register of before may name, nobody knows who is.
    """
    kinds = [kind for kind in one.applies_to.body_kinds if kind in BODY_KINDS]
    found: ColumnElement[bool] = BODY_KIND.in_(kinds)
    return found if len(kinds) == len(one.applies_to.body_kinds) else case((found, True))


def surely(*ways: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether one of these is known to hold."""
    return func.coalesce(or_(false(), *ways), false())


def unclear_demands(registers: Registers, today: date) -> Iterator[Demand]:
    """Yield a demand for each cause by which nobody knows whether an instrument binds."""
    asking = registers.instruments.asking(today)
    by_kind = [one for one in asking if one.applies_to.body_kinds]
    if by_kind:
        free = and_(*(surely(*besides(one)) for one in by_kind))
        code = case((and_(BODY_KIND.is_(None), not_(free)), "?body_kind:unknown"))
        yield Demand("legal:body_kind", "blocked_legal", code)
    for one in asking:
        if (unknown := unclear(one)) is not None:
            code = case((and_(unknown, not_(surely(binds(one)))), f"?instrument:{one.id}"))
            yield Demand(f"instrument:{one.id}", "blocked_legal", code)


def unclear(one: Instrument) -> ColumnElement[bool] | None:
    """Tell whether record or register leave open whether it binds; None: they never can."""
    causes: list[ColumnElement[bool]] = []
    if any(kind not in BODY_KINDS for kind in one.applies_to.body_kinds):
        causes.append(and_(BODY_KIND.is_not(None), nobody_knows(by_body(one))))
    when = one.applies_to.when
    if when is not None and not fields_of(when) <= ASKED_FOR_ANYWAY:
        causes.append(nobody_knows(compile_condition(when, Known())))
    return or_(*causes) if causes else None


def nobody_knows(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether a condition is unknown; `NOT x IS NULL` would ask for the opposite of NULL."""
    return func.num_nulls(condition) > 0


def fields_of(condition: Condition) -> frozenset[str]:
    """Return the fields that a condition names."""
    match condition:
        case In(field):
            return frozenset({field})
        case All(parts) | AnyOf(parts):
            return frozenset().union(*map(fields_of, parts))
        case Not(part):
            return fields_of(part)
        case _:
            assert_never(condition)


def asked_by(registers: Registers, today: date) -> dict[str, list[Instrument]]:
    """Return each condition with the instruments that ask for it."""
    asked: dict[str, list[Instrument]] = {}
    for one in registers.instruments.asking(today):
        for condition in dict.fromkeys(one.requires):
            asked.setdefault(condition, []).append(one)
    return asked


def binding(registers: Registers, today: date) -> ColumnElement[Sequence[str]]:
    """Return the ids of the instruments that bind an asset and ask for something."""
    asking = registers.instruments.asking(today)
    said: array[Any] = array([case((binds(one), literal(one.id))) for one in asking], type_=Text)
    return cast(func.array_remove(said, null()), ARRAY(Text))
