"""Ask the one statement: for one asset, for many, for the dashboards."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.assets.queries import visible_assets
from app.disposals.answering import explain
from app.disposals.compiled import answers_for, counts_for
from app.disposals.demands import NOT_YET_BUILT
from app.disposals.eligibility import Question
from app.disposals.naming import closed_to
from app.disposals.schemas import (
    CountOut,
    CountsOut,
    EligibilityOut,
    GroupBy,
)
from app.kit.db import judging
from app.kit.errors import NoSuchResource
from app.ledger.queries import newest_log_index
from app.people.roles import Principal
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
    closed = closed_to(caller.roles)
    by_id = {row.asset_id: explain(question, row, closed) for row in rows}
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


def counts(db: Session, caller: Principal, group_by: Sequence[GroupBy]) -> CountsOut:
    """Count assets and bytes by any of department, source system, status, reason and month.

    Grouped by reason an asset counts once under each of its reasons.
    """
    question = ask(db)
    with judging(db):
        rows = counts_for(db, question, tuple(dict.fromkeys(group_by)), caller.department)
        return counted(rows, db.execute(this_moment()).mappings().one())


def this_moment() -> Select[*tuple[Any, ...]]:
    """Select what an answer carries of its moment; of an empty catalogue no row does."""
    now = func.statement_timestamp().label("as_of")
    return select(newest_log_index().label("log_index"), now)


def counted(rows: Sequence[Mapping[Any, Any]], moment: Mapping[Any, Any]) -> CountsOut:
    """Say what was counted, at the moment that the rows themselves carry."""
    said = rows[0] if rows else moment
    return CountsOut(
        groups=[
            CountOut(**{name: row.get(name) for name in CountOut.model_fields}) for row in rows
        ],
        rules_not_yet_built=list(NOT_YET_BUILT),
        log_index=said["log_index"],
        as_of=said["as_of"],
    )
