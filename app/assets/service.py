"""Add source systems and assets; say what was seen where an asset should lie."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assets import queries
from app.assets.errors import RootsOverlap, SourceSystemTaken
from app.assets.models import AssetRow, LocationRow, SightingRow, SourceSystemRow
from app.kit.db import constraint_of, new_ids
from app.kit.errors import NoSuchResource
from app.kit.settings import settings
from app.ledger.agents import Agent
from app.ledger.service import Event, record, record_all
from app.people.models import DepartmentRow
from app.people.roles import Principal
from app.people.service import within
from app.storage.files import check_root
from app.storage.locations import encode_location, parse_root

SEE_IN_TURN = text("""
SELECT pg_advisory_xact_lock(hashtextextended(id::text, 1)) FROM unnest(CAST(:ids AS uuid[])) id
""")
Sighted = Literal["present", "unreachable", "missing", "changed"]


@dataclass(frozen=True, slots=True)
class SourceSystem:
    """A source system's facts; `custody_ends_on` None says that custody does not end."""

    code: str
    department: str
    label: dict[str, str]
    root: str
    custody_kind: str
    failure_domain: str
    removable: bool
    custody_ends_on: date | None


@dataclass(frozen=True, slots=True)
class NewAsset:
    """What identifies one copy and says where it lies; ids are drawn beforehand."""

    id: UUID
    event_id: UUID
    system: SourceSystemRow
    source_identifier: str
    original_name: str
    path: str
    facts_digest: str
    import_id: UUID | None


def add_source_system(
    db: Session, agent: Agent, system: SourceSystem
) -> tuple[SourceSystemRow, bool]:
    """Add a source system; a repeat with the same facts finds it (False).

    Raises:
        NoSuchResource: no such department (HTTP 404).
        SourceSystemTaken: the code stands for other facts.
        RootsOverlap: another department's root lies in this one or around it.
        OutsideRoots: the root lies in no folder this installation may read.
    """
    within(agent, system.department)
    if db.get(DepartmentRow, system.department) is None:
        raise NoSuchResource(f"There is no department {system.department!r}.")
    real = check_root(parse_root(system.root), settings().allowed_roots)
    facts = replace(system, root=f"file://{_as_uri_path(real)}")
    said = {name: getattr(facts, name) for name in SourceSystem.__slots__}
    there = db.get(SourceSystemRow, system.code)
    if there is not None:
        if any(getattr(there, name) != value for name, value in said.items()):
            raise SourceSystemTaken(f"Source system {system.code!r} exists with other facts.")
        return there, False
    detail = said | {"custody_ends_on": facts.custody_ends_on and facts.custody_ends_on.isoformat()}
    event = Event("x:source-system-added", detail, department=system.department)
    row = SourceSystemRow(**said, event_id=record(db, agent, event))
    db.add(row)
    try:
        db.flush()
    except IntegrityError as error:
        if constraint_of(error) == "source_systems_roots_apart":
            raise RootsOverlap(
                f"{facts.root} overlaps another department's storage root."
            ) from error
        raise
    return row, True


def _as_uri_path(path: bytes) -> str:
    inner = path.strip(b"/")
    return f"/{encode_location(inner)}/" if inner else os.fsdecode(b"/")


def system_for(db: Session, caller: Principal, code: str) -> SourceSystemRow:
    """Return a source system of the caller's scope.

    Raises:
        NoSuchResource: no such system, or another department's: the two look the same (HTTP 404).
    """
    row = db.get(SourceSystemRow, code)
    if row is None or not caller.sees(row.department):
        raise NoSuchResource(f"There is no source system {code!r}.")
    return row


def asset_for(db: Session, caller: Principal, asset_id: UUID) -> AssetRow:
    """Return an asset of the caller's scope.

    Raises:
        NoSuchResource: no such asset, or another department's: the two look the same (HTTP 404).
    """
    row = db.scalars(queries.visible_assets(caller).where(AssetRow.id == asset_id)).one_or_none()
    if row is None:
        raise NoSuchResource(f"There is no asset {asset_id}.")
    return row


def add_assets(db: Session, agent: Agent, assets: Sequence[NewAsset]) -> set[UUID]:
    """Add copies whose identity is new and return their ids; the others are left as they are."""
    if not assets:
        return set()
    rows = [
        {
            "id": asset.id,
            "source_system": asset.system.code,
            "source_identifier": asset.source_identifier,
            "department": asset.system.department,
            "original_name": asset.original_name,
            "import_id": asset.import_id,
            "registered_facts": asset.facts_digest,
            "registered_by": agent.name,
            "event_id": asset.event_id,
        }
        for asset in assets
    ]
    added = set(
        db.scalars(
            upsert(AssetRow)
            .on_conflict_do_nothing(constraint="uq_assets_source_system_source_identifier")
            .returning(AssetRow.id),
            rows,
        )
    )
    places = [{"asset_id": a.id, "ordinal": 1, "path": a.path} for a in assets if a.id in added]
    if places:
        db.execute(insert(LocationRow), places)
    return added


def report_sighting(db: Session, agent: Agent, asset_id: UUID, state: Sighted, detail: str) -> None:
    """Say what was seen where an asset should lie; see `report_sightings`."""
    report_sightings(db, agent, [(asset_id, state, detail)])


def report_sightings(db: Session, agent: Agent, seen: Sequence[tuple[UUID, Sighted, str]]) -> None:
    """Say what was seen where assets should lie, each once; the same again says nothing new.

    "Present" is only said of what was seen otherwise before.
    """
    ids = sorted({asset_id for asset_id, _, _ in seen})
    db.execute(SEE_IN_TURN, {"ids": ids})
    last = {row.asset_id: row for row in db.scalars(queries.newest_sightings(ids))}
    new = [
        (asset_id, state, detail)
        for asset_id, state, detail in seen
        if state != (last[asset_id].state if asset_id in last else "present")
    ]
    if not new:
        return
    events = [
        Event(
            "x:loss-report" if state == "missing" else "x:sighting",
            {"state": state, "detail": detail},
            asset_id=asset_id,
        )
        for asset_id, state, detail in new
    ]
    rows = [
        {
            "asset_id": asset_id,
            "ordinal": (last[asset_id].ordinal if asset_id in last else 0) + 1,
            "state": state,
            "detail": detail,
            "event_id": event_id,
        }
        for (asset_id, state, detail), event_id in zip(
            new, record_all(db, agent, events), strict=True
        )
    ]
    db.execute(insert(SightingRow), rows)


def draw_ids(db: Session, count: int) -> list[tuple[UUID, UUID]]:
    """Draw an asset id and an event id for each new asset."""
    drawn: Collection[UUID] = new_ids(db, 2 * count)
    ids = list(drawn)
    return list(zip(ids[:count], ids[count:], strict=True))
