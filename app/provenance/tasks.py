"""Enter in the records what files and series say."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.hindrances import in_hand
from app.assets.models import AssetRow
from app.assets.sweeping import (
    FIRST,
    NIGHTLY,
    ONE_WALK_AT_A_TIME,
    Stage,
    judged_otherwise,
    left_alone,
    look_at_all,
    look_at_due,
    look_at_newest,
    mark,
    waiting,
    without_waiting,
)
from app.kit.jobs import MOST_ASSETS_A_JOB, batches, found, in_transaction, on, sweep
from app.kit.operations import steps_of
from app.provenance import membership, queries
from app.provenance.book import open_book
from app.provenance.catching_up import index_records, lagging
from app.provenance.events import SeriesStated
from app.provenance.inheriting import count_entered, enter_series
from app.provenance.models import SeriesStatementsRow
from app.provenance.service import adopt_readings, seal_complete, weigh_anew
from app.readings.events import AssetsRead
from app.readings.models import ReadingRow

ADOPTION, SEALS, SERIES, INDEX = "provenance", "seals", "series", "index"
WEIGHING = "weighing"


@on(AssetsRead)
def adopt_assets(fact: AssetsRead) -> None:
    """Enter up to 500 new readings beside what people said."""
    adopt(fact.asset_ids)


def adopt(asset_ids: Sequence[UUID]) -> None:
    """Enter what files say, in each record once, and seal what that completes."""

    def enter(some: Sequence[UUID]) -> None:
        in_transaction(partial(adopt_readings, asset_ids=some))

    in_hand(ADOPTION, asset_ids, enter, at_once=MOST_ASSETS_A_JOB)


def weigh(asset_ids: Sequence[UUID]) -> None:
    """Write anew the records that the policy of today weighs otherwise."""

    def write(some: Sequence[UUID]) -> None:
        in_transaction(partial(weigh_anew, asset_ids=some))

    in_hand(WEIGHING, asset_ids, write, at_once=MOST_ASSETS_A_JOB)


def seal(asset_ids: Sequence[UUID]) -> None:
    """Seal what became complete."""

    def close(some: Sequence[UUID]) -> None:
        in_transaction(partial(seal_complete, asset_ids=some))

    in_hand(SEALS, asset_ids, close, at_once=MOST_ASSETS_A_JOB)


@on(SeriesStated)
def enter_statements(fact: SeriesStated) -> None:
    """Enter a series' statements in up to 500 records."""
    enter_part(fact.asset_ids, UUID(fact.series_statements_id))


def enter_part(asset_ids: Sequence[UUID], statements_id: UUID) -> None:
    """Enter a series' statements in some records; counted once none of them is still to be done."""
    enter(asset_ids, statements_id)

    def count(db: Session) -> None:
        if not waiting(db, SERIES, asset_ids):
            count_entered(db, asset_ids, statements_id)

    in_transaction(count)


def enter(asset_ids: Sequence[UUID], statements_id: UUID) -> None:
    """Enter a series' statements in some records."""

    def state(some: Sequence[UUID]) -> None:
        in_transaction(partial(enter_series, asset_ids=some, statements_id=statements_id))

    in_hand(SERIES, asset_ids, state, at_once=MOST_ASSETS_A_JOB)


def enter_all_of(asset_ids: Sequence[UUID]) -> None:
    """Enter in records whatever was said of their series; for those that people put back."""
    for asset_id in asset_ids:
        said = membership.statements_for(asset_id)
        for statements_id in found(said):
            enter([asset_id], statements_id)


UNADOPTED = Stage(
    ADOPTION,
    task="provenance.adopt_assets",
    rows=ReadingRow.id,
    left=lambda _: queries.unadopted(),
    do=adopt,
    again=adopt,
)
UNWEIGHED = Stage(
    WEIGHING,
    task="provenance.adopt_assets",
    rows=AssetRow.id,
    left=lambda db: queries.unweighed(open_book(db)),
    do=weigh,
    again=weigh,
)
UNSEALED = Stage(
    SEALS,
    task="provenance.adopt_assets",
    rows=ReadingRow.id,
    left=lambda db: queries.unsealed(open_book(db)),
    do=seal,
    again=seal,
)
UNENTERED = Stage(
    SERIES,
    task="provenance.enter_statements",
    rows=SeriesStatementsRow.id,
    left=lambda _: queries.unadopted(),  # never asked: see enter_what_was_left
    do=enter_all_of,
    again=enter_all_of,
)


@sweep(ADOPTION)
def adopt_what_was_left() -> None:
    """Enter what lost jobs left out lately; seal what became complete, also by a new policy."""
    look_at_newest(UNADOPTED)
    look_at_due(UNADOPTED)
    rules = in_transaction(lambda db: repr(open_book(db).key))
    if in_transaction(partial(judged_otherwise, stage=SEALS, rules=rules)):
        look_at_all(UNWEIGHED)
        look_at_all(UNSEALED)
        in_transaction(partial(mark, stage=SEALS, judged_by=rules))
    look_at_newest(UNSEALED)
    look_at_due(UNSEALED)


@sweep(f"{ADOPTION}.nightly", NIGHTLY, lock=ONE_WALK_AT_A_TIME)
def adopt_all_that_was_left() -> None:
    """Enter every reading that no job has entered, and seal every complete record."""
    look_at_all(UNADOPTED)
    look_at_all(UNWEIGHED)
    look_at_all(UNSEALED)


@sweep(SERIES)
def enter_what_was_left() -> None:
    """Enter what was said of series and lost its jobs: all of it, for little is ever unfinished."""
    unfinished = in_transaction(lambda db: db.execute(membership.unfinished_statements()).all())
    for stated, total, since in unfinished:
        if in_transaction(partial(left_alone, stage=UNENTERED, since=since)):
            continue
        # Whatever was registered later has a later id and held the statements from the start.
        ids = found(membership.of_series(stated.series).limit(total))
        operation_id = stated.operation_id
        steps = in_transaction(partial(steps_of, operation_id=operation_id))
        for part in batches(ids):
            if str(min(part)) not in steps:
                enter_part(part, stated.id)
    look_at_due(UNENTERED)


@sweep(INDEX)
def index_what_lags_behind() -> None:
    """Enter in the index what was written before it, or under other rules of it; mostly nothing."""

    def enter(some: Sequence[UUID]) -> None:
        in_transaction(partial(index_records, asset_ids=some))

    after = FIRST
    while some := found(lagging(after)):
        due = in_transaction(partial(without_waiting, stage=INDEX, asset_ids=some))
        in_hand(INDEX, due, enter, at_once=MOST_ASSETS_A_JOB)
        after = some[-1]
