"""Look around where assets lie, and keep what ties them: facts that forbid, never a guess."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.assets.companions import READ, Companion, companions_of, parted, sides_in, starts_of
from app.assets.containers import STARTS, Container, containers_in
from app.assets.events import CompanionsChanged, SidecarsChanged
from app.assets.locks import lock_decisions
from app.assets.models import AssetRow, KeptLocationRow, LocationRow, UploadRow
from app.assets.packages import sniffed
from app.assets.surrounding_models import SurroundingsRow
from app.kit.jobs import publish
from app.kit.refusals import Refusal
from app.kit.settings import settings
from app.ledger.agents import process
from app.ledger.service import Event, record_all
from app.storage.beside import folders_above, names_in
from app.storage.errors import NotAFile, NotThere
from app.storage.locations import decode_location, display_name, encode_location, parse_root
from app.storage.opening import prove_there

AGENT = process("surroundings")
LOOKED_AGAIN_AFTER = timedelta(days=30)  # a bag or a sidecar may come later than the image
SIDECARS_AGAIN_AFTER = timedelta(hours=20)  # each night: people go on editing them
MOST_LEVELS = 100  # folders above a file
PLACES = text("""
SELECT a.id, a.department, s.root, l.path, l.ordinal
  FROM assets a JOIN source_systems s ON s.code = a.source_system
 CROSS JOIN LATERAL (SELECT path, ordinal FROM locations WHERE asset_id = a.id
                      ORDER BY ordinal DESC LIMIT 1) l
 WHERE a.id = ANY(:ids)
   AND NOT EXISTS (SELECT FROM kept_locations k WHERE k.asset_id = a.id AND k.ordinal = l.ordinal)
 ORDER BY a.id
""")
BESIDE = text("""
SELECT s.asset_id, s.companions FROM surroundings s
 WHERE s.asset_id = ANY(:ids) AND 'sidecar' = ANY(s.companion_kinds)
   AND s.location_ordinal = (SELECT max(ordinal) FROM locations WHERE asset_id = s.asset_id)
