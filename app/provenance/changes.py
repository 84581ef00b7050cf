"""From one record to the next: assert, retract, settle. Nothing earlier is changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from edtf import EDTFParseException, parse_edtf

from app.provenance.errors import (
    FieldNeedsAnswer,
    NoSuchStatement,
    NothingToSettle,
    StatementMalformed,
)
from app.provenance.fields import FIELDS, Kind
from app.provenance.normalise import names, normalise
from app.provenance.projection import Record, known_values
from app.provenance.statements import Resolution, Statement

LONGEST_DATE = 100  # characters; EDTF lists can be made to take seconds
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NEEDED_AT_G0 = frozenset({"source_system", "source_identifier", "department", "original_name"})


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who makes statements, with what roles, and by which way in."""

    agent: str
    person: str | None
    roles: tuple[str, ...]
    locator: str = "api"
    series_statements: str | None = None


@dataclass(frozen=True, slots=True)
class Assertion:
    """A value that somebody vouches for, or a reasoned unknown."""

    field: str
    value: Any = None
    lang: str | None = None
    unknown_reason: str | None = None
    certainty: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Retraction:
    """A statement taken back, with the reason."""

    statement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of several differing values holds, with the reason."""

    field: str
    statement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one request changes."""

    assertions: Sequence[Assertion] = ()
    retractions: Sequence[Retraction] = ()
    choices: Sequence[Choice] = ()
    legal_statuses: frozenset[str] = field(default=frozenset())  # that the register knows
    pointers: Sequence[str] = ()  # where each assertion stands in the request

    def document(self) -> dict[str, Any]:
        """Say it in the event and in the version."""
        return {
            "asserted": [a.field for a in self.assertions],
            "retracted": [{"statement": r.statement, "reason": r.reason} for r in self.retractions],
            "settled": [
                {"field": c.field, "statement": c.statement, "reason": c.reason}
                for c in self.choices
            ],
        }


def apply_change(record: Record, change: Change, speaker: Speaker, *, version: int) -> Record:
    """Return the record after the change.

    Raises:
        StatementMalformed, NoSuchStatement, FieldNeedsAnswer, NothingToSettle.
    """
    places = change.pointers or [f"/assert/{at}" for at in range(len(change.assertions))]
    for one, place in zip(change.assertions, places, strict=True):
        check(one, place, change.legal_statuses)
    record = retract(record, change.retractions)
    record = add_assertions(record, change.assertions, speaker, version=version)
    return settle(record, change.choices, speaker, version=version)


def add_assertions(
    record: Record, assertions: Sequence[Assertion], speaker: Speaker, *, version: int
) -> Record:
    """Add assertions; one follows the earlier one of the same field, language and way in."""
    statements = list(record.statements)
    for number, one in enumerate(assertions, start=record.next_number(version)):
        earlier = [s for s in statements if s.field == one.field and follows(one, s, speaker)]
        if earlier:
            statements = [s for s in statements if s not in earlier]
        statements.append(
            Statement(
                id=f"{version}.{number}",
                field=one.field,
                value=one.value,
                source_kind="asserted",
                locator=speaker.locator,
                agent=speaker.agent,
                person=speaker.person,
                roles=tuple(sorted(speaker.roles)),
                since_version=version,
                lang=one.lang,
                unknown_reason=one.unknown_reason,
                certainty=one.certainty,
                evidence=one.evidence,
                supersedes=earlier[-1].id if earlier else None,
                series_statements=speaker.series_statements,
            )
        )
    return replace(record, statements=tuple(statements))


def follows(one: Assertion, earlier: Statement, speaker: Speaker) -> bool:
    """Tell whether an assertion takes the place of an earlier one."""
    series = speaker.locator if speaker.locator.startswith("series:") else None
    same_way = earlier.locator == series if series else not earlier.of_series
    same_field = (earlier.field, earlier.lang) == (one.field, one.lang)
    return earlier.source_kind == "asserted" and same_field and same_way


def retract(record: Record, retractions: Sequence[Retraction]) -> Record:
    """Take statements back; what the registration itself said can only be followed."""
    statements = list(record.statements)
    for one in retractions:
        found = next((s for s in statements if s.id == one.statement), None)
        if found is None or found.source_kind != "asserted":
            raise NoSuchStatement(f"There is no assertion {one.statement!r} in today's version.")
        statements.remove(found)
        needed = found.field in NEEDED_AT_G0 or found.field == "legal_status"
        if needed and not any(s.field == found.field for s in statements):
            raise FieldNeedsAnswer(f"{found.field} cannot be left open; assert another value.")
    return replace(record, statements=tuple(statements))


def settle(record: Record, choices: Sequence[Choice], speaker: Speaker, *, version: int) -> Record:
    """Record a person's choice between the values as they stand now."""
    resolutions = list(record.resolutions)
    for one in choices:
        said = record.of(one.field) if one.field in FIELDS else []
        chosen = next((s for s in said if s.id == one.statement and s.unknown_reason is None), None)
        if chosen is None:
            raise NoSuchStatement(f"{one.statement!r} says nothing of {one.field} today.")
        if not record.in_conflict(one.field):
            raise NothingToSettle(f"{one.field} has no open conflict.")
        values = sorted({v for group in known_values(said).values() for v in group})
        resolutions = [r for r in resolutions if r.field != one.field]
        resolutions.append(
            Resolution(
                one.field,
                one.statement,
                normalise(one.field, chosen.value),
                tuple(values),
                one.reason,
                speaker.agent,
                speaker.person,
                version,
            )
        )
    return replace(record, resolutions=tuple(resolutions))


def check(one: Assertion, pointer: str, legal_statuses: frozenset[str]) -> None:
    """Refuse an assertion that does not fit its field."""
    why = fault_of(one, legal_statuses)
    if why is not None:
        raise StatementMalformed(f"{one.field}: {why}.", pointers={pointer: why})


def fault_of(one: Assertion, legal_statuses: frozenset[str]) -> str | None:
    """Return what is wrong with an assertion, if anything is."""
    known = FIELDS.get(one.field)
    if known is None or not known.settable:
        return "there is no such field to assert"
    if (one.value is None) == (one.unknown_reason is None):
        return "give either a value or an unknown_reason"
    if one.lang is not None and known.kind is not Kind.TEXT:
        return "only a text has a language"
    if one.value is None:
        return "it must have a value" if one.field == "legal_status" else None
    if not FITS[known.kind](one.value):
        return f"the value is not written like a field of kind {known.kind}"
    if one.field == "legal_status" and not set(one.value) <= legal_statuses:
        return f"known statuses are {', '.join(sorted(legal_statuses))}"
    return None


def is_line(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_lines(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a list of texts, not empty."""
    return isinstance(value, list) and bool(value) and all(map(is_line, value))


def is_edtf(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a date in EDTF that the calendar knows."""
    if not is_line(value) or len(value) > LONGEST_DATE or value != value.strip():
        return False
    try:
        parse_edtf(value)
        for day in DAY.findall(value):
            date.fromisoformat(day)
    except (EDTFParseException, ValueError):
        return False
    return True


def is_names(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether it is a list of names, or a text that holds some."""
    return is_lines(value) or (is_line(value) and bool(names(value)))


FITS: Mapping[Kind, Any] = {
    Kind.TEXT: is_line,
    Kind.AGENTS: is_names,
    Kind.DATE: is_edtf,
    Kind.CODE: is_line,
    Kind.CODES: is_lines,
    Kind.OBJECT: lambda value: isinstance(value, dict | list) and bool(value),
}
