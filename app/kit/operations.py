"""Long work that answers 202 and can be followed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, case, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit.db import Row

FINISHED = ("done", "cancelled", "failed")


class OperationRow(Row):
    """One piece of long work and how far it is."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_department", "department", "id"),
        Index(
            "ix_operations_unfinished",
            "kind",
            "created_at",
            postgresql_where=text("finished_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    department: Mapped[str | None]  # None: the whole city's
    requested_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None]  # None: not finished


class OperationStepRow(Row):
    """A step that was counted."""

    __tablename__ = "operation_steps"
    operation_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)


def begin_operation(
    db: Session,
    *,
    operation_id: UUID,
    kind: str,
    total: int,
    department: str | None,
    requested_by: str,
    state: str = "waiting",
) -> None:
    """Enter a piece of long work before its job is written."""
    facts: dict[str, Any] = {
        "kind": kind,
        "total": total,
        "department": department,
        "requested_by": requested_by,
        "state": state,
    }
    if total == 0 and state == "waiting":  # no job will ever say that it is done
        facts |= {"state": "done", "finished_at": func.clock_timestamp()}
    db.execute(insert(OperationRow).values(id=operation_id, **facts))


def add_progress(
    db: Session, operation_id: UUID, *, step: str, done: int, refused: int = 0
) -> None:
    """Add what one step did, once however often its job runs; everything done means finished."""
    taken = upsert(OperationStepRow).values(operation_id=operation_id, step=step)
    if db.execute(taken.on_conflict_do_nothing().returning(OperationStepRow.step)).first() is None:
        return
    reached = OperationRow.total <= OperationRow.done + done
    db.execute(
        update(OperationRow)
        .where(OperationRow.id == operation_id)
        .values(
            done=OperationRow.done + done,
            refused=OperationRow.refused + refused,
            state=case((reached, "done"), else_="running"),
            finished_at=case((reached, func.clock_timestamp())),
        )
    )


def steps_of(db: Session, operation_id: UUID) -> set[str]:
    """Return the steps of a piece of long work that were counted."""
    counted = select(OperationStepRow.step).where(OperationStepRow.operation_id == operation_id)
    return set(db.scalars(counted))
