"""Ask the one statement: for one asset, for many, for the dashboards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.assets.queries import visible_assets
from app.comparisons.ranking import CRITERIA
from app.disposals.compiled import answers_for, counts_for, rules_under
from app.disposals.demands import NOT_YET_BUILT
from app.disposals.eligibility import Question
from app.disposals.explaining import mend_of, outcome_of, plain
from app.disposals.schemas import (
    CountOut,
    CountsOut,
    EligibilityOut,
    GroupBy,
    KeeperOut,
    ReasonOut,
    RuleOut,
)
from app.kit.db import judging
from app.kit.errors import NoSuchResource
from app.ledger.queries import newest_log_index
from app.people.roles import Principal
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import open_book


def ask(db: Session) -> Question:
    """Open the question under the policies in force, on the database's date."""
    today = db.scalar(select(func.current_date()))
    assert today is not None  # noqa: S101 - the database has a date
    return Question(open_book(db), today)


def eligibility_of(
    db: Session, caller: Principal, asset_ids: Sequence[UUID]
) -> list[EligibilityOut]:
    """Answer for these assets, in the order asked, without those that the caller cannot see."""
    wanted = list(dict.fromkeys(asset_ids))
    visible = visible_assets(caller).subquery()
    seen = set(db.scalars(select(visible.c.id).where(visible.c.id.in_(wanted))))
    question = ask(db)
    with judging(db):
        rows = answers_for(db, question, sorted(seen))
    by_id = {row.asset_id: explain(question, row, caller) for row in rows}
    return [by_id[asset_id] for asset_id in wanted if asset_id in by_id]


def eligibility_of_one(db: Session, caller: Principal, asset_id: UUID) -> EligibilityOut:
    """Answer for one asset.

    Raises:
        NoSuchResource: no such asset for this caller (HTTP 404).
    """
    found = eligibility_of(db, caller, [asset_id])
    if not found:
        raise NoSuchResource(f"There is no asset {asset_id}.")
    return found[0]


def explain(question: Question, row: Row[Any], caller: Principal) -> EligibilityOut:
    """Say everything that the statement found about one asset."""
    policy = policy_of(question, row.policy_version_id)
    rules = [
        RuleOut(
            rule=rule,
            outcome=outcome_of(code),
            reason=code and code.removeprefix("?"),
            mend=mend_of(code.removeprefix("?")) if code else None,
        )
        for rule, code in zip(rules_under(question, row.policy_version_id), row.codes, strict=True)
    ]
    return EligibilityOut(
        asset_id=row.asset_id,
        department=row.department,
        source_system=row.source_system,
        status=row.status,
        deletable=False,  # true only while a permit is open, and no room issues permits yet
        reasons=plain(row.codes),
        rules=rules,
        rules_not_yet_built=list(NOT_YET_BUILT),
        keeper=keeper_of(row),
        policy=f"{policy.id}@{policy.version}",
        policy_digest=policy.digest,
        log_index=row.log_index,
        as_of=row.as_of,
    )


def policy_of(question: Question, version_id: UUID) -> PolicyInForce:
    """Return the policy that judged a row."""
    return next(p for p in question.book.every if p.version_id == version_id)


def keeper_of(row: Row[Any]) -> KeeperOut | None:
    """Show the copy that would stay, and what ranks it first."""
    if row.keeper_id is None or "keeper:ranked_first" in row.codes:
        return None
    sides = [(c.name, row.own_facts[c.fact], row.keeper_facts[c.fact]) for c in CRITERIA]
    # Ids differ, so something always decides.
    deciding = next(at for at, (_, this, keeper) in enumerate(sides) if this != keeper)
    reasons = [
        ReasonOut(criterion=name, this=this, keeper=keeper, decides=at == deciding)
        for at, (name, this, keeper) in enumerate(sides[: deciding + 1])
    ]
    return KeeperOut(asset_id=row.keeper_id, reasons=reasons)


def counts(db: Session, caller: Principal, group_by: Sequence[GroupBy]) -> CountsOut:
    """Count assets and bytes by any of department, source system, status, reason and month.

    Grouped by reason an asset counts once under each of its reasons.
    """
    question = ask(db)
    with judging(db):
        rows = counts_for(db, question, tuple(dict.fromkeys(group_by)), caller.department)
        # Of an empty catalogue there is no row to carry the moment.
        empty = select(
            newest_log_index().label("log_index"), func.statement_timestamp().label("as_of")
        )
        moment = rows[0] if rows else db.execute(empty).mappings().one()
    return CountsOut(
        groups=[
            CountOut(**{name: row.get(name) for name in CountOut.model_fields}) for row in rows
        ],
        rules_not_yet_built=list(NOT_YET_BUILT),
        log_index=moment["log_index"],
        as_of=moment["as_of"],
    )
