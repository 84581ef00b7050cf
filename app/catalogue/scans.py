"""What a scan saw: files known where they lie, moved there, changed since, or new."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.assets.events import AssetsRevisited, BytesChanged
from app.assets.service import move_asset, report_sighting, system_for
from app.catalogue.errors import MoveUndecided
from app.catalogue.models import ImportRow
from app.catalogue.registration import Seen
from app.catalogue.service import Registered, one_form, other_facts, register
from app.kit.errors import Malformed
from app.kit.jobs import publish
from app.kit.refusals import Refusal
from app.ledger.canonical import digest_of
from app.people.roles import Principal
from app.storage.errors import NotAFile, NotThere
from app.storage.opening import prove_there
from app.storage.tokens import ListingMark

STATE = """
 CROSS JOIN LATERAL (SELECT path, seen_token FROM locations
                      WHERE asset_id = a.id ORDER BY ordinal DESC LIMIT 1) l
  LEFT JOIN LATERAL (SELECT byte_token FROM readings
                      WHERE asset_id = a.id ORDER BY ordinal DESC LIMIT 1) g ON true
  LEFT JOIN LATERAL (SELECT state FROM sightings
                      WHERE asset_id = a.id ORDER BY ordinal DESC LIMIT 1) s ON true
"""
# By the name that a scan gives a file, which is its location, and by where files were moved.
KNOWN = text(f"""
SELECT r.at, a.id, a.registered_facts, a.source_identifier, l.path, l.seen_token, g.byte_token,
       coalesce(s.state, 'present') AS state
  FROM json_to_recordset(CAST(:rows AS json)) AS r (at integer, identifier text, path text)
 CROSS JOIN LATERAL (
   SELECT * FROM assets WHERE source_system = :system AND source_identifier = r.identifier
   UNION SELECT m.* FROM locations JOIN assets m ON m.id = asset_id
          WHERE ordinal > 1 AND path = r.path AND m.source_system = :system) a
{STATE} ORDER BY r.at, a.id
""")  # noqa: S608 - our own words
ELSEWHERE = text(f"""
SELECT DISTINCT r.at, a.id, k.token, l.path, l.seen_token, g.byte_token,
       coalesce(s.state, 'present') AS state
  FROM json_to_recordset(CAST(:rows AS json)) AS r (at integer, object text)
 CROSS JOIN LATERAL (
   SELECT asset_id, byte_token AS token FROM readings WHERE object_key = r.object
   UNION SELECT asset_id, seen_token FROM locations WHERE seen_object = r.object) k
  JOIN assets a ON a.id = k.asset_id AND a.source_system = :system
{STATE} ORDER BY r.at, a.id
""")  # noqa: S608 - our own words
FILE = re.compile(r"(fs:\d+:\d+):(\d+:-?\d+):-?\d+")  # object, size and mtime; ctime is left out


@dataclass(frozen=True, slots=True)
class Found:
    """A known asset, and what became of it."""

    asset_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file that a scan saw, and the one form of its location."""

    said: Seen
    path: str


def take_sightings(
    db: Session, caller: Principal, seen: Sequence[Seen], scan: ImportRow
) -> list[Registered | Found | Refusal]:
    """Say of each file that a scan saw whether it is known, moved, changed or new; enter it."""
    system = system_for(db, caller, scan.scanned_system or "")
    outcomes: dict[int, Registered | Found | Refusal] = {}
    places: dict[int, Place] = {}
    for at, one in enumerate(seen):
        try:
            places[at] = place_of(one, scan, system.root)
        except Refusal as refusal:
            outcomes[at] = refusal
    taken = take_known(db, caller, places, outcomes, system.code)
    take_moved(db, caller, {k: v for k, v in places.items() if k not in outcomes}, outcomes, system)
    new = {at: place.said for at, place in places.items() if at not in outcomes}
    named = [renamed(one) if at in taken else one for at, one in new.items()]
    outcomes |= zip(new, register(db, caller, named, import_id=scan.id), strict=True)
    return [outcomes[at] for at in range(len(seen))]


def place_of(said: Seen, scan: ImportRow, root: str) -> Place:
    """Prove that a file lies in the folder that the scan is about."""
    if said.location is None:
        raise Malformed(
            "A file that was seen lies somewhere.", pointers={"/location": "is missing"}
        )
    path = one_form(said.location, root)
    beneath = f"{scan.scanned_beneath}/" if scan.scanned_beneath else ""
    if said.source_system != scan.scanned_system or not path.startswith(beneath):
        why = "lies outside of the folder that is scanned"
        raise Malformed(f"The file {why}.", pointers={"/location": why})
    return Place(said, path)


