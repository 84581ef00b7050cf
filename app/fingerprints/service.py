"""Record fingerprints, each citing the reading that came before it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow
from app.assets.service import report_sightings
from app.fingerprints import queries
from app.fingerprints.claims import NOTHING, Checked, Claims, check_claims
from app.fingerprints.compute import TOOL, Fingerprint
from app.fingerprints.events import AssetsFingerprinted, AssetsPictured
from app.fingerprints.looks import Sight, record_looks
from app.fingerprints.models import FingerprintRow
from app.fingerprints.seeing.seen import Looked
from app.kit.db import new_ids
from app.kit.jobs import publish
from app.ledger.agents import process
from app.ledger.service import Event, record_all
from app.storage.tokens import ByteToken

AGENT = process("fingerprinting")


@dataclass(frozen=True, slots=True)
class Hashed:
    """One file's fingerprint, its looks, and the byte token that held before and after both."""

    fingerprint: Fingerprint
    token: ByteToken
    claims: Claims = NOTHING
    looked: Looked | None = None  # None: nobody could look; a sweep will


def record_fingerprints(db: Session, hashed: Sequence[Hashed], *, tool_version: str) -> None:
    """Record up to 500 fingerprints, and what the files look like.

    A reading that has one already is left alone.
    """
    ids = [one.fingerprint.read.asset_id for one in hashed]
    lock_decisions(db, ids)
    waiting = {row.id for row in db.scalars(queries.unfingerprinted_of(ids))}
    new = [one for one in hashed if one.fingerprint.read.reading_id in waiting]
    whose = select(AssetRow.id, AssetRow.department).where(AssetRow.id.in_(ids))
    departments = dict(db.execute(whose).all())
    event_ids = record_all(db, AGENT, [event_of(one, departments) for one in new])
    rows: list[dict[str, Any]] = [
        {
            "id": fingerprint_id,
            "asset_id": one.fingerprint.read.asset_id,
            "reading_id": one.fingerprint.read.reading_id,
            "sha256": one.fingerprint.sha256,
            "size_bytes": one.fingerprint.size_bytes,
            **parts_of(one.fingerprint),
            "byte_token": str(one.token),
            "object_key": one.token.object_key,
            "tool": TOOL,
            "tool_version": tool_version,
            "event_id": event_id,
        }
        for one, fingerprint_id, event_id in zip(new, new_ids(db, len(new)), event_ids, strict=True)
    ]
    if rows:
        db.execute(insert(FingerprintRow), rows)
    wrong = check_claims(
        db, AGENT, [checked(one, row, departments) for one, row in zip(new, rows, strict=True)]
    )
    right = [asset_id for asset_id in ids if asset_id not in wrong]
    report_sightings(db, AGENT, [(one, "present", "fingerprinted") for one in right])
    if right:
        publish(db, AssetsFingerprinted(tuple(right)))
    ids_of = {row["asset_id"]: row["id"] for row in rows}
    picture(db, [sight_of(one, ids_of) for one in new if one.looked is not None], without=wrong)


def picture(db: Session, sights: Sequence[Sight], *, without: Container[UUID] = ()) -> None:
    """Record what files look like, and tell of all but those `without`.

    The caller holds the decision locks and has left out what is recorded already.
    """
    record_looks(db, AGENT, sights)
    seen = tuple(one.asset_id for one in sights if one.asset_id not in without)
    if seen:
        publish(db, AssetsPictured(seen))


def sight_of(one: Hashed, fingerprint_ids: Mapping[UUID, UUID]) -> Sight:
    """Put what was seen of a file beside its fingerprint."""
    asset_id = one.fingerprint.read.asset_id
    assert one.looked is not None  # noqa: S101 - callers leave out what nobody looked at
    return Sight(asset_id, fingerprint_ids[asset_id], one.looked)


def checked(one: Hashed, row: Mapping[str, Any], departments: dict[UUID, str]) -> Checked:
    """Put what bytes hash to beside what was claimed of them."""
    asset_id, computed = one.fingerprint.read.asset_id, one.fingerprint.computed
    return Checked(asset_id, departments[asset_id], row["id"], computed, one.claims)


def parts_of(one: Fingerprint) -> dict[str, bytes | None]:
    """Return the digests of a file's image, its rendering, and what hangs behind."""
    found = one.image
    if found is None:
        return dict.fromkeys(("image_sha256", "rendering_sha256", "trailer_sha256"))
    return {
        "image_sha256": found.image,
        "rendering_sha256": found.rendering,
        "trailer_sha256": found.trailer,
    }


def event_of(one: Hashed, departments: dict[UUID, str]) -> Event:
    """Tell of a fingerprint: PREMIS message digest calculation."""
    read = one.fingerprint.read
    detail = {
        "sha256": one.fingerprint.sha256.hex(),
        "size_bytes": one.fingerprint.size_bytes,
        "reading": str(read.reading_id),
        "byte_token": str(one.token),
        "parts": {name: value.hex() for name, value in parts_of(one.fingerprint).items() if value},
    }
    return Event("mes", detail, read.asset_id, departments[read.asset_id])
