"""Record what files say of themselves; prove that it was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow
from app.assets.service import report_sightings
from app.kit.db import new_ids
from app.kit.jobs import publish
from app.ledger.agents import process
from app.ledger.service import Event, record_all
from app.readings import queries
from app.readings.committed import CommittedReading
from app.readings.documents import as_documents
from app.readings.errors import NotYetRead
from app.readings.events import AssetsRead
from app.readings.extraction import Extraction
from app.readings.models import ReadingRow
from app.readings.renewing import renewed
from app.readings.sidecars import Sidecar
from app.storage.tokens import ByteToken

AGENT = process("reading")


@dataclass(frozen=True, slots=True)
class Found:
    """What one asset's file said, and of which bytes; what lay beside it has its own."""

    asset_id: UUID
    token: ByteToken
    extraction: Extraction
    sidecars: tuple[Sidecar, ...] = ()

    def beside(self) -> list[dict[str, str | None]]:
        """Write its sidecars as its reading has them."""
        return [one.document() for one in self.sidecars]


def prove_read(db: Session, asset_id: UUID) -> CommittedReading:
    """Return the proof that the asset's metadata was recorded before this transaction.

    Raises:
        NotYetRead: no earlier transaction committed a reading (HTTP 409).
    """
    row = db.execute(
        select(ReadingRow)
        .where(
            ReadingRow.asset_id == asset_id,
            ReadingRow.read_xid.is_not(None),
            ReadingRow.read_xid != func.pg_current_xact_id(),
        )
        .order_by(ReadingRow.ordinal.desc())
        .limit(1)
    ).scalar_one_or_none()
    if row is None:
        raise NotYetRead(asset_id)
    return CommittedReading(asset_id, row.id, row.read_at, row.byte_token, row.size_bytes)


def record_readings(db: Session, found: Sequence[Found]) -> None:
    """Record up to 500 readings; one of the bytes that were read already changes nothing.

    Unless the policy says how old a reading may be and the last one is a day old.
    """
    ids = [one.asset_id for one in found]
    lock_decisions(db, ids)  # so that two workers number an asset's readings in turn
    whose = select(AssetRow.id, AssetRow.department).where(AssetRow.id.in_(ids))
    departments = dict(db.execute(whose).all())
    last = {row.asset_id: row for row in db.scalars(queries.newest_readings(ids))}
    same = [last[one.asset_id] for one in found if already(one, last.get(one.asset_id))]
    kept = {row.asset_id for row in same} - renewed(db, same, departments)
    new = [one for one in found if one.asset_id not in kept]
    heads = queries.head_versions([one.asset_id for one in new])
    versions = dict(db.execute(heads).all())
    events = [event_of(one, departments[one.asset_id]) for one in new]
    event_ids = record_all(db, AGENT, events)
    rows = [
        row_of(one, last.get(one.asset_id), versions[one.asset_id])
        | {"id": reading_id, "event_id": event_id}
        for one, reading_id, event_id in zip(new, new_ids(db, len(new)), event_ids, strict=True)
    ]
    if rows:
        db.execute(insert(ReadingRow), rows)
    report_sightings(db, AGENT, [(one, "present", "read") for one in ids])
    publish(db, AssetsRead(tuple(ids)))


def already(one: Found, last: ReadingRow | None) -> bool:
    """Tell whether these very bytes were read by these very readers, and with the same end.

    A reading that a limit stopped may end otherwise when it is tried again.
    """
    if last is None:
        return False
    now, then = one.extraction, last
    same_bytes = (str(one.token), one.beside()) == (then.byte_token, then.sidecars)
    same_readers = (now.tool, now.tool_version, dict(now.readers)) == (
        *(then.tool, then.tool_version, then.readers),
    )
    return same_bytes and same_readers and (now.outcome, now.reason) == (then.outcome, then.reason)


def event_of(one: Found, department: str) -> Event:
    """Tell of a reading: PREMIS metadata extraction."""
    detail: dict[str, Any] = {
        "outcome": one.extraction.outcome,
        "reason": one.extraction.reason,
        "tool": one.extraction.tool,
        "tool_version": one.extraction.tool_version,
        "byte_token": str(one.token),
    }
    if one.sidecars:
        detail["sidecars"] = one.beside()
    return Event("mee", detail, one.asset_id, department)


def row_of(one: Found, last: ReadingRow | None, version: int) -> dict[str, object]:
    """Write a reading as its table has it."""
    return {
        "asset_id": one.asset_id,
        "ordinal": (last.ordinal if last else 0) + 1,
        "provenance_version": version,
        "outcome": one.extraction.outcome,
        "reason": one.extraction.reason,
        "byte_token": str(one.token),
        "object_key": one.token.object_key,
        "size_bytes": one.token.size,
        "tool": one.extraction.tool,
        "tool_version": one.extraction.tool_version,
        "limited": one.extraction.limited,
        "sidecars": one.beside(),
        "readers": dict(one.extraction.readers),
        "noise": dict(one.extraction.noise),
        "format": one.extraction.format,
        "mime": one.extraction.mime,
        "statements": as_documents(one.extraction.statements),
        "raw": one.extraction.raw,
    }
