"""What a scan did not see: looked for one by one, since not listed is not gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.assets.models import SourceSystemRow
from app.assets.service import report_sighting
from app.catalogue.imports import ONE_AT_A_TIME, RESULTS, caller_of
from app.catalogue.models import ImportRow
from app.catalogue.spool import locked, settle
from app.kit.copying import write_rows
from app.kit.operations import OperationRow
from app.kit.refusals import Refusal
from app.storage.asking import FailedInPassing
from app.storage.errors import NotThere, Supplanted, Unreachable
from app.storage.files import device_above
from app.storage.locations import decode_location, parse_root
from app.storage.opening import prove_there

AT_ONCE = 1_000
ENOUGH_SECONDS = 20.0  # of a transaction that waits for a store; PostgreSQL ends it at 60
UNSEEN = text("""
SELECT a.id, l.path, coalesce(g.byte_token, l.seen_token) AS token
  FROM assets a
 CROSS JOIN LATERAL (SELECT path, seen_token FROM locations
                      WHERE asset_id = a.id ORDER BY ordinal DESC LIMIT 1) l
  LEFT JOIN LATERAL (SELECT byte_token FROM readings
                      WHERE asset_id = a.id ORDER BY ordinal DESC LIMIT 1) g ON true
 WHERE a.source_system = :system AND a.id > :after AND a.registered_at < :begun
   AND starts_with(l.path, :beneath)
   AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.asset_id = a.id)
   AND NOT EXISTS (SELECT FROM import_results r WHERE r.import_id = :scan AND r.asset_id = a.id)
 ORDER BY a.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Looked:
    """What is gone and why, the last one that was looked for, and whether that was the end."""

    gone: list[tuple[UUID, str]]
    last: UUID | None
    over: bool


def look_for_missing(db: Session, scan_id: UUID, after: UUID | None) -> UUID | None:
    """Report some files that are gone; return the last one looked for, None at the end."""
    db.execute(ONE_AT_A_TIME, {"id": str(scan_id)})
    scan = db.scalars(locked(scan_id)).one()
    if scan.ended != "complete" or "looked" in scan.outcomes:
        return None
    unseen = db.execute(UNSEEN, bounds(db, scan, after)).all()
    root = db.get_one(SourceSystemRow, scan.scanned_system).root
    looked = look(root, unseen, some_seen=seen_any(scan))
    rows = []
    begin = scan.received_lines + scan.outcomes.get("missing", 0) + 1
    for line, (asset_id, detail) in enumerate(looked.gone, start=begin):
        report_sighting(db, caller_of(scan).agent, asset_id, "missing", detail)
        said = {"import_id": scan_id, "line": line, "outcome": "missing", "asset_id": asset_id}
        rows.append(said | {"problem": None})
    write_rows(db, RESULTS, rows)
    found = scan.outcomes.get("missing", 0) + len(rows)
    scan.outcomes = {**scan.outcomes, "missing": found, **({"looked": 1} if looked.over else {})}
    settle(db, scan, done=len(rows), more=len(rows))
    return None if looked.over else looked.last


def bounds(db: Session, scan: ImportRow, after: UUID | None) -> dict[str, Any]:
    """Say which assets a scan should have seen: those of its folder that were known before."""
    return {
        "system": scan.scanned_system,
        "after": after or UUID(int=0),
        "begun": db.get_one(OperationRow, scan.id).created_at,
        "beneath": f"{scan.scanned_beneath}/" if scan.scanned_beneath else "",
        "scan": scan.id,
        "limit": AT_ONCE,
    }


def seen_any(scan: ImportRow) -> bool:
    """Tell whether a scan saw anything that was known: the store is the one that we know."""
    return any(scan.outcomes.get(one) for one in ("already_there", "moved", "changed"))


def look(root: str, unseen: Sequence[Row[Any]], *, some_seen: bool) -> Looked:
    """Look for what a scan did not see, one by one; a store that falls silent ends it."""
    until = monotonic() + ENOUGH_SECONDS
    gone: list[tuple[UUID, str]] = []
    last = None
    for row in unseen:
        if monotonic() > until:
            return Looked(gone, last, over=False)
        try:
            why = why_gone(root, row, some_seen=some_seen)
        except FailedInPassing:
            return Looked(gone, last, over=True)  # asking on would take hours and tell nothing
        if why is not None:
            gone.append((row.id, why))
        last = row.id
    return Looked(gone, last, over=len(unseen) < AT_ONCE)


def why_gone(root: str, row: Row[Any], *, some_seen: bool) -> str | None:
    """Say why a file is gone: its store answers, is the one that we know, and has no such name.

    Raises:
        FailedInPassing: an object store does not answer.
    """
    try:
        prove_there(root, row.path)
    except (NotThere, Supplanted) as absent:
        known = same_store(root, row.path, row.token, some_seen=some_seen)
        return absent.detail if known else None
    except FailedInPassing:
        raise
    except Refusal:
        return None  # unreachable is not absent
    return None


def same_store(root: str, path: str, token: str | None, *, some_seen: bool) -> bool:
    """Tell whether the disk that held a file is there: its mount point alone would be empty."""
    if token is None or not token.startswith("fs:"):
        return some_seen
    try:
        device = device_above(parse_root(root), decode_location(path))
    except Unreachable:
        return False
    return token.split(":")[1] == str(device)
