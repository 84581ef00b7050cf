"""Too many identical images in one sequence: a digitisation fault, never a set of duplicates.

A repeated frame may hide a missing page. A sequence is a container, or files of one folder whose
names differ by a running number alone and follow one another.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.comparisons.models import RepetitionRow
from app.fingerprints.models import FingerprintRow
from app.ledger.agents import process
from app.ledger.service import Event, record
from app.people.roles import Principal
from app.provenance.book import Book
from app.storage.locations import decode_location, display_name

AGENT = process("comparing")
RUNNING = re.compile(r"(?P<before>.*?)(?P<number>\d{1,18})(?P<after>\D*)", re.DOTALL)
# Of uploads the place is a drawn key, so their names stand for it.
BESIDE = text("""
SELECT a.id AS asset_id, CASE WHEN k.asset_id IS NULL THEN l.path END AS path, a.original_name,
       coalesce(s.containers, '[]') AS containers
  FROM assets a
  JOIN assets mine ON mine.id = :mine AND mine.source_system = a.source_system
 CROSS JOIN LATERAL (SELECT path, ordinal FROM locations WHERE asset_id = a.id
                      ORDER BY ordinal DESC LIMIT 1) l
  LEFT JOIN kept_locations k ON (k.asset_id, k.ordinal) = (a.id, l.ordinal)
  LEFT JOIN surroundings s ON s.asset_id = a.id AND s.location_ordinal = l.ordinal
 WHERE a.id = ANY(:ids)
 ORDER BY a.id
""")


@dataclass(frozen=True, slots=True)
class Repeated:
    """Identical images in one sequence."""

    kind: str  # running_number, container
    place: str
    members: Mapping[UUID, str]  # their names


def sound_alarm(
    db: Session, book: Book, mine: FingerprintRow, equal: Sequence[FingerprintRow]
) -> None:
    """Put an image and those identical to it aside as a fault, if too many are in one sequence."""
    most = book.city.effective.duplicate_standard.repetition_alarm.more_than_identical
    if len(equal) <= most:
        return
    asked = {"mine": mine.asset_id, "ids": [one.asset_id for one in equal]}
    rows = [dict(row) for row in db.execute(BESIDE, asked).mappings()]
    by_asset = {one.asset_id: one for one in equal}
    told = set(db.scalars(told_of([one.id for one in equal])))
    for found in sequences_around(mine.asset_id, rows):
        if len(found.members) > most:
            for asset_id in sorted(found.members.keys() - told):
                tell(db, book, by_asset[asset_id], found)
                told.add(asset_id)


def told_of(fingerprint_ids: Sequence[UUID]) -> Select[UUID]:
    """Select the assets that were found to be repeated, by these fingerprints."""
    return select(RepetitionRow.asset_id).where(RepetitionRow.fingerprint_id.in_(fingerprint_ids))


def sequences_around(asset_id: UUID, rows: Sequence[Mapping[str, Any]]) -> Iterator[Repeated]:
    """Yield the sequences that an asset is part of, among files of one system with equal bytes."""
    numbered: dict[tuple[str, str, str], dict[int, tuple[UUID, str]]] = defaultdict(dict)
    contained: dict[tuple[str, str], dict[UUID, str]] = defaultdict(dict)
    for row in rows:
        folder, name = placed(row)
        if found := RUNNING.fullmatch(name):
            key = (folder, found["before"], found["after"])
            numbered[key].setdefault(int(found["number"]), (row["asset_id"], name))
        for one in filter(is_package, row["containers"]):
            contained[one["kind"], one["folder"]][row["asset_id"]] = name
    for (folder, _, _), by_number in numbered.items():
        members = dict(run_around(asset_id, by_number))
        if members:
            yield Repeated("running_number", folder, members)
    for (kind, folder), members in contained.items():
        if asset_id in members:
            yield Repeated("container", f"{kind}:{folder}", members)


def is_package(container: Mapping[str, Any]) -> bool:
    """Tell a package from what only may be one."""
    return bool(container["kind"] != "unknown")


def placed(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return an asset's folder and name; an upload stands in none."""
    if row["path"] is None:
        return "", row["original_name"].lower()
    *above, name = decode_location(row["path"])
    return display_name(b"/".join(above)), display_name(name).lower()


def run_around(
    asset_id: UUID, by_number: Mapping[int, tuple[UUID, str]]
) -> Iterator[tuple[UUID, str]]:
    """Yield the unbroken run of numbers that an asset stands in."""
    at = next((number for number, (one, _) in by_number.items() if one == asset_id), None)
    if at is None:
        return
    first = last = at
    while first - 1 in by_number:
        first -= 1
    while last + 1 in by_number:
        last += 1
    yield from (by_number[number] for number in range(first, last + 1))


def tell(db: Session, book: Book, one: FingerprintRow, found: Repeated) -> None:
    """Write that an image is one of too many identical ones."""
    names = sorted(found.members.values())
    evidence = {
        "sha256": one.sha256.hex(),
        "place": found.place,
        "first": names[0],
        "last": names[-1],
        "name": found.members[one.asset_id],
    }
    department = db.get_one(AssetRow, one.asset_id).department
    told = {"sequence": found.kind, "identical": len(names)}
    event = Event("x:repetition-found", evidence | told, one.asset_id, department)
    entered = upsert(RepetitionRow).values(
        asset_id=one.asset_id,
        fingerprint_id=one.id,
        standard_id=book.city.version_id,
        **told,
        evidence=evidence,
        event_id=record(db, AGENT, event),
    )
    db.execute(entered.on_conflict_do_nothing())


def faults(caller: Principal) -> Select[Any]:
    """Select what was found to be repeated and still is what it was, the newest first."""
    row = RepetitionRow
    later = (
        select(FingerprintRow.id)
        .where(FingerprintRow.asset_id == row.asset_id, FingerprintRow.id > row.fingerprint_id)
        .correlate(row)
    )
    found = (
        select(
            *(row.id, row.asset_id, AssetRow.department, AssetRow.source_system),
            literal("repetition").label("reason"),
            *(AssetRow.original_name, row.sequence, row.identical, row.evidence, row.found_at),
        )
        .join(AssetRow, AssetRow.id == row.asset_id)
        .where(~later.exists())
        .order_by(row.id.desc())
    )
    if caller.department is None:
        return found
    return found.where(AssetRow.department == caller.department)
