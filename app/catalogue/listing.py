"""List assets by typed filters; a status is computed for the answer and never stored."""

from dataclasses import astuple, dataclass

from sqlalchemy import ColumnElement, any_, literal, select
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.assets.withdrawing import is_withdrawn
from app.catalogue.queries import catalogued
from app.catalogue.schemas import AssetOut
from app.disposals.eligibility import eligibility
from app.disposals.service import ask
from app.kit.db import judging
from app.kit.paging import Listing, Page, read_page
from app.people.roles import Principal


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; None asks nothing."""

    department: str | None
    source_system: str | None
    status: str | None
    missing: str | None


def list_assets(
    db: Session, caller: Principal, asked: Filter, *, limit: int, cursor: str | None
) -> Page[AssetOut]:
    """Return a page of the caller's assets, by keyset over their ids."""
    statement = catalogued(caller).where(*conditions(db, asked))
    listing = Listing("assets", (caller.department, *astuple(asked)))
    with judging(db):
        return read_page(
            db, statement, listing, limit=limit, cursor=cursor, show=AssetOut.model_validate
        )


def conditions(db: Session, asked: Filter) -> list[ColumnElement[bool]]:
    """Return the filter as SQL."""
    found: list[ColumnElement[bool]] = [~is_withdrawn(AssetRow.id)]
    if asked.department is not None:
        found.append(AssetRow.department == asked.department)
    if asked.source_system is not None:
        found.append(AssetRow.source_system == asked.source_system)
    if asked.status is None and asked.missing is None:
        return found
    answers = eligibility(ask(db)).subquery("answers")
    fitting = select(answers.c.asset_id)
    if asked.status is not None:
        fitting = fitting.where(answers.c.status == asked.status)
    if asked.missing is not None:
        fitting = fitting.where(literal(f"missing:{asked.missing}") == any_(answers.c.codes))
    return [*found, AssetRow.id.in_(fitting)]
