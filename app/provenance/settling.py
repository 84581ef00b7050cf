"""A person's answers about values that differ: one holds, several are true, one is no value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.provenance.agreement import MANY, values_of
from app.provenance.errors import HoldsOneValue, NoSuchStatement, NothingToSettle
from app.provenance.fields import FIELDS
from app.provenance.projection import Record
from app.provenance.speaking import Speaker
from app.provenance.statements import Resolution, ResolutionKind, Statement


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person answers about a field's values, with the reason."""

    field: str
    statement: str
    reason: str
    kind: ResolutionKind = "choice"
    also: tuple[str, ...] = ()  # the others that are true

    @property
    def statements(self) -> tuple[str, ...]:
        """Return every statement that it is about."""
        return (self.statement, *self.also)

    def document(self) -> dict[str, Any]:
        """Say it in the event and in the version."""
        return {
            "field": self.field,
            "kind": self.kind,
            "statements": list(self.statements),
            "reason": self.reason,
        }


def settle(record: Record, choices: Sequence[Choice], speaker: Speaker, *, version: int) -> Record:
    """Record a person's answers about the values as they stand now.

    Raises:
        NoSuchStatement, NothingToSettle, HoldsOneValue.
    """
    for one in choices:
        named = [statement_of(record, one.field, name) for name in one.statements]
        if one.kind == "device_default":
            record = reject(record, one, named, speaker, version)
        else:
            record = choose(record, one, named, speaker, version)
    return record


def statement_of(record: Record, field: str, name: str) -> Statement:
    """Return a statement that gives a field a value today."""
    said = record.offered(field) if field in FIELDS else []
    found = next((s for s in said if s.id == name and s.unknown_reason is None), None)
    if found is None:
        raise NoSuchStatement(f"{name!r} says nothing of {field} today.")
    return found


def choose(
    record: Record, one: Choice, named: Sequence[Statement], speaker: Speaker, version: int
) -> Record:
    """Say which values hold. A value that was called a device default before is one no more."""
    if one.kind == "both_true" and FIELDS[one.field].kind not in MANY:
        raise HoldsOneValue(f"{one.field} holds one value; choose which.")
    lifted = without_defaults(record, one.field, named)
    if not lifted.in_conflict(one.field) and lifted == record:
        raise NothingToSettle(f"{one.field} has no open conflict.")
    kept = [r for r in lifted.resolutions if r.field != one.field or not r.settles]
    answer = answer_of(lifted, one, named, speaker, version)
    return replace(lifted, resolutions=(*kept, answer))


def without_defaults(record: Record, field: str, named: Sequence[Statement]) -> Record:
    """Take back that what these statements say is a device default."""

    def stands(r: Resolution) -> bool:
        about_it = r.field == field and not r.settles
        return not (about_it and any(record.said(s, r.said) for s in named))

    return replace(record, resolutions=tuple(filter(stands, record.resolutions)))


def reject(
    record: Record, one: Choice, named: Sequence[Statement], speaker: Speaker, version: int
) -> Record:
    """Say that what the file says is a device default: it stays in sight and counts no more."""
    if any(s.source_kind not in ("extracted", "imported") for s in named):
        raise NoSuchStatement("Only what a file or a catalogue says can be a device default.")
    answer = answer_of(record, one, named, speaker, version)
    return replace(record, resolutions=(*record.resolutions, answer))


def answer_of(
    record: Record, one: Choice, named: Sequence[Statement], speaker: Speaker, version: int
) -> Resolution:
    """Write an answer with what it was given about."""
    return Resolution(
        one.field,
        one.kind,
        one.statements,
        values_of(named),
        record.values(one.field),
        one.reason,
        speaker.agent,
        speaker.person,
        version,
    )