""")
FACTS = ("location_ordinal", "companion_kinds", "container_kinds", "companions", "containers")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one asset lies by reference."""

    asset_id: UUID
    department: str
    root: str
    path: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around one asset."""

    place: Place
    companions: tuple[Companion, ...]
    containers: tuple[Container, ...]
    tokens: Mapping[bytes, str | None] = field(default_factory=dict)  # of sidecars that are read
    assets: Mapping[bytes, UUID] = field(default_factory=dict)  # of companions that were sent to us

    def facts(self) -> dict[str, Any]:
        """Write it as its table has it; names as locations, for a name may be no text."""
        folder, _, _ = self.place.path.rpartition("/")
        inside = f"{folder}/" if folder else ""
        return {
            "location_ordinal": self.place.ordinal,
            "companion_kinds": sorted({one.kind for one in self.companions}),
            "container_kinds": sorted({one.kind for one in self.containers}),
            "companions": [
                {
                    "kind": one.kind,
                    "location": inside + encode_location(one.name),
                    "found_by": one.found_by,
                }
                | ({"byte_token": self.tokens[one.name]} if one.name in self.tokens else {})
                | ({"asset_id": str(self.assets[one.name])} if one.name in self.assets else {})
                for one in self.companions
            ],
            "containers": [
                asdict(one) | {"marker": display_name(one.marker)} for one in self.containers
            ],
        }


class Eyes:
    """Looks into each folder once for all the assets of a job."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._folders: dict[tuple[str, tuple[bytes, ...]], Mapping[bytes, bool]] = {}
        self._sniffed: dict[tuple[str, tuple[bytes, ...]], tuple[str, bytes] | None] = {}
        self._sides = sides_in(settings().sides_pattern)
        # A bucket, which is not listed whole, is asked for all that any of them may ask for.
        self._starts: dict[tuple[str, tuple[bytes, ...]], set[bytes]] = {}
        for place in places:
            *above, name = decode_location(place.path)
            starts = self._starts.setdefault((place.root, tuple(above)), set())
            starts.update(starts_of(name, self._sides))

    def look(self, place: Place) -> Around:
        """Find what ties a file to others.

        Raises:
            NotThere, NotAFile, Unreachable, LocationMalformed, OutsideRoots: nothing is known then.
        """
        *above, name = decode_location(place.path)
        beside = self.names(place.root, tuple(above), starts_of(name, self._sides))
        found = self.packages(place.root, (*above, name))
        companions = companions_of(name, beside, self._sides)
        read = [one.name for one in companions if is_read_with(name, one)]
        inside = [encode_location(b"/".join((*above, one))) for one in read]
        tokens = {one: token_of(place.root, path) for one, path in zip(read, inside, strict=True)}
        return Around(place, companions, tuple(found), tokens)

    def packages(self, root: str, path: tuple[bytes, ...]) -> list[Container]:
        """Look for the packages that own a file, the nearest first."""
        found: list[Container] = []
        for depth in range(len(path) - 1, -1, -1):
            if len(path) - depth > MOST_LEVELS:
                return [*found, Container("unknown", "", path[0])]
            folder = path[:depth]
            where = encode_location(b"/".join(folder)) if folder else ""
            found += self.begun_in(root, folder, where, path[depth])
        to_root = parse_root(root).strip(b"/").split(b"/") if not root.startswith("s3:") else []
        for up, higher in enumerate(folders_above(root), 1):
            with suppress(NotThere, NotAFile):  # it went, or became a link: it owns nothing here
                found += self.begun_in(higher, (), "..", to_root[-up])
        return found

    def begun_in(
        self, root: str, folder: tuple[bytes, ...], where: str, towards: bytes
    ) -> list[Container]:
        """Look which packages begin in a folder, by names and, where these tell none, by METS."""
        names = self.files(root, folder)
        found = containers_in(where, names, towards)
        if any(one.kind == "mets" for one in found):
            return found
        if (root, folder) not in self._sniffed:
            self._sniffed[root, folder] = sniffed(root, folder, names)
        told = self._sniffed[root, folder]
        return found if told is None else [*found, Container(told[0], where, told[1])]

    def files(self, root: str, folder: tuple[bytes, ...]) -> list[bytes]:
        """Name the regular files of a folder that may be markers: a link is none."""
        return [name for name, regular in self.names(root, folder, STARTS).items() if regular]

    def names(
        self, root: str, folder: tuple[bytes, ...], starts: tuple[bytes, ...]
    ) -> Mapping[bytes, bool]:
        """Name what a folder holds, of a bucket what begins so."""
        key = (root, folder)
        if key not in self._folders:
            every = {*self._starts.get(key, ()), *STARTS}
            self._folders[key] = names_in(root, folder, sorted(every))
        if not root.startswith("s3:"):
            return self._folders[key]
        return {n: regular for n, regular in self._folders[key].items() if n.startswith(starts)}


def is_read_with(name: bytes, companion: Companion) -> bool:
    """Tell whether what a companion says is read with a file of this name."""
    return companion.is_read and parted(name)[1] != READ


def token_of(root: str, path: str) -> str | None:
    """Look in what state a sidecar is; None: it cannot be opened, which is a state too."""
    try:
        return str(prove_there(root, path))
    except Refusal:
        return None


