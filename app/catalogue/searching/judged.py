"""Filters by what is computed and never stored: candidates are judged, so many and no more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.catalogue.searching.asked import AssetQuery
from app.disposals.compiled import answers_for
from app.disposals.eligibility import Question
from app.disposals.explaining import plain
from app.kit.db import judging
from app.provenance.models import ProvenanceHeadRow, SealRow
from app.provenance.queries import completeness

# These come after "blocked_incomplete", so that whoever has one of them has a seal.
BEHIND_THE_SEAL = {"blocked_legal", "retained_keeper", "blocked_no_keeper", "candidate"}
READABLE = ("read", "nothing_found")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one asset."""

    complete: bool
    missing: Collection[str]  # codes
    status: str | None  # None: not asked
    reasons: Collection[str]


def judge(
    db: Session, question: Question, ids: Sequence[UUID], *, whole: bool
) -> dict[UUID, Judgement]:
    """Judge assets that the caller sees; `whole`: their status too, which costs ten times more."""
    with judging(db):
        records = db.execute(completeness(question.book, ids)).all()
        answers = answers_for(db, question, ids) if whole else ()
    statuses = {row.asset_id: (row.status, plain(row.codes)) for row in answers}
    return {
        row.asset_id: Judgement(
            complete=not row.missing and row.outcome in READABLE,
            missing=row.missing,
            status=statuses.get(row.asset_id, (None, []))[0],
            reasons=statuses.get(row.asset_id, (None, []))[1],
        )
        for row in records
    }


def needs_status(asked: AssetQuery) -> bool:
    """Tell whether completeness alone does not answer."""
    return asked.status is not None or asked.reason is not None


def fits(asked: AssetQuery, found: Judgement) -> bool:
    """Tell whether one asset is what was asked for."""
    return (
        (asked.status is None or found.status == asked.status)
        and (asked.reason is None or asked.reason in found.reasons)
        and (asked.missing is None or f"missing:{asked.missing}" in found.missing)
        and (asked.complete is None or asked.complete is found.complete)
    )


def sifted(db: Session, asked: AssetQuery, ids: Sequence[UUID]) -> list[UUID]:
    """Leave out what cannot fit, by stored facts that are necessary and never sufficient."""
    if asked.status not in BEHIND_THE_SEAL:
        return list(ids)
    sealed = (
        select(SealRow.asset_id)
        .join(
            ProvenanceHeadRow,
            and_(
                ProvenanceHeadRow.asset_id == SealRow.asset_id,
                ProvenanceHeadRow.version == SealRow.provenance_version,
            ),
        )
        .where(SealRow.asset_id.in_(ids))
    )
    there = set(db.scalars(sealed))
    return [one for one in ids if one in there]


def chosen(db: Session, question: Question, asked: AssetQuery, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these candidates are what was asked for."""
    if not ids:
        return set()
    found = judge(db, question, ids, whole=needs_status(asked))
    return {asset_id for asset_id, one in found.items() if fits(asked, one)}
