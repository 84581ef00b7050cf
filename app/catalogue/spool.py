"""The spool of imports: PostgreSQL itself, which every machine reaches and which commits at once.

Each piece of a body is kept in a short transaction of its own, with the job that registers it. A
connection that breaks loses at most the piece that was on its way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.catalogue.errors import (
    ImportGap,
    ImportInProgress,
    ImportOtherwise,
    ImportTooLarge,
    OperationOver,
)
from app.catalogue.events import ChunkReceived, ImportEnded
from app.catalogue.models import ImportChunkRow, ImportRow
from app.catalogue.receiving import MOST_LINES, Piece
from app.kit.db import new_ids
from app.kit.jobs import publish
from app.kit.operations import FINISHED, OperationRow, begin_operation
from app.ledger.agents import Agent, process
from app.ledger.service import Event, record
from app.people.roles import Principal

AGENT = process("imports")
# Abandoned: nothing came for so long. What was received is registered all the same.
EXPIRES = "24 hours"
ONE_BEGINS = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 4))")
ENDS = {"complete": "done", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Scan:
    """The folder that a scan looked through: a system, and a location beneath its root or all."""

    system: str
    beneath: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of the import it carries."""

    idempotency_key: str | None = None
    declared_bytes: int | None = None
    scan: Scan | None = None
    instructions: Mapping[str, Any] | None = None  # how records are changed; None: it registers


def find(db: Session, caller: Principal, announced: Announced) -> ImportRow | None:
    """Return the import that this key's holder began under this idempotency key before.

    Raises:
        ImportOtherwise: it had another length, or was no scan of this folder (HTTP 422).
    """
    if announced.idempotency_key is None:
        return None
    row = db.scalars(
        select(ImportRow).where(
            ImportRow.key_id == caller.key_id,
            ImportRow.idempotency_key == announced.idempotency_key,
        )
    ).one_or_none()
    if row is None:
        return None
    scan = row.scanned_system and Scan(row.scanned_system, row.scanned_beneath or "")
    if (scan or None) != announced.scan or row.instructions != announced.instructions:
        raise ImportOtherwise("This idempotency key named another kind of import.")
    told, known = announced.declared_bytes, row.declared_bytes
    if None not in (told, known) and told != known:
        raise ImportOtherwise(f"This idempotency key named an import of {known} bytes.")
    return row


def begin(db: Session, caller: Principal, announced: Announced) -> UUID:
    """Begin an import, or find the one begun before."""
    db.execute(ONE_BEGINS, {"name": f"{caller.key_id} {announced.idempotency_key}"})
    if (there := find(db, caller, announced)) is not None:
        return there.id
    assert caller.department is not None  # noqa: S101 - a registrar acts for a department
    [import_id] = new_ids(db, 1)
    begin_operation(
        db,
        operation_id=import_id,
        kind=kind_of(announced),
        total=0,
        department=caller.department,
        requested_by=caller.agent.name,
        state="receiving",
    )
    scan = announced.scan
    values = {
        "key_id": caller.key_id,
        "person_id": caller.person_id,
        "department": caller.department,
        "roles": sorted(caller.roles),
        "idempotency_key": announced.idempotency_key,
        "declared_bytes": announced.declared_bytes,
        "scanned_system": scan and scan.system,
        "scanned_beneath": scan and scan.beneath,
        "instructions": announced.instructions,
    }
    db.execute(insert(ImportRow).values(id=import_id, **values))
    told = {"instructions": announced.instructions} if announced.instructions else {}
    detail = {"import": str(import_id), "scan": scan and [scan.system, scan.beneath]} | told
    record(db, caller.agent, Event("x:import-begun", detail, department=caller.department))
    return import_id


def kind_of(announced: Announced) -> str:
    """Name the work that an import is."""
    told = announced.instructions
    return "import" if told is None else "rehoming" if "rehoming" in told else "record-changes"


