"""From one record to the next: assert, retract, settle. Nothing earlier is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.provenance.carrying import prove_carried
from app.provenance.errors import FieldNeedsAnswer, NoSuchStatement
from app.provenance.fitting import Assertion, check
from app.provenance.projection import Record
from app.provenance.settling import Choice, settle
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement

__all__ = ["Assertion", "Change", "Choice", "Retraction", "Speaker", "apply_change"]
NEEDED_AT_G0 = frozenset({"source_system", "source_identifier", "department", "original_name"})


@dataclass(frozen=True, slots=True)
class Retraction:
    """A statement taken back, with the reason."""

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
        imported = [a.field for a in self.assertions if a.kind == "imported"]
        told: dict[str, Any] = {
            "asserted": [a.field for a in self.assertions if a.kind == "asserted"],
            "retracted": [{"statement": r.statement, "reason": r.reason} for r in self.retractions],
            "settled": [c.document() for c in self.choices],
        }
        return told | {"imported": imported} if imported else told


def apply_change(record: Record, change: Change, speaker: Speaker, *, version: int) -> Record:
    """Return the record after the change.

    Raises:
        StatementMalformed, MustBeAsserted, NoSuchStatement, FieldNeedsAnswer, NothingToSettle,
        HoldsOneValue.
    """
    places = change.pointers or [f"/assert/{at}" for at in range(len(change.assertions))]
    for one, place in zip(change.assertions, places, strict=True):
        prove_carried(one, place, record.weighing)
        check(one, place, change.legal_statuses)
    record = retract(record, change.retractions)
    record = add_assertions(record, change.assertions, speaker, version=version)
    return settle(record, change.choices, speaker, version=version)


def add_assertions(
    record: Record, assertions: Sequence[Assertion], speaker: Speaker, *, version: int
) -> Record:
    """Add assertions; one follows the earlier one of the same field, language and way in.

    What is carried over follows what the same record of the same catalogue said before.
    """
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
                source_kind=one.kind,
                locator=one.locator or speaker.locator,
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
    if one.kind == "imported":
        same_way = earlier.locator == one.locator
    same_field = (earlier.field, fold_lang(earlier.lang)) == (one.field, fold_lang(one.lang))
    return earlier.source_kind == one.kind and same_field and same_way


def retract(record: Record, retractions: Sequence[Retraction]) -> Record:
    """Take back what people said or carried over; what the registration said is only followed."""
    statements = list(record.statements)
    for one in retractions:
        found = next((s for s in statements if s.id == one.statement), None)
        if found is None or not found.of_people:
            raise NoSuchStatement(
                f"There is no assertion {one.statement!r} in today's version, and nothing carried"
                " over by that name."
            )
        statements.remove(found)
        needed = found.field in NEEDED_AT_G0 or found.field == "legal_status"
        if needed and not any(s.field == found.field for s in statements):
            raise FieldNeedsAnswer(f"{found.field} cannot be left open; assert another value.")
    return replace(record, statements=tuple(statements))


def fold_lang(lang: str | None) -> str | None:
    """Write a language tag in one form (BCP 47: case says nothing)."""
    return lang and lang.casefold()