def take_known(
    db: Session,
    caller: Principal,
    places: dict[int, Place],
    outcomes: dict[int, Any],
    system: str,
) -> set[int]:
    """Recognise files where they are known to lie; return those whose name is another's by now."""
    rows = [
        {"at": at, "identifier": place.said.source_identifier, "path": place.path}
        for at, place in places.items()
    ]
    taken: set[int] = set()
    reread: list[UUID] = []
    for row in db.execute(KNOWN, {"rows": json.dumps(rows), "system": system}):
        place = places[row.at]
        named_so = row.source_identifier == place.said.source_identifier
        if row.path != place.path:
            taken.add(row.at)  # the asset of this name was moved away
        elif row.at in outcomes:
            continue
        elif named_so and digest_of(place.said.facts()) != row.registered_facts:
            outcomes[row.at] = other_facts(place.said, row.id)
        else:
            outcomes[row.at] = Found(row.id, recognise(db, caller, place, row, reread))
    if reread:
        publish(db, BytesChanged(tuple(reread)))
    found = (one.asset_id for one in outcomes.values() if isinstance(one, Found))
    if same := tuple(dict.fromkeys(one for one in found if one not in reread)):
        publish(db, AssetsRevisited(same))
    return taken


def recognise(
    db: Session, caller: Principal, place: Place, row: Row[Any], reread: list[UUID]
) -> str:
    """Compare what lies there with what was read, without reading a byte."""
    read, now = row.byte_token, place.said.token
    if read is not None and other_bytes(read, now) and not only_moved(row, now):
        detail = "A scan saw that the file is not the bytes that were read."
        report_sighting(db, caller.agent, row.id, "changed", detail)
        reread.append(row.id)
        return "changed"
    if row.state in ("missing", "unreachable"):
        report_sighting(db, caller.agent, row.id, "present", "A scan saw it again.")
        if read is None:
            reread.append(row.id)
    return "already_there"


def take_moved(
    db: Session,
    caller: Principal,
    places: dict[int, Place],
    outcomes: dict[int, Any],
    system: Any,  # noqa: ANN401 - a row of source systems
) -> None:
    """Recognise files whose bytes were known at a place where nothing lies any more."""
    rows = [
        {"at": at, "object": found[1]}
        for at, place in places.items()
        if (found := FILE.fullmatch(place.said.token))
    ]
    elsewhere = db.execute(ELSEWHERE, {"rows": json.dumps(rows), "system": system.code}).all()
    moved: set[UUID] = set()
    for row in elsewhere:
        place = places[row.at]
        if row.at in outcomes or row.id in moved or not same_file(row.token, place.said.token):
            continue
        try:
            if still_there(system.root, row.path):
                continue  # a second name of one file: a copy of its own, and never a duplicate
        except MoveUndecided as refusal:
            outcomes[row.at] = refusal
            continue
        move_asset(db, caller.agent, row.id, place.path, place.said.token)
        if row.state != "present":
            report_sighting(db, caller.agent, row.id, "present", "A scan saw it elsewhere.")
        if row.byte_token != place.said.token:  # its change time is of the move
            publish(db, BytesChanged((row.id,)))
        moved.add(row.id)
        outcomes[row.at] = Found(row.id, "moved")


def still_there(root: str, path: str) -> bool:
    """Tell whether something lies at a location; only an answering store says no.

    Raises:
        MoveUndecided: it does not answer (HTTP 409).
    """
    try:
        prove_there(root, path)
    except (NotThere, NotAFile):
        return False
    except Refusal as refusal:
        raise MoveUndecided(
            f"It may be what lay at {path}, which does not answer: {refusal.detail}"
        ) from refusal
    return True


def renamed(said: Seen) -> Seen:
    """Name a file whose location is the name of an asset that was moved away from there."""
    number = said.token.split(":")[2] if FILE.fullmatch(said.token) else "2"
    return said.model_copy(update={"source_identifier": f"{said.source_identifier}#{number}"})


def other_bytes(read: str, now: str) -> bool:
    """Tell whether what a scan saw cannot be what was read; a listing says less than a token."""
    listed = ListingMark.parse(now)
    if listed is not None:
        return listed.contradicts(read)
    return mountless(read) != mountless(now)


def only_moved(row: Row[Any], now: str) -> bool:
    """Tell whether a move that was seen is all that differs: the reading after it is on its way."""
    return row.seen_token == now and same_file(row.byte_token, now)


def mountless(token: str) -> str:
    """Leave out the device's number, which changes when a disk is mounted again."""
    return re.sub(r"^fs:\d+:", "fs:", token)


def same_file(one: str, other: str) -> bool:
    """Tell whether two tokens are of one file with one content; renaming it changes its ctime."""
    first, second = FILE.fullmatch(one), FILE.fullmatch(other)
    return first is not None and second is not None and first.groups() == second.groups()
