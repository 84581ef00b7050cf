"""Judge stored measures again: by another standard, or by other facts about the files."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assets.events import CompanionsChanged
from app.assets.hindrances import in_hand
from app.assets.locks import lock_decisions
from app.assets.surrounding_models import SurroundingsRow
from app.assets.sweeping import (
    NIGHTLY,
    ONE_WALK_AT_A_TIME,
    Stage,
    judged_otherwise,
    look_at_all,
    look_at_newest,
    mark,
    swept,
)
from app.comparisons import queries
from app.comparisons.likeness_tasks import (
    COMPANIONS,
    IMAGES_AT_ONCE,
    NO_CHILD,
    measure_companions,
)
from app.comparisons.models import MeasurementRow
from app.comparisons.recording import judge_measured
from app.comparisons.ties import unmet
from app.fingerprints.registration.warm import warm_aligner
from app.kit.jobs import batches, in_transaction, on, sweep
from app.provenance.book import open_book
from app.provenance.events import CaptureRestated

STAGE, FACTS = "judging", "judging.facts"
PAIRS_A_TRANSACTION = 10


@on(CaptureRestated, priority=-1)
def judge_by_what_people_said(fact: CaptureRestated) -> None:
    """Judge the pairs of up to 500 images of which people said something else."""
    judge_again(in_transaction(partial(overtaken_of, asset_ids=fact.asset_ids)))


@on(CompanionsChanged, priority=-1)
def judge_by_what_travels(fact: CompanionsChanged) -> None:
    """Judge the pairs of up to 500 images whose companions changed, and measure what is new."""
    judge_again(in_transaction(partial(overtaken_of, asset_ids=fact.asset_ids)))
    meet_companions(fact.asset_ids)


def overtaken_of(db: Session, asset_ids: Sequence[UUID]) -> list[UUID]:
    """Return the measurements of these assets that were judged by other facts than today's."""
    mine = queries.judged_by_other_facts().where(queries.is_side(asset_ids))
    return list(db.scalars(mine.order_by(MeasurementRow.id)))


def judge_again(measurement_ids: Sequence[UUID]) -> None:
    """Judge stored measurements by the standard in force and by today's facts."""
    for some in batches(measurement_ids, PAIRS_A_TRANSACTION):
        in_transaction(partial(judge_some, measurement_ids=some))


def judge_some(db: Session, measurement_ids: Sequence[UUID]) -> None:
    """Judge some measurements in one transaction."""
    asked = select(MeasurementRow).where(MeasurementRow.id.in_(measurement_ids))
    rows = db.scalars(asked.order_by(MeasurementRow.id)).all()
    lock_decisions(db, [side for row in rows for side in (row.a_asset_id, row.b_asset_id)])
    judge_measured(db, rows)


def meet_companions(asset_ids: Sequence[UUID]) -> None:
    """Measure what travels with these images, and was found after their likes were looked for."""
    with warm_aligner() as aligner:
        work = partial(measure_companions, aligner=aligner)
        in_hand(COMPANIONS, asset_ids, work, at_once=IMAGES_AT_ONCE, blameless=NO_CHILD)


# Its ids are of measurements, which no hindrance names.
UNJUDGED = Stage(
    STAGE,
    task="comparisons.likeness_tasks.look_for_likes",
    rows=MeasurementRow.id,
    left=lambda db: queries.measured_otherwise(open_book(db).city.version_id),
    do=judge_again,
    again=judge_again,
)
OVERTAKEN = Stage(
    FACTS,
    task="comparisons.judging_tasks.judge_by_what_people_said",
    rows=MeasurementRow.id,
    left=lambda _: queries.judged_by_other_facts(),
    do=judge_again,
    again=judge_again,
)

UNMET = Stage(
    COMPANIONS,
    task="comparisons.judging_tasks.judge_by_what_travels",
    rows=SurroundingsRow.asset_id,
    left=lambda _: unmet(),
    do=meet_companions,
    again=meet_companions,
)
meet_what_was_left, meet_all_that_was_left = swept(UNMET)


@sweep(STAGE)
def judge_by_a_new_standard() -> None:
    """Judge every stored measurement again once another standard is in force: a walk in pages."""
    rules = in_transaction(lambda db: str(open_book(db).city.version_id))
    if in_transaction(partial(judged_otherwise, stage=STAGE, rules=rules)):
        look_at_all(UNJUDGED)
        in_transaction(partial(mark, stage=STAGE, judged_by=rules))
    look_at_newest(UNJUDGED)


@sweep(f"{STAGE}.nightly", NIGHTLY, lock=ONE_WALK_AT_A_TIME)
def judge_all_that_was_left() -> None:
    """Judge whatever the standard in force has not judged, or by facts that are others by now."""
    look_at_all(UNJUDGED)
    look_at_all(OVERTAKEN)
