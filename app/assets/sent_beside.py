"""Contents of ours that were sent as companions: their identifiers name them as in one folder.

Nobody can look around a content in the keep, which lies under a drawn key. What its system calls it
stands for its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.assets.companions import Companion, companions_of, sides_in, starts_of
from app.assets.queries import whereabouts
from app.assets.surroundings import BESIDE, Around, Place, is_read_with, token_of
from app.kit.settings import settings
from app.storage.errors import LocationMalformed
from app.storage.locations import decode_location, encode_location

NEWEST_KEPT = """
  FROM assets a
 CROSS JOIN LATERAL (SELECT path, ordinal FROM locations WHERE asset_id = a.id
                      ORDER BY ordinal DESC LIMIT 1) l
  JOIN kept_locations k ON k.asset_id = a.id AND k.ordinal = l.ordinal
  JOIN uploads u ON u.id = k.upload_id AND u.state = 'kept'
  JOIN kept_objects o ON o.key = u.content_key
"""
PLACES = text(f"""
SELECT a.id, a.department, a.source_system, a.source_identifier, l.ordinal {NEWEST_KEPT}
 WHERE a.id = ANY(:ids) ORDER BY a.id
""")
NAMED_ALIKE = text(f"""
SELECT a.id, a.source_identifier, o.keep, l.path {NEWEST_KEPT}
 WHERE a.source_system = :system AND a.source_identifier >= :start
   AND a.source_identifier < :behind AND a.id <> :mine
   AND NOT EXISTS (SELECT FROM withdrawals w WHERE w.asset_id = a.id)
 ORDER BY a.source_identifier LIMIT 100
""")  # noqa: S608
LAST_SIGN = "\U0010ffff"
Content = tuple[UUID, str, str]  # an asset, the root of its keep, the path beneath it


@dataclass(frozen=True, slots=True)
class Sent:
    """One content of ours as if it lay in a folder, and its companions there, by name."""

    place: Place
    name: bytes
    beside: Mapping[bytes, Content]

    def companions(self) -> dict[UUID, Companion]:
        """Return what travels with it, by asset."""
        found = companions_of(self.name, self.beside, sides_in(settings().sides_pattern))
        return {self.beside[one.name][0]: one for one in found}

    def around(self) -> Around:
        """Look in what state the sidecars are."""
        found = self.companions()
        read = [one.name for one in found.values() if is_read_with(self.name, one)]
        tokens = {one: token_of(*self.beside[one][1:]) for one in read}
        assets = {one.name: asset_id for asset_id, one in found.items()}
        return Around(self.place, tuple(found.values()), (), tokens, assets)


@dataclass(frozen=True, slots=True)
class Named:
    """What a content of ours is called, and where the sidecars lie that are read with it."""

    name: str
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def sent_with(db: Session, asset_ids: Sequence[UUID]) -> list[Sent]:
    """Return those of these assets that are contents of ours, with what may be their companions."""
    sent = []
    for row in db.execute(PLACES, {"ids": list(asset_ids)}).all():
        path = as_path(row.source_identifier)
        place = Place(row.id, row.department, "", path or "", row.ordinal)
        if path is None:
            sent.append(Sent(place, b"", {}))
            continue
        *_, name = decode_location(path)
        sent.append(Sent(place, name, named_alike(db, row, name)))
    return sent


def as_path(identifier: str) -> str | None:
    """Write an identifier as a location; None: it can be none, so it has no folder."""
    try:
        return encode_location(identifier.encode())
    except LocationMalformed:
        return None


def named_alike(db: Session, row: Any, name: bytes) -> dict[bytes, Content]:  # noqa: ANN401 - a row
    """Return the contents of one system whose names begin alike, in its folder or beneath it."""
    folder, slash, _ = row.source_identifier.rpartition("/")
    found: dict[bytes, Content] = {}
    for start in starts_of(name, sides_in(settings().sides_pattern)):
        first = folder + slash + start.decode()
        asked = {"system": row.source_system, "mine": row.id, "start": first}
        for one in db.execute(NAMED_ALIKE, asked | {"behind": first + LAST_SIGN}).all():
            inside = one.source_identifier[len(folder + slash) :]
            found[inside.encode()] = (one.id, one.keep, one.path)
    return found


def sent_beside(db: Session, asset_ids: Sequence[UUID]) -> list[UUID]:
    """Return the contents that travel with these, by their names."""
    return sorted({other for one in sent_with(db, asset_ids) for other in one.companions()})


def named(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, Named]:
    """Return what those of these are called that are contents of ours and have sidecars to read."""
    rows = db.execute(PLACES, {"ids": list(asset_ids)})
    called = {row.id: path for row in rows if (path := as_path(row.source_identifier))}
    read = {
        row.asset_id: {
            one["location"]: UUID(one["asset_id"]) for one in row.companions if "byte_token" in one
        }
        for row in db.execute(BESIDE, {"ids": list(called)})
    }
    every = [other for one in read.values() for other in one.values()]
    places = {row.id: (row.root, row.path) for row in db.execute(whereabouts(every))}
    return {
        asset_id: Named(
            called[asset_id],
            {name: places[other] for name, other in one.items() if other in places},
        )
        for asset_id, one in read.items()
    }
