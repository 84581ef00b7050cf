"""Retention as SQL: over once the longest schedule of the record's class says so, never before."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Text,
    Values,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.policies.rules.in_force import Registers
from app.policies.rules.retention import months
from app.provenance.completeness import Code
from app.provenance.models import VERSIONS, ProvenanceVersionRow

ELAPSED, DESTROY = "retention_elapsed", "disposal_action_is_destroy"
Scheduled = tuple[str, str, int, str, bool]  # class, trigger field, months, action, firm
Said = Any  # the columns of the schedules
When = tuple[ColumnElement[bool], Any]  # as `case` takes them


def retention_codes(registers: Registers, today: date) -> dict[str, Code]:
    """Return, by condition, why the schedules of a record's class do not let it go.

    A schedule of a register that is not published, or whose mandate is not verified, may say that
    a period is not over and never that it is.
    """
    rows = scheduled(registers, today)
    if not rows:
        return {name: literal(unknown(name), Text) for name in (ELAPSED, DESTROY)}
    schedules = table_of(rows)
    return {
        ELAPSED: told_by(schedules, not_elapsed(schedules.c, today)),
        DESTROY: told_by(schedules, not_destroyed(schedules.c)),
    }


def unknown(name: str) -> str:
    """Return the code of a condition of which nothing is known."""
    return f"?legal:{name}"


def table_of(rows: Sequence[Scheduled]) -> Values:
    """Write schedules as a table of constants."""
    return values(
        column("disposal_class", Text),
        column("trigger_field", Text),
        column("months", Integer),
        column("action", Text),
        column("firm", Boolean),
        name="schedules",
        literal_binds=True,
    ).data(list(rows))


def not_elapsed(said: Said, today: date) -> Sequence[When]:
    """Return why a period is not over: the longest counts; without a date nobody can say."""
    day = cast(VERSIONS.c.latest_days.op("->>")(said.trigger_field), Date)
    until = cast(day + func.make_interval(0, said.months), Date)
    longest = func.max(until)
    return (
        (func.count() == 0, unknown(ELAPSED)),
        (func.bool_or(said.action == "retain_permanently"), "retention:permanent"),
        (func.bool_or(until.is_(None)), unknown(ELAPSED)),
        (longest > today, literal("retention:") + func.to_char(longest, "YYYY-MM-DD")),
        (func.bool_and(said.firm), null()),
        (literal(value=True), unknown(ELAPSED)),
    )


def not_destroyed(said: Said) -> Sequence[When]:
    """Return why what follows the period is not destruction: every schedule must say that it is."""
    return (
        (func.count() == 0, unknown(DESTROY)),
        (func.bool_or(said.action != "destroy"), f"legal:{DESTROY}"),
        (func.bool_and(said.firm), null()),
        (literal(value=True), unknown(DESTROY)),
    )


def told_by(schedules: Values, whens: Sequence[When]) -> Code:
    """Return the first of these answers that holds of the schedules of a record's class."""
    one = literal("disposal_class=") + schedules.c.disposal_class
    mine = VERSIONS.c.codes.contains(cast(array([one], type_=Text), ARRAY(Text)))
    asked = select(case(*whens)).select_from(schedules).where(mine)
    return cast(asked.correlate(ProvenanceVersionRow).scalar_subquery(), Text)


def scheduled(registers: Registers, today: date) -> list[Scheduled]:
    """Return a row for each class of each schedule."""
    status = registers.retention_schedules_version.status
    return [
        (
            name,
            one.trigger_field,
            months(one.duration),
            one.action,
            one.may_authorise(status, registers.instruments, today),
        )
        for name, schedules in registers.retention_schedules.by_class().items()
        for one in schedules
    ]
