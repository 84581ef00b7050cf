"""Enter in the records what files and series say."""

from uuid import UUID

from app.kit.jobs import in_transaction, on, sweep
from app.provenance import queries
from app.provenance.book import open_book
from app.provenance.events import SeriesStated
from app.provenance.series import enter_series
from app.provenance.service import adopt_readings, seal_complete
from app.readings.events import AssetsRead


@on(AssetsRead)
def adopt_assets(fact: AssetsRead) -> None:
    """Enter up to 500 new readings beside what people said."""
    in_transaction(lambda db: adopt_readings(db, fact.asset_ids))


@on(SeriesStated)
def enter_statements(fact: SeriesStated) -> None:
    """Enter a series' statements in up to 500 records."""
    statements_id = UUID(fact.series_statements_id)
    in_transaction(lambda db: enter_series(db, fact.asset_ids, statements_id))


@sweep("provenance")
def adopt_what_was_left() -> None:
    """Enter readings that no job has entered, and seal what became complete meanwhile."""
    left = in_transaction(lambda db: list(db.scalars(queries.left_unadopted())))
    in_transaction(lambda db: adopt_readings(db, left))
    unsealed = in_transaction(lambda db: list(db.scalars(queries.left_unsealed(open_book(db)))))
    in_transaction(lambda db: seal_complete(db, unsealed))
