"""Long work as people follow it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.catalogue.imports import operation_for
from app.catalogue.models import ImportRow
from app.catalogue.schemas import ImportProgressOut, OperationOut
from app.kit.operations import OperationRow
from app.kit.paging import Listing, Page, read_page
from app.people.roles import Principal

FOLLOWED = select(OperationRow, ImportRow, func.clock_timestamp().label("now")).outerjoin(
    ImportRow, ImportRow.id == OperationRow.id
)


def show(db: Session, caller: Principal, operation_id: UUID) -> OperationOut:
    """Show one operation of the caller's scope.

    Raises:
        NoSuchResource: no such operation for this caller (HTTP 404).
    """
    operation_for(db, caller, operation_id)
    row = db.execute(FOLLOWED.where(OperationRow.id == operation_id)).one()
    return show_row(row)


def list_all(
    db: Session, caller: Principal, state: str | None, *, limit: int, cursor: str | None
) -> Page[OperationOut]:
    """List operations of the caller's scope, the newest first."""
    asked = FOLLOWED.order_by(OperationRow.id.desc())
    if caller.department is not None:
        asked = asked.where(OperationRow.department == caller.department)
    if state is not None:
        asked = asked.where(OperationRow.state == state)
    listing = Listing("operations", (caller.department, state))
    return read_page(db, asked, listing, limit=limit, cursor=cursor, show=show_row)


def show_row(row: Row[*tuple[Any, ...]]) -> OperationOut:
    """Show an operation and, of an import, how much came and what became of it."""
    operation: OperationRow = row[0]
    said = OperationOut.model_validate(operation)
    imported: ImportRow | None = row[1]
    if imported is None:
        return said
    seconds = ((operation.finished_at or row[2]) - operation.created_at).total_seconds()
    counted = {name: imported.outcomes.get(name, 0) for name in COUNTED}
    said.progress = ImportProgressOut(
        scan=imported.scanned_system is not None,
        received_bytes=imported.received_bytes,
        received_lines=imported.received_lines,
        reception=imported.ended or "open",
        lines_per_second=round(operation.done / max(seconds, 0.001), 1),
        **counted,
    )
    return said


COUNTED = (
    *("registered", "already_there", "moved", "changed", "missing"),
    *("edited", "unchanged", "refused", "cancelled"),
)
