"""Show a pair from one of its sides, without what another department keeps to itself."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.comparisons.models import LikenessRow, MeasurementRow
from app.comparisons.pair_queries import pairs
from app.comparisons.schemas import LikenessOut, MeasuredOut, SideOut
from app.kit.errors import NoSuchResource
from app.people.roles import Principal

# Of equal bytes these are one's own as much as the other's.
TOLD_OF_BOTH = ("sha256", "size_bytes", "tools")


def pair_for(db: Session, caller: Principal, likeness_id: UUID) -> Any:  # noqa: ANN401 - a row
    """Return a pair of which the caller sees a side.

    Raises:
        NoSuchResource: no such pair, or both sides are others' (HTTP 404).
    """
    row = db.execute(pairs(caller).where(LikenessRow.id == likeness_id)).one_or_none()
    if row is None:
        raise NoSuchResource(f"There is no likeness {likeness_id}.")
    return row


def both_seen(caller: Principal, row: Any) -> bool:  # noqa: ANN401
    """Tell whether the caller sees both sides of a pair."""
    return caller.sees(row.a_department) and caller.sees(row.b_department)


def show(caller: Principal, row: Any, asset_id: UUID | None = None) -> LikenessOut:  # noqa: ANN401
    """Show a pair from the side of an asset, or from the first that the caller sees."""
    likeness: LikenessRow = row.LikenessRow
    if asset_id is None:
        first = caller.sees(row.a_department)
        asset_id = likeness.a_asset_id if first else likeness.b_asset_id
    mine, others = ("a", "b") if likeness.a_asset_id == asset_id else ("b", "a")
    seen = caller.sees(getattr(row, f"{others}_department"))
    whole = likeness.evidence
    shown = whole if seen else {k: whole[k] for k in TOLD_OF_BOTH if k in whole}
    other = side(row, others, seen=seen)
    return LikenessOut(
        id=likeness.id,
        other_asset_id=other.asset_id,
        proposed_class=likeness.class_,
        direction=direction(likeness, asset_id),
        score=likeness.score,
        same_object=likeness.same_object,
        standard=row.standard,
        evidence=shown,
        measurement=measured(row) if seen else None,
        this=side(row, mine, seen=True),
        other=other,
        dismissed=row.dismissed,
        found_at=likeness.found_at,
    )


def direction(likeness: LikenessRow, asset_id: UUID) -> Any:  # noqa: ANN401 - a Direction
    """Say which side is the copy, if the evidence says so."""
    if likeness.copy_asset_id is None:
        return None
    return "this_is_the_copy" if likeness.copy_asset_id == asset_id else "other_is_the_copy"


def side(row: Any, which: str, *, seen: bool) -> SideOut:  # noqa: ANN401
    """Show one side; of one that is not seen, the kind of holder only."""
    custody = getattr(row, f"{which}_custody")
    if not seen:
        hidden = dict.fromkeys(("asset_id", "department", "source_system", "captured"))
        return SideOut(custody_kind=custody, **hidden)
    return SideOut(
        asset_id=getattr(row.LikenessRow, f"{which}_asset_id"),
        department=getattr(row, f"{which}_department"),
        source_system=getattr(row, f"{which}_system"),
        custody_kind=custody,
        captured=getattr(row, f"{which}_captured"),
    )


def measured(row: Any) -> MeasuredOut | None:  # noqa: ANN401
    """Show what the class rests on; exact copies need no measure."""
    if row.method is None:
        return None
    where = f"/v1/likenesses/{row.LikenessRow.id}/difference"
    return MeasuredOut(
        method=row.method,
        outcome=row.outcome,
        measured=row.measured,
        tools=row.tools,
        measured_at=row.measured_at,
        difference=where if row.mapped else None,
    )


def difference_of(db: Session, caller: Principal, likeness_id: UUID) -> tuple[UUID, bytes]:
    """Return the map of where two pictures differ, and the measurement that drew it.

    Raises:
        NoSuchResource: there is none, or one side's picture is not the caller's to see (HTTP 404).
    """
    row = pair_for(db, caller, likeness_id)
    if not row.mapped or not both_seen(caller, row):
        raise NoSuchResource(f"There is no difference map of likeness {likeness_id}.")
    measurement = db.get_one(MeasurementRow, row.LikenessRow.measurement_id)
    return measurement.id, measurement.difference_map or b""
