"""Imports: lines kept as they came, registered some at a time, one result each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.orm import Session

from app.catalogue.errors import ImportTooLarge
from app.catalogue.events import ImportReceived
from app.catalogue.models import ImportLineRow, ImportResultRow
from app.catalogue.registration import Registration
from app.catalogue.service import Registered, register
from app.kit.db import new_ids
from app.kit.errors import Malformed, NoSuchResource
from app.kit.jobs import publish
from app.kit.operations import OperationRow, add_progress, begin_operation
from app.kit.problems import pointer
from app.kit.refusals import Refusal
from app.ledger.service import Event, record
from app.people.roles import Principal

MOST_LINES = 10_000
LONGEST_LINE = 256 * 1024
LINES_A_TRANSACTION = 500
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 3))")


def split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of NDJSON as they come, without the empty ones.

    Raises:
        ImportTooLarge: a line longer than 256 KiB, or more than 10,000 lines (HTTP 413).
    """
    rest, count = b"", 0
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if any(len(line) > LONGEST_LINE for line in (*whole, rest)):
            raise ImportTooLarge(f"A line holds at most {LONGEST_LINE} bytes.")
        for line in filter(bytes.strip, whole):
            count += 1
            if count > MOST_LINES:
                raise ImportTooLarge(f"An import holds at most {MOST_LINES} lines; send several.")
            yield line
    if rest.strip():
        if count >= MOST_LINES:
            raise ImportTooLarge(f"An import holds at most {MOST_LINES} lines; send several.")
        yield rest


def receive(db: Session, caller: Principal, lines: Sequence[bytes]) -> UUID:
    """Keep the lines of an import and write the job that registers them."""
    if not lines:
        raise Malformed("An import holds at least one line of NDJSON.")
    assert caller.department is not None  # noqa: S101 - a registrar acts for a department
    [import_id] = new_ids(db, 1)
    begin_operation(
        db,
        operation_id=import_id,
        kind="import",
        total=len(lines),
        department=caller.department,
        requested_by=caller.agent.name,
    )
    rows = [
        {"import_id": import_id, "line": number, "content": line}
        for number, line in enumerate(lines, start=1)
    ]
    db.execute(insert(ImportLineRow), rows)
    detail = {"import": str(import_id), "lines": len(lines)}
    record(db, caller.agent, Event("x:import-received", detail, department=caller.department))
    publish(
        db,
        ImportReceived(
            (import_id,),
            str(import_id),
            caller.key_id,
            str(caller.person_id),
            caller.department,
            sorted(caller.roles),
        ),
    )
    return import_id


def register_lines(db: Session, caller: Principal, import_id: UUID) -> bool:
    """Register the next lines that have no result; False when none is left."""
    db.execute(ONE_AT_A_TIME, {"id": str(import_id)})  # a job that was revived may not be dead
    lines = db.scalars(unregistered(import_id)).all()
    if not lines:
        return False
    read = [read_line(line.content) for line in lines]
    said = [one for one in read if isinstance(one, Registration)]
    outcomes = iter(register(db, caller, said, import_id=import_id)) if said else iter(())
    results = [
        result_of(line, next(outcomes) if isinstance(one, Registration) else one)
        for line, one in zip(lines, read, strict=True)
    ]
    db.execute(insert(ImportResultRow), results)
    refused = sum(result["outcome"] == "refused" for result in results)
    add_progress(db, import_id, step=str(lines[0].line), done=len(results), refused=refused)
    return True


def unregistered(import_id: UUID) -> Select[ImportLineRow]:
    """Select the next lines without a result, in order."""
    done = select(func.coalesce(func.max(ImportResultRow.line), 0)).where(
        ImportResultRow.import_id == import_id
    )
    return (
        select(ImportLineRow)
        .where(ImportLineRow.import_id == import_id, ImportLineRow.line > done.scalar_subquery())
        .order_by(ImportLineRow.line)
        .limit(LINES_A_TRANSACTION)
    )


def read_line(content: bytes) -> Registration | Malformed:
    """Read one line; a bad one refuses itself only."""
    try:
        return Registration.model_validate(json.loads(content, object_pairs_hook=each_key_once))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        places = {pointer(e["loc"]): e["msg"] for e in found}
        return Malformed("The line is no registration; `errors` names each place.", pointers=places)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        why = str(error) if isinstance(error, KeySaidTwice) else "it cannot be read as JSON"
        return Malformed(f"The line is no registration: {why}.", pointers={"": why})


class KeySaidTwice(ValueError):
    """An object says a key twice, and readers disagree which counts."""


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs."""
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "an object says a key twice"
        raise KeySaidTwice(message)
    return found


def result_of(line: ImportLineRow, outcome: Registered | Refusal) -> dict[str, Any]:
    """Say what became of one line."""
    said: dict[str, Any] = {"import_id": line.import_id, "line": line.line}
    if isinstance(outcome, Refusal):
        errors = [{"pointer": at, "detail": why} for at, why in outcome.pointers.items()]
        problem = {"code": outcome.code, "detail": outcome.detail, "errors": errors}
        return said | {"outcome": "refused", "asset_id": None, "problem": problem}
    name = "registered" if outcome.new else "already_there"
    return said | {"outcome": name, "asset_id": outcome.asset_id, "problem": None}


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
    if row.kind != "import":
        raise NoSuchResource(f"Operation {import_id} is no import.")
    return row


def results_of(import_id: UUID) -> Select[ImportResultRow]:
    """Select an import's results so far, in order of the lines."""
    return (
        select(ImportResultRow)
        .where(ImportResultRow.import_id == import_id)
        .order_by(ImportResultRow.line)
    )
