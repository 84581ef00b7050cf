"""The same change for many records, which are listed once and stay listed so."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.assets.withdrawing import is_withdrawn
from app.catalogue.errors import TooManyAlike
from app.catalogue.models import ImportChunkRow, ImportRow
from app.catalogue.receiving import LINES_A_PIECE
from app.catalogue.schemas import WhichIn
from app.catalogue.spool import Announced, announce, begin, end, locked
from app.kit.operations import OperationRow
from app.people.roles import Principal
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD

MOST_ALIKE = 1_000_000  # records that one piece of work changes alike


def change_alike(
    db: Session, caller: Principal, which: WhichIn, instructions: dict[str, Any]
) -> UUID:
    """List the records as they stand now, each at its version, and begin to change them.

    Raises:
        TooManyAlike: more than one piece of work takes.
    """
    operation_id = begin(db, caller, Announced(instructions=instructions))
    db.execute(chunks(caller, which, operation_id))
    mine = ImportChunkRow.import_id == operation_id
    listed = db.scalar(select(func.coalesce(func.sum(ImportChunkRow.lines), 0)).where(mine)) or 0
    if listed > MOST_ALIKE:
        raise TooManyAlike(f"That is more than {MOST_ALIKE} records; choose fewer at once.")
    row = db.scalars(locked(operation_id)).one()
    row.chunks, row.received_lines = -(-listed // LINES_A_PIECE), listed
    db.flush()
    grown = update(OperationRow).where(OperationRow.id == operation_id).values(total=listed)
    db.execute(grown)
    for _ in range(row.chunks):
        announce(db, row)
    end(db, caller.agent, operation_id, "complete")
    return operation_id


def chunks(caller: Principal, which: WhichIn, operation_id: UUID) -> Any:  # noqa: ANN401 - an insert
    """Write the lines of a list in PostgreSQL itself: one for each record, at its version."""
    listed = members(caller, which).limit(MOST_ALIKE + 1).subquery("listed")
    place = func.row_number().over(order_by=listed.c.id)
    line = func.jsonb_build_object("asset_id", listed.c.id, "revision", listed.c.version)
    numbered = select(
        place.label("n"),
        cast(func.div(place - 1, LINES_A_PIECE) + 1, Integer).label("chunk"),
        cast(line, Text).label("line"),
    ).subquery("numbered")
    n = numbered.c
    lines = func.string_agg(n.line, aggregate_order_by(literal("\n"), n.n))
    cut = select(
        literal(operation_id),
        n.chunk,
        cast(func.min(n.n), Integer),
        cast(func.count(), Integer),
        cast(array([], type_=Integer), ARRAY(Integer)),
        func.convert_to(lines, "UTF8"),
    ).group_by(n.chunk)
    columns = ["import_id", "ordinal", "first_line", "lines", "too_long", "content"]
    return insert(ImportChunkRow).from_select(columns, cut)


def members(caller: Principal, which: WhichIn) -> Select[UUID, int]:
    """Select the records that are asked for, in the caller's department, with their versions."""
    found = (
        select(AssetRow.id, ProvenanceHeadRow.version)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .where(AssetRow.department == caller.department, ~is_withdrawn(AssetRow.id))
        .order_by(AssetRow.id)
    )
    return found.where(*conditions(which))


def conditions(which: WhichIn) -> list[ColumnElement[bool]]:
    """Return what is asked for as SQL; all of it must hold."""
    asked: list[ColumnElement[bool]] = []
    if which.asset_ids is not None:
        asked.append(AssetRow.id.in_(which.asset_ids))
    if which.source_system is not None:
        asked.append(AssetRow.source_system == which.source_system)
    if which.import_id is not None:
        asked.append(AssetRow.import_id == which.import_id)
    if which.legal_status is not None:
        asked.append(ProvenanceVersionRow.legal_status.overlap([which.legal_status]))
    if which.unanswered is not None:
        answer = ProvenanceVersionRow.__table__.c[f"{which.unanswered}_answer"]
        asked.append(answer == 0)
    return asked


def work_of(db: Session, operation_id: UUID) -> ImportRow:
    """Return what a piece of work that changes records was told and has shown so far."""
    return db.get_one(ImportRow, operation_id, populate_existing=True)
