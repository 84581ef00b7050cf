"""A collection moves: its assets go on under other names, and the former ones stay theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets import queries
from app.assets.models import AssetRow, LocationRow
from app.assets.names import FormerIdentityRow
from app.assets.service import registered_as, report_sightings
from app.ledger.agents import Agent

UNREAD_THERE = "It was re-homed and is not read yet where it lies now."
ASSETS = cast(Table, AssetRow.__table__)


@dataclass(frozen=True, slots=True)
class Move:
    """One asset's new name and, of one by reference, its new location beneath the new root."""

    asset_id: UUID
    from_system: str
    from_identifier: str
    to_system: str
    to_identifier: str
    path: str | None  # None: its content is kept here, and lies where it lay
    event_id: UUID


def taken_names(db: Session, moves: Sequence[tuple[UUID, str, str]]) -> set[UUID]:
    """Return which of these assets would get a name that is, or was, another's."""
    rows = registered_as(db, [(system, identifier) for _, system, identifier in moves])
    holder = {(row.source_system, row.source_identifier): row.id for row in rows}
    taken: set[UUID] = set()
    for asset_id, *name in moves:
        if holder.setdefault((name[0], name[1]), asset_id) != asset_id:
            taken.add(asset_id)
    return taken


def rehome(db: Session, agent: Agent, moves: Sequence[Move]) -> None:
    """Give assets their new names and places; their decision locks are held.

    Until they are read again where they lie now, nothing can be said of their bytes.
    """
    former = [
        {
            "source_system": move.from_system,
            "source_identifier": move.from_identifier,
            "asset_id": move.asset_id,
            "event_id": move.event_id,
        }
        for move in moves
    ]
    # One that comes back to a name and leaves it again has it already.
    db.execute(upsert(FormerIdentityRow).on_conflict_do_nothing(), former)
    renamed = update(ASSETS).where(ASSETS.c.id == bindparam("of"))
    named: dict[str, Any] = {
        "source_system": bindparam("system"),
        "source_identifier": bindparam("identifier"),
    }
    db.connection().execute(
        renamed.values(**named),
        [{"of": m.asset_id, "system": m.to_system, "identifier": m.to_identifier} for m in moves],
    )
    placed = {m.asset_id: m.path for m in moves if m.path is not None}
    if not placed:
        return
    places = [
        {"asset_id": row.asset_id, "ordinal": row.ordinal + 1, "path": placed[row.asset_id]}
        for row in newest_locations(db, sorted(placed))
    ]
    db.execute(insert(LocationRow), places)
    report_sightings(db, agent, [(one, "changed", UNREAD_THERE) for one in sorted(placed)])


def newest_locations(db: Session, asset_ids: Sequence[UUID]) -> Sequence[LocationRow]:
    """Return where each of these assets lies today."""
    asked = queries.newest_locations(asset_ids)
    return db.scalars(asked).all()


def former_names(db: Session, asset_id: UUID) -> Sequence[FormerIdentityRow]:
    """Return the names that an asset was known by before, oldest first."""
    asked = select(FormerIdentityRow).where(FormerIdentityRow.asset_id == asset_id)
    return db.scalars(asked.order_by(FormerIdentityRow.until)).all()
