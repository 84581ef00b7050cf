"""Pairs as people ask for them: how each is judged today, and what was dismissed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.assets.models import AssetRow, SourceSystemRow
from app.comparisons.models import DismissedPairRow, LikenessRow, MeasurementRow
from app.fingerprints.models import FingerprintRow
from app.people.roles import Principal
from app.policies.models import PolicyVersionRow
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow

UNRELATED = "unrelated"
# What hangs together for the eye; of what is undetermined nobody knows whether it does.
RELATED = LikenessRow.class_.not_in([UNRELATED, "undetermined"])
A, B = aliased(AssetRow, name="asset_a"), aliased(AssetRow, name="asset_b")
PRINT_A, PRINT_B = aliased(FingerprintRow, name="print_a"), aliased(FingerprintRow, name="print_b")
JUDGED = (LikenessRow.standard_id, LikenessRow.measurement_id, LikenessRow.revision)


def newest_judgement() -> ColumnElement[bool]:
    """Tell whether a likeness is how its pair was judged last: standard, then measure, then facts.

    Exact copies are not measured, so nothing overtakes them.
    """
    later = aliased(LikenessRow)
    overtaken = select(later.id).where(
        later.a_fingerprint_id == LikenessRow.a_fingerprint_id,
        later.b_fingerprint_id == LikenessRow.b_fingerprint_id,
        tuple_(later.standard_id, later.measurement_id, later.revision) > tuple_(*JUDGED),
    )
    return ~overtaken.exists()


def of_newest_bytes() -> ColumnElement[bool]:
    """Tell whether neither side was read anew since."""
    later = aliased(FingerprintRow)
    sides = (
        (LikenessRow.a_asset_id, LikenessRow.a_fingerprint_id),
        (LikenessRow.b_asset_id, LikenessRow.b_fingerprint_id),
    )
    overtaken = [
        select(later.id).where(later.asset_id == asset, later.id > fingerprint).exists()
        for asset, fingerprint in sides
    ]
    return ~or_(*overtaken)


def dismissed(caller: Principal) -> ColumnElement[bool]:
    """Tell whether the caller's department dismissed the pair on the evidence that it has today.

    For who sees every department, whether any of them did. Over `PRINT_A`, `PRINT_B` and the
    measurement.
    """
    turned = PRINT_A.sha256 > PRINT_B.sha256
    first = case((turned, LikenessRow.b_asset_id), else_=LikenessRow.a_asset_id)
    side = case(
        (LikenessRow.copy_asset_id.is_(None), "neither"),
        (LikenessRow.copy_asset_id == first, "a"),
        else_="b",
    )
    found = select(DismissedPairRow.id).where(
        DismissedPairRow.a_sha256 == func.least(PRINT_A.sha256, PRINT_B.sha256),
        DismissedPairRow.b_sha256 == func.greatest(PRINT_A.sha256, PRINT_B.sha256),
        DismissedPairRow.class_ == LikenessRow.class_,
        DismissedPairRow.copy == side,
        DismissedPairRow.method == MeasurementRow.method,
    )
    if caller.department is not None:
        found = found.where(DismissedPairRow.department == caller.department)
    return found.correlate(LikenessRow, MeasurementRow, PRINT_A, PRINT_B).exists()


def captured(asset_id: Any) -> ColumnElement[str | None]:  # noqa: ANN401 - a column
    """Return when a record says that the picture was taken, else when its file does."""
    version = aliased(ProvenanceVersionRow)
    head = aliased(ProvenanceHeadRow)
    return (
        select(func.coalesce(version.date_created, version.extracted_date_created))
        .join(head, and_(head.asset_id == version.asset_id, head.version == version.version))
        .where(version.asset_id == asset_id)
        .scalar_subquery()
    )


def pairs(caller: Principal) -> Select[Any]:
    """Select pairs of which the caller sees a side, with what stands beside them.

    Whoever shows a row leaves out what the caller may not see of the other side.
    """
    system_a, system_b = aliased(SourceSystemRow), aliased(SourceSystemRow)
    m = MeasurementRow
    standard = PolicyVersionRow.document_id + "@" + PolicyVersionRow.version
    found = (
        select(
            LikenessRow,
            *(m.method, m.outcome, m.measured, m.tools, m.measured_at),
            m.difference_map.is_not(None).label("mapped"),
            *(A.department.label("a_department"), B.department.label("b_department")),
            *(A.source_system.label("a_system"), B.source_system.label("b_system")),
            *(system_a.custody_kind.label("a_custody"), system_b.custody_kind.label("b_custody")),
            captured(A.id).label("a_captured"),
            captured(B.id).label("b_captured"),
            *(PRINT_A.sha256.label("a_sha256"), PRINT_B.sha256.label("b_sha256")),
            standard.label("standard"),
            dismissed(caller).label("dismissed"),
        )
        .join(A, A.id == LikenessRow.a_asset_id)
        .join(B, B.id == LikenessRow.b_asset_id)
        .join(PRINT_A, PRINT_A.id == LikenessRow.a_fingerprint_id)
        .join(PRINT_B, PRINT_B.id == LikenessRow.b_fingerprint_id)
        .join(system_a, system_a.code == A.source_system)
        .join(system_b, system_b.code == B.source_system)
        .join(PolicyVersionRow, PolicyVersionRow.id == LikenessRow.standard_id)
        .outerjoin(m, m.id == LikenessRow.measurement_id)
    )
    if caller.department is None:
        return found
    return found.where(or_(A.department == caller.department, B.department == caller.department))


def by_class(departments: Sequence[str]) -> Select[str, int]:
    """Count how the pairs within these departments are judged today, by class."""
    return (
        select(LikenessRow.class_, func.count())
        .join(A, A.id == LikenessRow.a_asset_id)
        .join(B, B.id == LikenessRow.b_asset_id)
        .where(A.department.in_(departments), B.department.in_(departments))
        .where(newest_judgement(), of_newest_bytes())
        .group_by(LikenessRow.class_)
    )


def pairs_of(
    caller: Principal, asset_id: UUID, classes: Sequence[str], *, also_dismissed: bool
) -> Select[Any]:
    """Select how the pairs that an asset is part of are judged today, the newest first."""
    wanted = LikenessRow.class_.in_(classes) if classes else LikenessRow.class_ != UNRELATED
    mine = or_(LikenessRow.a_asset_id == asset_id, LikenessRow.b_asset_id == asset_id)
    found = pairs(caller).where(mine, wanted, newest_judgement(), of_newest_bytes())
    if not also_dismissed:
        found = found.where(~dismissed(caller))
    return found.order_by(LikenessRow.id.desc())
