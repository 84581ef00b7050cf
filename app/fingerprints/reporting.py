"""What was not as it was read: told, tried again later, and read again where it changed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import BytesChanged
from app.assets.hindrances import hand_back, postpone
from app.assets.service import Sighted, report_sightings
from app.fingerprints.service import AGENT
from app.kit.jobs import publish

READINGS = "readings"
Sighting = tuple[UUID, Sighted, str]


def report(db: Session, stage: str, seen: Sequence[Sighting]) -> None:
    """Say what was not as it was read; what changed is read again, at once the first time only."""
    report_sightings(db, AGENT, seen)
    looks = postpone(db, stage, [(asset_id, detail) for asset_id, _, detail in seen])
    changed = [asset_id for asset_id, state, _ in seen if state == "changed"]
    first = tuple(one for one in changed if looks[one] == 1)
    if first:
        publish(db, BytesChanged(first))
    hand_back(db, stage, [one for one in changed if looks[one] > 1], to=READINGS)
