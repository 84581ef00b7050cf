"""Register what imports brought, and look for what scans did not see."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.catalogue.events import ChunkReceived, ImportEnded
from app.catalogue.imports import register_chunk, waiting_imports
from app.catalogue.missing import look_for_missing
from app.catalogue.spool import expire
from app.kit.jobs import in_transaction, on, sweep

ENOUGH = 50  # chunks a sweep does of one import before it looks at the others


@on(ChunkReceived, priority=1)  # somebody waits for its results; reading can follow
def register_received(fact: ChunkReceived) -> None:
    """Register one chunk, at most 5,000 lines; others get their turn between two of them."""
    for import_id in fact.asset_ids:
        register_next(import_id)


@on(ImportEnded, priority=1)
def look_for_missing_files(fact: ImportEnded) -> None:
    """Look where a scan saw nothing of what is known, some files a transaction."""
    for import_id in fact.asset_ids:
        after: UUID | None = None
        while (after := look_after(import_id, after)) is not None:
            continue


@sweep("imports")
def register_what_was_left() -> None:
    """Do the chunks that no job has done, and end imports that nobody continues."""
    in_transaction(expire)
    for import_id in in_transaction(lambda db: list(db.scalars(waiting_imports()))):
        done = 0
        while done < ENOUGH and register_next(import_id):
            done += 1


def register_next(import_id: UUID) -> bool:
    """Register an import's next chunk; False when none is left."""
    return in_transaction(lambda db: register_chunk(db, import_id))


def look_after(import_id: UUID, after: UUID | None) -> UUID | None:
    """Look for some missing files behind an asset; return the last one looked for."""

    def some(db: Session) -> UUID | None:
        return look_for_missing(db, import_id, after)

    return in_transaction(some)
