"""Enter in the index the records whose rows lag behind: those of before it, or of other rules."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.kit.jobs import MOST_ASSETS_A_JOB
from app.provenance import queries
from app.provenance.indexing import Index
from app.provenance.searched import SearchFactsRow
from app.provenance.service import record_of


def lagging(after: UUID) -> Select[UUID]:
    """Select a job's worth of records that lag behind, by id, from one on."""
    return (
        select(SearchFactsRow.asset_id)
        .where(~SearchFactsRow.indexed, SearchFactsRow.asset_id > after)
        .order_by(SearchFactsRow.asset_id)
        .limit(MOST_ASSETS_A_JOB)
    )


def index_records(db: Session, asset_ids: Sequence[UUID]) -> None:
    """Enter today's versions of these records; none of them moves on meanwhile."""
    lock_decisions(db, asset_ids)
    index = Index()
    for head in db.scalars(queries.heads(asset_ids)):
        index.note(head.asset_id, head.version, record_of(head))
    index.write_over(db)
