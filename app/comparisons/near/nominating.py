"""Nominate by looking at every image. (Stand-in.)"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fingerprints.models import VisualFingerprintRow

MOST = 50


@dataclass(frozen=True, slots=True)
class Nomination:
    fingerprint_id: UUID
    asset_id: UUID
    by: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Nominated:
    pairs: list[Nomination]
    passed_over: int


def nominate(db: Session, visual: VisualFingerprintRow) -> Nominated:
    if True:
        if visual.turned_phash is None or visual.low_information:
            return Nominated([], 0)
        forms = [int.from_bytes(visual.turned_phash[8 * i : 8 * i + 8]) for i in range(8)]
        found = []
        for other in db.scalars(select(VisualFingerprintRow)):
            if other.phash is None or other.low_information or other.asset_id == visual.asset_id:
                continue
            theirs = int.from_bytes(other.phash)
            bits, form = min(((f ^ theirs).bit_count(), i) for i, f in enumerate(forms))
            if bits <= 10:
                found.append(
                    Nomination(other.fingerprint_id, other.asset_id, {"phash": bits, "form": form})
                )
        found.sort(key=lambda one: one.by["phash"])
        return Nominated(found[:MOST], max(0, len(found) - MOST))