def sidecars_of(companions: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """Return the sidecars that are read, by location, with the tokens that they were seen with."""
    return {one["location"]: one["byte_token"] for one in companions if "byte_token" in one}


def images_of(companions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the companions that are no sidecars, by location, with what ties them."""
    return {one["location"]: one["kind"] for one in companions if one["kind"] != "sidecar"}


def sidecars_beside(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return where sidecars lie that are read with these assets, as far as somebody looked."""
    rows = db.execute(BESIDE, {"ids": list(asset_ids)})
    return {row.asset_id: list(sidecars_of(row.companions)) for row in rows}


def places_of(db: Session, asset_ids: Sequence[UUID]) -> list[Place]:
    """Return where these lie by reference today; contents of our own stand by themselves."""
    return [Place(*row) for row in db.execute(PLACES, {"ids": list(asset_ids)})]


def keep_seen(db: Session, seen: Sequence[Around]) -> None:
    """Keep what was seen around assets; what changed is an event, and waits for decisions."""
    if not seen:
        return
    told = told_of(db, seen)
    entered = upsert(SurroundingsRow)
    kept: dict[Any, Any] = {name: entered.excluded[name] for name in FACTS}
    kept |= {"looked_at": func.clock_timestamp(), "event_id": entered.excluded.event_id}
    rows = [
        {"asset_id": one.place.asset_id, "event_id": told.get(one.place.asset_id), **one.facts()}
        for one in seen
    ]
    db.execute(entered.on_conflict_do_update(index_elements=["asset_id"], set_=kept), rows)


def told_of(db: Session, seen: Sequence[Around]) -> dict[UUID, UUID | None]:
    """Tell of what ties an asset now and did not before, or no more; return each one's event."""
    ids = [one.place.asset_id for one in seen]
    rows = list(db.scalars(select(SurroundingsRow).where(SurroundingsRow.asset_id.in_(ids))))
    before = {row.asset_id: (row.companions, row.containers) for row in rows}
    if others := tied_otherwise(seen, rows, sidecars_of):
        publish(db, SidecarsChanged(tuple(others)))
    if others := tied_otherwise(seen, rows, images_of):
        publish(db, CompanionsChanged(tuple(others)))
    earlier = {row.asset_id: row.event_id for row in rows}
    events = [
        Event("x:surroundings-seen", facts, one.place.asset_id, one.place.department)
        for one in seen
        if (facts := one.facts())
        and (facts["companions"], facts["containers"]) != before.get(one.place.asset_id, ([], []))
    ]
    if not events:
        return earlier
    tied = [event.asset_id for event in events if event.asset_id is not None]
    lock_decisions(db, tied)
    return earlier | dict(zip(tied, record_all(db, AGENT, events), strict=True))


def tied_otherwise(
    seen: Sequence[Around],
    rows: Sequence[SurroundingsRow],
    ties: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, str | None]],
) -> list[UUID]:
    """Return the assets beside which lie others of these companions than were seen before."""
    before = {row.asset_id: ties(row.companions) for row in rows}
    return [
        one.place.asset_id
        for one in seen
        if ties(one.facts()["companions"]) != before.get(one.place.asset_id, {})
    ]


def unlooked() -> Select[UUID]:
    """Select assets around which nobody looked where they lie now, or long ago.

    Of uploads those whose content is kept: what was set aside lies nowhere.
    """
    newest = (
        select(LocationRow.ordinal)
        .where(LocationRow.asset_id == AssetRow.id)
        .order_by(LocationRow.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )
    nowhere = (
        select(KeptLocationRow.asset_id)
        .join(UploadRow, UploadRow.id == KeptLocationRow.upload_id)
        .where(KeptLocationRow.asset_id == AssetRow.id, KeptLocationRow.ordinal == newest)
        .where(UploadRow.state != "kept")
    )
    sidecars = SurroundingsRow.companion_kinds.contains(["sidecar"])
    again = case((sidecars, SIDECARS_AGAIN_AFTER), else_=LOOKED_AGAIN_AFTER)
    looked = select(SurroundingsRow.asset_id).where(
        and_(
            SurroundingsRow.asset_id == AssetRow.id,
            SurroundingsRow.location_ordinal == newest,
            SurroundingsRow.looked_at > func.clock_timestamp() - again,
        )
    )
    return select(AssetRow.id).where(newest.is_not(None), ~nowhere.exists(), ~looked.exists())
