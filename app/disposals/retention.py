"""Retention as SQL: over once the longest schedule of the record's class says so, never before."""

from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Text,
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


def retention_codes(registers: Registers, today: date) -> dict[str, Code]:
    """Return, by condition, why the schedules of a record's class do not let it go.

    A schedule of a register that is not published, or whose mandate is not verified, may say that
    a period is not over and never that it is.
    """
    rows = scheduled(registers, today)
    if not rows:
        return {name: literal(f"?legal:{name}", Text) for name in (ELAPSED, DESTROY)}
    table = values(
        column("disposal_class", Text),
        column("trigger_field", Text),
        column("months", Integer),
        column("action", Text),
        column("firm", Boolean),
        name="schedules",
        literal_binds=True,
    ).data(rows)
    said = table.c
    day = cast(VERSIONS.c.latest_days.op("->>")(said.trigger_field), Date)
    until = cast(day + func.make_interval(0, said.months), Date)
    longest, known = func.max(until), func.count() > 0
    mine = VERSIONS.c.codes.contains(
        cast(array([literal("disposal_class=") + said.disposal_class], type_=Text), ARRAY(Text))
    )

    def told(*whens: Any) -> Code:  # noqa: ANN401 - as `case` takes them
        asked = select(case(*whens)).select_from(table).where(mine)
        return cast(asked.correlate(ProvenanceVersionRow).scalar_subquery(), Text)

    def unknown(name: str) -> str:
        return f"?legal:{name}"

    firm: ColumnElement[bool] = func.bool_and(said.firm)
    return {
        ELAPSED: told(
            (~known, unknown(ELAPSED)),
            (func.bool_or(said.action == "retain_permanently"), "retention:permanent"),
            (func.bool_or(until.is_(None)), unknown(ELAPSED)),
            (longest > today, literal("retention:") + func.to_char(longest, "YYYY-MM-DD")),
            (firm, null()),
            (literal(value=True), unknown(ELAPSED)),
        ),
        DESTROY: told(
            (~known, unknown(DESTROY)),
            (func.bool_or(said.action != "destroy"), f"legal:{DESTROY}"),
            (firm, null()),
            (literal(value=True), unknown(DESTROY)),
        ),
    }


def scheduled(registers: Registers, today: date) -> list[tuple[str, str, int, str, bool]]:
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
