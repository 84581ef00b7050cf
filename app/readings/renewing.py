"""Where a policy says how old a reading may be, reading the same bytes again makes a new one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.people.models import DepartmentRow
from app.policies.errors import NoPolicyInForce
from app.policies.service import policy_in_force
from app.readings.models import ReadingRow

# What a job does twice, being tried again, changes nothing; the shortest limit is a day.
AFTER = timedelta(days=1)


def renewed(db: Session, same: Sequence[ReadingRow], departments: Mapping[UUID, str]) -> set[UUID]:
    """Return the assets whose reading is made anew though it would say the same.

    Those whose department limits the age of readings and whose last one is a day old: otherwise a
    reading that is too old could never be made young. `departments`: of each asset.
    """
    if not same:
        return set()
    yesterday = (func.statement_timestamp() - AFTER).label("yesterday")
    named = select(DepartmentRow.code, DepartmentRow.policy_id, yesterday)
    whose = sorted({departments[one.asset_id] for one in same})
    rows = db.execute(named.where(DepartmentRow.code.in_(whose))).all()
    before = {row.code: row.yesterday for row in rows if limits_age(db, row.policy_id)}
    return {
        one.asset_id
        for one in same
        if (moment := before.get(departments[one.asset_id])) and one.read_at < moment
    }


def limits_age(db: Session, policy_id: str | None) -> bool:
    """Tell whether the policy that holds today says how old a reading may be."""
    try:
        policy = policy_in_force(db, policy_id)
    except NoPolicyInForce:
        return False
    return policy.effective.completeness.freshness.max_extractor_age_days is not None