def keep(db: Session, import_id: UUID, piece: Piece) -> None:
    """Keep a piece of a body and write the job that registers it; once, whoever sends it.

    Raises:
        OperationOver: the import was cancelled or has ended (HTTP 409).
        ImportInProgress: another connection is further by half of this piece (HTTP 409).
    """
    row = db.scalars(locked(import_id)).one()
    if piece.end <= row.received_bytes:
        return
    if row.ended is not None:
        raise OperationOver(f"Import {import_id} has ended: {row.ended}.")
    if piece.start != row.received_bytes:
        raise ImportInProgress(f"Import {import_id} is being received otherwise; ask how far.")
    if row.received_lines + piece.lines > MOST_LINES:
        raise ImportTooLarge(f"An import holds at most {MOST_LINES} lines; send several.")
    first = row.received_lines + 1
    if piece.filled:
        row.chunks += 1
        chunk = ImportChunkRow(
            import_id=import_id,
            ordinal=row.chunks,
            first_line=first,
            lines=piece.filled,
            too_long=[first + at for at in piece.too_long],
            content=piece.content,
        )
        db.add(chunk)
        announce(db, row)
    row.received_bytes, row.received_lines = piece.end, row.received_lines + piece.lines
    db.flush()
    moved = {"last_received_at": func.clock_timestamp()}
    db.execute(update(ImportRow).where(ImportRow.id == import_id).values(moved))
    grown = {"total": OperationRow.total + piece.filled}
    db.execute(update(OperationRow).where(OperationRow.id == import_id).values(grown))


def announce(db: Session, row: ImportRow) -> None:
    """Write the job that does an import's next chunk; its jobs run one after the other."""
    publish(db, ChunkReceived((row.id,)), lock=f"import/{row.id}")


def declare(db: Session, import_id: UUID, size: int) -> None:
    """Keep how long the import is said to be, which was not known when it began."""
    db.execute(
        update(ImportRow)
        .where(ImportRow.id == import_id, ImportRow.declared_bytes.is_(None))
        .values(declared_bytes=size)
    )


def end(db: Session, agent: Agent, import_id: UUID, how: str) -> None:
    """Say that nothing more comes, and why; what was received is registered all the same."""
    row = db.scalars(locked(import_id)).one()
    if row.ended is not None:
        return
    row.ended = how
    if how == "complete":
        row.declared_bytes = row.received_bytes
    tell(db, agent, row)
    settle(db, row)


def cancel(db: Session, caller: Principal, import_id: UUID) -> None:
    """Stop an import: what has no result yet gets the result `cancelled`, the rest stays.

    Raises:
        OperationOver: it has ended (HTTP 409).
    """
    row = db.scalars(locked(import_id)).one()
    if row.ended == "cancelled":
        return
    if db.get_one(OperationRow, import_id, populate_existing=True).state in FINISHED:
        raise OperationOver(f"Import {import_id} has ended; what it registered stays.")
    row.ended = "cancelled"
    tell(db, caller.agent, row)
    settle(db, row)


def tell(db: Session, agent: Agent, row: ImportRow) -> None:
    """Write the event of an import's end of reception."""
    counts = {"lines": row.received_lines, "bytes": row.received_bytes}
    detail = {"import": str(row.id), "how": row.ended, **counts}
    record(db, agent, Event("x:import-received", detail, department=row.department))


def settle(db: Session, row: ImportRow, *, done: int = 0, refused: int = 0, more: int = 0) -> None:
    """Count what was done and say in which state the operation is now; the import is locked."""
    db.flush()
    now = db.scalar(select(func.clock_timestamp()))
    operation = db.get_one(OperationRow, row.id, populate_existing=True)
    operation.total += more
    operation.done += done
    operation.refused += refused
    open_ = row.ended is None or operation.done < operation.total
    looking = row.scanned_system is not None and row.ended == "complete"
    if not open_ and looking and "looked" not in row.outcomes:
        publish(db, ImportEnded((row.id,)), lock=f"import/{row.id}")  # look for what is missing
        open_ = True
    if not open_:
        operation.state, operation.finished_at = ENDS.get(row.ended or "", "failed"), now
    elif row.ended is None:
        operation.state = "receiving"
    else:
        operation.state = "running" if operation.done else "waiting"
    db.flush()


def expire(db: Session) -> None:
    """End imports that nobody has continued for a day."""
    late = func.clock_timestamp() - text(f"interval '{EXPIRES}'")
    abandoned = select(ImportRow.id).where(
        ImportRow.ended.is_(None), ImportRow.last_received_at < late
    )
    for import_id in db.scalars(abandoned.limit(100)).all():
        end(db, AGENT, import_id, "expired")


def locked(import_id: UUID) -> Select[ImportRow]:
    """Select an import and hold it until the transaction ends."""
    found = select(ImportRow).where(ImportRow.id == import_id).with_for_update()
    return found.execution_options(populate_existing=True)


def refuse_gap(begins: int, received: int) -> None:
    """Refuse a part that begins behind what was received."""
    if begins > received:
        raise ImportGap(f"{received} bytes were received; this part begins at {begins}.")
