"""Imports: chunks of lines registered one after the other, one result a line."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, Table, delete, select, text
from sqlalchemy.orm import Session

from app.catalogue.changing import change_lines
from app.catalogue.models import ImportChunkRow, ImportResultRow, ImportRow
from app.catalogue.reading_lines import (
    KeySaidTwice,
    Line,
    each_key_once,
    malformed,
    unreadable,
)
from app.catalogue.registration import Registration, Seen
from app.catalogue.rehoming import rehome_lines
from app.catalogue.scans import Found, take_sightings
from app.catalogue.service import Registered, register
from app.catalogue.spool import locked, settle
from app.kit.copying import write_rows
from app.kit.errors import Malformed, NoSuchResource
from app.kit.operations import OperationRow
from app.kit.refusals import Refusal
from app.people.roles import Principal, Role
from app.provenance.bulk import Edited

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 3))")
RESULTS = cast(Table, ImportResultRow.__table__)
Outcome = Registered | Found | Edited | Refusal
BULK = ("import", "record-changes", "rehoming")


def register_chunk(db: Session, import_id: UUID) -> bool:
    """Give every line of an import's next chunk its result; False when no chunk is left.

    One chunk of an import at a time and in order: of two lines that name one copy the first
    registers it.
    """
    db.execute(ONE_AT_A_TIME, {"id": str(import_id)})  # a job that was revived may not be dead
    chunk = db.scalars(next_chunk(import_id)).one_or_none()
    if chunk is None:
        return False
    row = db.get_one(ImportRow, import_id)
    lines = list(lines_of(chunk))
    if row.ended == "cancelled":
        results = [result(import_id, line.number, "cancelled") for line in lines]
    else:
        outcomes = outcomes_of(db, row, lines)
        results = [
            result_of(import_id, line, outcome)
            for line, outcome in zip(lines, outcomes, strict=True)
        ]
    write_rows(db, RESULTS, results)
    db.execute(
        delete(ImportChunkRow).where(
            ImportChunkRow.import_id == import_id, ImportChunkRow.ordinal == chunk.ordinal
        )
    )
    count(db, import_id, results)
    return True


def next_chunk(import_id: UUID) -> Select[ImportChunkRow]:
    """Select the first chunk whose lines have no results."""
    return (
        select(ImportChunkRow)
        .where(ImportChunkRow.import_id == import_id)
        .order_by(ImportChunkRow.ordinal)
        .limit(1)
    )


def count(db: Session, import_id: UUID, results: Sequence[dict[str, Any]]) -> None:
    """Add results to what the import and its operation say of themselves."""
    found = Counter(one["outcome"] for one in results)
    row = db.scalars(locked(import_id)).one()
    row.outcomes = {**row.outcomes, **(found + Counter(row.outcomes))}
    settle(db, row, done=len(results), refused=found["refused"])


def lines_of(chunk: ImportChunkRow) -> Iterator[Line]:
    """Yield a chunk's lines that hold something."""
    too_long = set(chunk.too_long)
    for number, content in enumerate(chunk.content.split(b"\n"), start=chunk.first_line):
        if number in too_long:
            yield Line(number, None)
        elif content and not content.isspace():
            yield Line(number, content)


def caller_of(row: ImportRow) -> Principal:
    """Return who sent an import, with the roles that the key had then."""
    roles = frozenset(map(Role, row.roles))
    return Principal(row.key_id, row.person_id, row.department, roles)


def outcomes_of(db: Session, row: ImportRow, lines: Sequence[Line]) -> list[Outcome]:
    """Register what the lines say, and say what became of each."""
    if row.instructions is not None:
        work = rehome_lines if "rehoming" in row.instructions else change_lines
        return list(work(db, caller_of(row), row, lines))
    kind = Seen if row.scanned_system is not None else Registration
    read = [read_line(line, kind) for line in lines]
    said = [one for one in read if isinstance(one, Registration)]
    if row.scanned_system is not None:
        seen = [one for one in said if isinstance(one, Seen)]
        taken = iter(take_sightings(db, caller_of(row), seen, row))
    else:
        taken = iter(register(db, caller_of(row), said, import_id=row.id))
    return [next(taken) if isinstance(one, Registration) else one for one in read]


def read_line(line: Line, kind: type[Registration] = Registration) -> Registration | Refusal:
    """Read one line; a bad one refuses itself only."""
    if line.content is None:
        return unreadable()
    try:
        return kind.model_validate(json.loads(line.content, object_pairs_hook=each_key_once))
    except ValidationError as error:
        return malformed(error, "The line is no registration")
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        why = str(error) if isinstance(error, KeySaidTwice) else "it cannot be read as JSON"
        return Malformed(f"The line is no registration: {why}.", pointers={"": why})


def result(import_id: UUID, line: int, outcome: str) -> dict[str, Any]:
    """Say an outcome that tells of no asset."""
    said: dict[str, Any] = {"import_id": import_id, "line": line, "outcome": outcome}
    return said | {"asset_id": None, "problem": None}


def result_of(import_id: UUID, line: Line, outcome: Outcome) -> dict[str, Any]:
    """Say what became of one line."""
    if isinstance(outcome, Refusal):
        errors = [{"pointer": at, "detail": why} for at, why in outcome.pointers.items()]
        problem = {"code": outcome.code, "detail": outcome.detail, "errors": errors}
        return result(import_id, line.number, "refused") | {"problem": problem}
    if isinstance(outcome, Registered):
        name = "registered" if outcome.new else "already_there"
        outcome = Found(outcome.asset_id, name)
    if isinstance(outcome, Edited):
        outcome = Found(outcome.asset_id, "edited" if outcome.changed else "unchanged")
    return result(import_id, line.number, outcome.outcome) | {"asset_id": outcome.asset_id}


def operation_for(db: Session, caller: Principal, operation_id: UUID) -> OperationRow:
    """Return an operation of the caller's scope.

    Raises:
        NoSuchResource: no such operation for this caller (HTTP 404).
    """
    row = db.get(OperationRow, operation_id)
    if row is None or not caller.sees(row.department or ""):
        raise NoSuchResource(f"There is no operation {operation_id}.")
    return row


def import_for(db: Session, caller: Principal, import_id: UUID) -> OperationRow:
    """Return an import of the caller's scope.

    Raises:
        NoSuchResource: no such import for this caller (HTTP 404).
    """
    row = operation_for(db, caller, import_id)
    if row.kind not in BULK:
        raise NoSuchResource(f"Operation {import_id} is no import.")
    return row


def results_after(import_id: UUID, line: int, outcome: str | None) -> Select[ImportResultRow]:
    """Select an import's results behind a line, in order of the lines."""
    found = select(ImportResultRow).where(
        ImportResultRow.import_id == import_id, ImportResultRow.line > line
    )
    if outcome is not None:
        found = found.where(ImportResultRow.outcome == outcome)
    return found.order_by(ImportResultRow.line)


def waiting_imports() -> Select[UUID]:
    """Select imports whose chunks have waited for long: a lost job delays and never loses."""
    late = text("received_at < clock_timestamp() - interval '2 minutes'")
    return select(ImportChunkRow.import_id).where(late).group_by(ImportChunkRow.import_id).limit(20)
