"""What people need not see twice: a dismissal hides a likeness while its evidence stays."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.comparisons.errors import AlreadyDismissed, ExactIsNoOpinion
from app.comparisons.models import DismissedPairRow
from app.comparisons.showing import pair_for
from app.ledger.service import Event, record
from app.people.roles import Principal


def dismiss(db: Session, caller: Principal, likeness_id: UUID, reason: str) -> DismissedPairRow:
    """Remember by both digests that a department need not see a pair again; nothing else follows.

    Raises:
        NoSuchResource: no such pair, or both sides are others' (HTTP 404).
        ExactIsNoOpinion: the two are equal byte by byte.
        AlreadyDismissed: by this department, on this evidence.
    """
    row = pair_for(db, caller, likeness_id)
    if row.method is None:
        raise ExactIsNoOpinion(
            "The two files are equal byte by byte, whatever anyone thinks of it."
        )
    evidence = evidence_of(row)
    detail = evidence | {"likeness": str(likeness_id), "reason": reason}
    event = Event("x:likeness-dismissed", detail, department=caller.department)
    entered = upsert(DismissedPairRow).values(
        a_sha256=min(row.a_sha256, row.b_sha256),
        b_sha256=max(row.a_sha256, row.b_sha256),
        department=caller.department,
        class_=evidence["class"],
        copy=evidence["copy"],
        method=evidence["method"],
        likeness_id=likeness_id,
        reason=reason,
        dismissed_by=caller.agent.name,
        event_id=record(db, caller.agent, event),
    )
    made = db.scalars(entered.on_conflict_do_nothing().returning(DismissedPairRow)).one_or_none()
    if made is None:
        raise AlreadyDismissed("Your department dismissed this pair on the same evidence before.")
    return made


def evidence_of(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a likeness with both digests
    """Name what a dismissal rests on: class, which digest is the copy's, and the method."""
    likeness = row.LikenessRow
    turned = row.a_sha256 > row.b_sha256
    first = likeness.b_asset_id if turned else likeness.a_asset_id
    copy = {None: "neither", first: "a"}.get(likeness.copy_asset_id, "b")
    return {"class": likeness.class_, "copy": copy, "method": row.method}
