"""Retention as SQL: over once the longest schedule of the record's class says so, never before."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Text,
    Values,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.policies.rules.in_force import Registers
from app.policies.rules.retention import RetentionSchedule, months
from app.provenance.completeness import Code, any_bits
from app.provenance.latest import UNTIL
from app.provenance.models import VERSIONS, ProvenanceVersionRow

CLASS = "disposal_class="
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


def last_day(field: Any) -> ColumnElement[date]:  # noqa: ANN401 - a name, or a column of names
    """Return the last day that a date of the record can mean; NULL where it has none."""
    return cast(VERSIONS.c.latest_days.op("->>")(field), Date)


OWN = last_day(literal(UNTIL, Text))  # the day until which the record itself says that it is kept
# Said, but by no day that counts: in conflict, open, or entered before such days were looked at.
OWN_UNCLEAR = and_(any_bits(UNTIL, 15), OWN.is_(None))


def ends(said: Said) -> ColumnElement[date]:
    """Return the day on which a schedule's period ends; NULL where nobody can say."""
    return cast(last_day(said.trigger_field) + func.make_interval(0, said.months), Date)


def kept_until(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return the code of a period that is not over."""
    return literal("retention:") + func.to_char(day, "YYYY-MM-DD")


def kept_by_itself(today: date) -> Code:
    """Return why a record is kept that names a day of its own, which no schedule need know."""
    return case((today < OWN, kept_until(OWN)), (OWN_UNCLEAR, unknown(ELAPSED)))


def not_elapsed(said: Said, today: date) -> Sequence[When]:
    """Return why a period is not over: the longest counts; without a date nobody can say.

    A later day that the record itself names is kept to; an earlier one ends nothing sooner.
    """
    until = ends(said)
    longest = func.greatest(func.max(until), OWN)
    return (
        (func.count() == 0, unknown(ELAPSED)),
        (func.bool_or(said.action == "retain_permanently"), "retention:permanent"),
        (or_(func.bool_or(until.is_(None)), OWN_UNCLEAR), unknown(ELAPSED)),
        (longest > today, kept_until(longest)),
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
    one = literal(CLASS) + schedules.c.disposal_class
    mine = VERSIONS.c.codes.contains(cast(array([one], type_=Text), ARRAY(Text)))
    asked = select(case(*whens)).select_from(schedules).where(mine)
    return cast(asked.correlate(ProvenanceVersionRow).scalar_subquery(), Text)


# Why a record is kept until a day, or why nobody can name one; a day stands with the first two.
BY_SCHEDULES, ITSELF, PERMANENT, NO_DATE, NO_SCHEDULE, NO_CLASS = REASONS = (
    *("schedules", "record", "permanent", "no_date", "no_schedule", "no_class"),
)
DATED: Mapping[str, ColumnElement[Any]] = {  # what the statement tells of a record for it
    "record_codes": VERSIONS.c.codes,
    "latest_days": VERSIONS.c.latest_days,
    "names_a_day": any_bits(UNTIL, 15),
}


def retained_until(
    schedules: Mapping[str, Sequence[RetentionSchedule]],
    codes: Sequence[str],
    days: Mapping[str, str],
    *,
    names_a_day: bool,
) -> tuple[str, date | None]:
    """Return why a record is kept and until which day, from the schedules of each class.

    It is told and decides nothing: also of schedules that may not say that a period is over.
    """
    classes = [one.removeprefix(CLASS) for one in codes if one.startswith(CLASS)]
    mine = [one for name in classes for one in schedules.get(name, ())]
    own = date.fromisoformat(days[UNTIL]) if UNTIL in days else None
    if any(one.action == "retain_permanently" for one in mine):
        return PERMANENT, None
    if any(one.trigger_field not in days for one in mine) or (names_a_day and own is None):
        return NO_DATE, None
    last = max((ends_on(days[one.trigger_field], one.duration) for one in mine), default=None)
    if own is not None and (last is None or own > last):
        return ITSELF, own
    if last is not None:
        return BY_SCHEDULES, last
    return (NO_SCHEDULE if classes else NO_CLASS), None


def ends_on(day: str, duration: str) -> date:
    """Return the last day of a period, as PostgreSQL adds months: no later than the month's end."""
    since = date.fromisoformat(day)
    year, month = divmod(since.year * 12 + since.month - 1 + months(duration), 12)
    return date(year, month + 1, min(since.day, monthrange(year, month + 1)[1]))


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
