"""Add source systems and assets; say what was seen where an asset should lie."""

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Row, Table, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.assets import queries
from app.assets.errors import RootsOverlap, SourceSystemTaken
from app.assets.locks import lock_decisions
from app.assets.models import AssetRow, LocationRow, SightingRow, SourceSystemRow
from app.kit.copying import write_rows
from app.kit.db import constraint_of, new_ids
from app.kit.errors import NoSuchResource
from app.kit.refusals import Refusal
from app.kit.settings import settings
from app.ledger.agents import Agent
from app.ledger.service import Event, record, record_all
from app.people.models import DepartmentRow
from app.people.roles import Principal
from app.people.service import within
from app.storage.errors import NotThere, OutsideRoots, Supplanted
from app.storage.locations import encode_location, parse_root
from app.storage.opening import settle_root

LOCATIONS = cast(Table, LocationRow.__table__)
SEE_IN_TURN = text("""
SELECT pg_advisory_xact_lock(hashtextextended(id::text, 1)) FROM unnest(CAST(:ids AS uuid[])) id
""")
Sighted = Literal["present", "unreachable", "missing", "changed", "refused"]


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
    path: str | None  # None: the content is to be uploaded
    facts_digest: str
    import_id: UUID | None
    seen_token: str | None = None  # None: no scan looked at it


def add_source_system(
    db: Session, agent: Agent, system: SourceSystem
) -> tuple[SourceSystemRow, bool]:
    """Add a source system; a repeat with the same facts finds it (False).

    Raises:
        NoSuchResource: no such department (HTTP 404).
        SourceSystemTaken: the code stands for other facts.
        RootsOverlap: another department's root lies in this one or around it.
        OutsideRoots: the root lies in no folder or bucket this installation may read.
        Unreachable: its storage does not answer, or has no such bucket.
    """
    within(agent, system.department)
    if db.get(DepartmentRow, system.department) is None:
        raise NoSuchResource(f"There is no department {system.department!r}.")
    facts = replace(system, root=settle_root(system.root))
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
    keep_apart(facts.root)
    return row, True


def keep_apart(root: str) -> None:
    """Refuse a root from which, or in which, the contents that others uploaded could be reached.

    Raises:
        OutsideRoots: the keep lies in it, or it lies in the keep.
    """
    named = settings().keep or f"{(settings().data_dir / 'keep').as_uri()}/"
    if named.startswith("file:"):
        kept = Path(os.fsdecode(parse_root(named))).resolve()
        named = f"file:///{encode_location(os.fsencode(kept).strip(b'/'))}/"
    if named.startswith(root) or root.startswith(named):
        raise OutsideRoots("Uploads are kept there: no source system may reach them.")


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
            "id": str(asset.id),
            "source_system": asset.system.code,
            "source_identifier": asset.source_identifier,
            "department": asset.system.department,
            "original_name": asset.original_name,
            "import_id": asset.import_id and str(asset.import_id),
            "registered_facts": asset.facts_digest,
            "registered_by": agent.name,
            "event_id": str(asset.event_id),
        }
        for asset in assets
    ]
    added = set(db.scalars(queries.INSERT_NEW, {"rows": json.dumps(rows)}))
    places = [
        {"asset_id": a.id, "ordinal": 1, "path": a.path, "seen_token": a.seen_token}
        for a in assets
        if a.id in added and a.path is not None
    ]
    write_rows(db, LOCATIONS, places)
    return added


def registered_as(db: Session, identities: Sequence[tuple[str, str]]) -> Sequence[Row[Any]]:
    """Return id, names and facts of the assets known as (source system, source identifier)."""
    if not identities:
        return []
    named = [{"source_system": s, "source_identifier": i} for s, i in identities]
    return db.execute(queries.REGISTERED_AS, {"rows": json.dumps(named)}).all()


def sighted(refusal: Refusal) -> Sighted:
    """Say what a refusal to open means; only an answering store says that a file is gone.

    So it is where something has its name that is neither a file nor a link to one.
    """
    return "missing" if isinstance(refusal, NotThere | Supplanted) else "unreachable"


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


def move_asset(db: Session, agent: Agent, asset_id: UUID, path: str, seen_token: str) -> None:
    """Say that an asset lies elsewhere beneath its root now; its name and its history stay."""
    lock_decisions(db, [asset_id])
    there = db.scalars(queries.newest_location(asset_id)).one()
    asset = db.get_one(AssetRow, asset_id)
    detail = {"from": there.path, "to": path}
    record(db, agent, Event("x:moved", detail, asset_id, asset.department))
    place = {"asset_id": asset_id, "ordinal": there.ordinal + 1, "path": path}
    db.execute(insert(LocationRow).values(**place, seen_token=seen_token))


def draw_ids(db: Session, count: int) -> list[tuple[UUID, UUID]]:
    """Draw an asset id and an event id for each new asset."""
    drawn: Collection[UUID] = new_ids(db, 2 * count)
    ids = list(drawn)
    return list(zip(ids[:count], ids[count:], strict=True))
