"""Digests that came from outside, compared with ours: only here, and only after the reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.assets.models import UploadRow
from app.assets.service import report_sighting
from app.assets.uploads import refuse_content
from app.fingerprints.models import ClaimCheckRow
from app.ledger.agents import Agent
from app.ledger.service import Event, record_all
from app.provenance.models import ProvenanceVersionRow


@dataclass(frozen=True, slots=True)
class Claimed:
    """One digest somebody named; `upload_id` where it came with the content itself."""

    algorithm: str
    value: str  # lower hexadecimal
    upload_id: UUID | None


@dataclass(frozen=True, slots=True)
class Claims:
    """What was claimed of one asset's bytes, and the kept content they are, if they are one."""

    claimed: tuple[Claimed, ...]
    kept: UUID | None

    def algorithms(self) -> frozenset[str]:
        """Return what to hash with beside SHA-256."""
        return frozenset(one.algorithm for one in self.claimed)


NOTHING = Claims((), None)


def claims_of(db: Session, asset_ids: Sequence[UUID]) -> Mapping[UUID, Claims]:
    """Return what was claimed when assets were registered, and with their contents."""
    kept = {
        row.asset_id: row
        for row in db.scalars(
            select(UploadRow).where(UploadRow.asset_id.in_(asset_ids), UploadRow.state == "kept")
        )
    }
    first = select(ProvenanceVersionRow.asset_id, ProvenanceVersionRow.change["claims"]).where(
        ProvenanceVersionRow.asset_id.in_(asset_ids), ProvenanceVersionRow.version == 1
    )
    registered = {asset_id: claims or [] for asset_id, claims in db.execute(first)}
    return {
        asset_id: Claims(
            (
                *as_claimed(registered.get(asset_id, []), None),
                *(as_claimed(kept[asset_id].claims, kept[asset_id].id) if asset_id in kept else ()),
            ),
            kept[asset_id].id if asset_id in kept else None,
        )
        for asset_id in asset_ids
    }


def as_claimed(documents: Sequence[Mapping[str, Any]], upload_id: UUID | None) -> list[Claimed]:
    """Read claims back, each once."""
    said = {(one["algorithm"], one["value"].lower()) for one in documents}
    return [Claimed(algorithm, value, upload_id) for algorithm, value in sorted(said)]


@dataclass(frozen=True, slots=True)
class Checked:
    """One asset's new fingerprint, what its bytes hash to by algorithm, and what was claimed."""

    asset_id: UUID
    department: str
    fingerprint_id: UUID
    computed: Mapping[str, str]
    claims: Claims

    def differing(self) -> list[Claimed]:
        """Return the claims that are wrong; one of an algorithm we do not know is not."""
        return [
            one
            for one in self.claims.claimed
            if self.computed.get(one.algorithm, one.value) != one.value
        ]


def check_claims(db: Session, agent: Agent, checked: Sequence[Checked]) -> set[UUID]:
    """Record how each claim came out, and set aside contents that are not what they claim to be.

    The caller holds the decision locks. Returns the assets whose content was set aside.
    """
    pairs = [(one, claim) for one in checked for claim in one.claims.claimed]
    event_ids = record_all(db, agent, [event_of(one, claim) for one, claim in pairs])
    rows = [
        {
            "asset_id": one.asset_id,
            "fingerprint_id": one.fingerprint_id,
            "source": source_of(claim),
            "algorithm": claim.algorithm,
            "claimed": claim.value,
            "computed": one.computed.get(claim.algorithm),
            "event_id": event_id,
        }
        for (one, claim), event_id in zip(pairs, event_ids, strict=True)
    ]
    if rows:
        db.execute(insert(ClaimCheckRow), rows)
    return {one.asset_id for one in checked if one.differing() and turn_away(db, agent, one)}


def turn_away(db: Session, agent: Agent, one: Checked) -> bool:
    """Set a kept content aside; a file by reference stays where it is, and is no candidate."""
    if one.claims.kept is None:
        return False
    wrong = [claim.algorithm for claim in one.differing()]
    detail = {"fingerprint": str(one.fingerprint_id), "differs": wrong}
    if not refuse_content(db, agent, one.claims.kept, detail):
        return False
    said = f"The content is not what its {', '.join(wrong)} claims; upload it again."
    report_sighting(db, agent, one.asset_id, "refused", said)
    return True


def event_of(one: Checked, claim: Claimed) -> Event:
    """Tell how a claim came out: PREMIS fixity check."""
    computed = one.computed.get(claim.algorithm)
    outcome = "unchecked" if computed is None else "differs"
    detail = {
        "claim": source_of(claim),
        "algorithm": claim.algorithm,
        "claimed": claim.value,
        "computed": computed,
        "outcome": "matches" if computed == claim.value else outcome,
        "fingerprint": str(one.fingerprint_id),
    }
    return Event("fix", detail, one.asset_id, one.department)


def source_of(claim: Claimed) -> str:
    """Say when a claim was made."""
    return "registration" if claim.upload_id is None else "upload"
