"""Record what files look like, and the digests of all their samples; each row cites its hash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.fingerprints.models import PixelDigestRow, VisualFingerprintRow
from app.fingerprints.seeing.seen import METHOD, PIXELS_METHOD, Looked, Pixels, Seen, values_of
from app.kit.db import new_ids
from app.ledger.agents import Agent
from app.ledger.service import Event, record_all


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of one fingerprint's bytes."""

    asset_id: UUID
    fingerprint_id: UUID
    looked: Looked


@dataclass(frozen=True, slots=True)
class Digested:
    """What came of digesting all samples of one fingerprint's bytes."""

    asset_id: UUID
    fingerprint_id: UUID
    pixels: Pixels


def record_looks(db: Session, agent: Agent, sights: Sequence[Sight]) -> None:
    """Record what was seen, and the digests of all samples that were made on the way.

    The caller holds the decision locks and has left out what is recorded already.
    """
    departments = departments_of(db, [one.asset_id for one in sights])
    event_ids = record_all(db, agent, [seen_event(one, departments) for one in sights])
    rows: list[dict[str, Any]] = [
        {
            "id": visual_id,
            "asset_id": one.asset_id,
            "fingerprint_id": one.fingerprint_id,
            "method": METHOD,
            "event_id": event_id,
            **values_of(one.looked.seen),
        }
        for one, visual_id, event_id in zip(
            sights, new_ids(db, len(sights)), event_ids, strict=True
        )
    ]
    if rows:
        db.execute(insert(VisualFingerprintRow), rows)
    made = [
        Digested(one.asset_id, one.fingerprint_id, one.looked.pixels)
        for one in sights
        if one.looked.pixels is not None
    ]
    without = undigested(db, [one.fingerprint_id for one in made])
    record_digests(db, agent, [one for one in made if one.fingerprint_id in without])


def record_digests(db: Session, agent: Agent, digested: Sequence[Digested]) -> None:
    """Record digests of all samples, or why there are none.

    The caller holds the decision locks and has left out what is recorded already.
    """
    departments = departments_of(db, [one.asset_id for one in digested])
    event_ids = record_all(db, agent, [digest_event(one, departments) for one in digested])
    rows: list[dict[str, Any]] = [
        {
            "fingerprint_id": one.fingerprint_id,
            "method": PIXELS_METHOD,
            "asset_id": one.asset_id,
            "pixels_sha256": one.pixels.sha256,
            "reason": one.pixels.reason,
            "frames": one.pixels.frames,
            "trailing_bytes": one.pixels.trailing_bytes,
            "decoder": one.pixels.tool,
            "decoder_version": one.pixels.tool_version,
            "event_id": event_id,
        }
        for one, event_id in zip(digested, event_ids, strict=True)
    ]
    if rows:
        db.execute(insert(PixelDigestRow), rows)


def undigested(db: Session, fingerprint_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these fingerprints that have no digest of all samples by this method."""
    made = select(PixelDigestRow.fingerprint_id).where(
        PixelDigestRow.fingerprint_id.in_(fingerprint_ids),
        PixelDigestRow.method == PIXELS_METHOD,
    )
    return set(fingerprint_ids) - set(db.scalars(made))


def departments_of(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return whose these assets are."""
    whose = select(AssetRow.id, AssetRow.department).where(AssetRow.id.in_(asset_ids))
    return dict(db.execute(whose).all())


def seen_event(one: Sight, departments: Mapping[UUID, str]) -> Event:
    """Tell of a look: everything but words and measures, which the row keeps."""
    detail = {
        "fingerprint": str(one.fingerprint_id),
        "method": METHOD,
        **told(one.looked.seen),
    }
    return Event("x:picture", detail, one.asset_id, departments[one.asset_id])


def told(seen: Seen) -> dict[str, Any]:
    """Write what was seen for the ledger."""
    said = values_of(seen)
    for name in ("words", "measures", "turned_phash", "turned_pdq"):
        del said[name]
    return {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in said.items()
        if value is not None
    }


def digest_event(one: Digested, departments: Mapping[UUID, str]) -> Event:
    """Tell of a digest of all samples, or why there is none."""
    pixels = one.pixels
    detail = {
        "fingerprint": str(one.fingerprint_id),
        "method": PIXELS_METHOD,
        "pixels_sha256": pixels.sha256.hex() if pixels.sha256 else None,
        "reason": pixels.reason,
        "decoder": f"{pixels.tool} {pixels.tool_version}" if pixels.tool else None,
    }
    return Event("x:pixels", detail, one.asset_id, departments[one.asset_id])
