"""Write events with the state they tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.kit.copying import write_rows
from app.kit.db import new_ids
from app.ledger.agents import Agent
from app.ledger.canonical import canonical
from app.ledger.models import EventRow

EVENTS = cast(Table, EventRow.__table__)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to whom. `kind` is a PREMIS eventType code, local ones begin with x:."""

    kind: str
    detail: Mapping[str, Any]
    asset_id: UUID | None = None
    department: str | None = None
    id: UUID | None = field(default=None)
    document: bytes | None = field(default=None)  # the canonical detail, where it is at hand


def record(db: Session, agent: Agent, event: Event) -> UUID:
    """Write one event in the caller's transaction and return its id for the state to cite."""
    return record_all(db, agent, [event])[0]


def record_all(db: Session, agent: Agent, events: Sequence[Event]) -> list[UUID]:
    """Write events, each under its own id where it brings one."""
    if not events:
        return []
    drawn = iter(new_ids(db, sum(event.id is None for event in events)))
    ids = [event.id or next(drawn) for event in events]
    rows = (
        {
            "id": event_id,
            "kind": event.kind,
            "asset_id": event.asset_id,
            "department": event.department,
            "agent": agent.name,
            "person_id": agent.person_id,
            "document": event.document or canonical(event.detail),
        }
        for event_id, event in zip(ids, events, strict=True)
    )
    write_rows(db, EVENTS, rows)
    return ids
