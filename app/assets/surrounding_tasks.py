"""Look around new files, files that changed or moved, and now and then around all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import AssetsRegistered, AssetsRevisited, BytesChanged, ContentReceived
from app.assets.hindrances import in_hand, passed, postpone
from app.assets.models import AssetRow
from app.assets.sent_beside import sent_beside, sent_with
from app.assets.surroundings import Around, Eyes, keep_seen, places_of, unlooked
from app.assets.sweeping import Stage, swept
from app.kit.jobs import MOST_ASSETS_A_JOB, in_transaction, on
from app.kit.refusals import Refusal

STAGE = "surroundings"


@on(AssetsRegistered)
def look_around_new(fact: AssetsRegistered) -> None:
    """Look around up to 500 newly registered files."""
    look_around(fact.asset_ids)


@on(BytesChanged)
def look_around_changed(fact: BytesChanged) -> None:
    """Look again around files that were changed or moved."""
    look_around(fact.asset_ids)


@on(AssetsRevisited, priority=-1)  # most will find what they found before
def look_around_known(fact: AssetsRevisited) -> None:
    """Look again around files that are what they were: a sidecar beside them need not be."""
    look_around(fact.asset_ids)


@on(ContentReceived)
def look_around_received(fact: ContentReceived) -> None:
    """Look what travels with uploads, and again around what came before them."""
    beside = in_transaction(lambda db: sent_beside(db, fact.asset_ids))
    look_around([*fact.asset_ids, *beside])


def look_around(asset_ids: Sequence[UUID]) -> None:
    """Look around these files, each folder once."""
    in_hand(STAGE, asset_ids, look_around_some, at_once=MOST_ASSETS_A_JOB)


def look_around_some(asset_ids: Sequence[UUID]) -> None:
    """Look around some files and keep what was seen; where nothing answers it is tried again."""
    places = in_transaction(lambda db: places_of(db, asset_ids))
    eyes, seen = Eyes(places), list[Around]()
    sent = in_transaction(lambda db: sent_with(db, asset_ids))
    seen += [one.around() for one in sent]
    away: list[tuple[UUID, str]] = []
    for place in places:
        try:
            seen.append(eyes.look(place))
        except Refusal as refusal:
            away.append((place.asset_id, refusal.detail))

    def keep(db: Session) -> None:
        keep_seen(db, seen)
        passed(db, STAGE, [one.place.asset_id for one in seen])
        postpone(db, STAGE, away)

    in_transaction(keep)


LEFT = Stage(
    STAGE,
    task="assets.surrounding_tasks.look_around_new",
    rows=AssetRow.id,
    left=lambda _: unlooked(),
    do=look_around,
    again=look_around,
)
look_around_what_was_left, look_around_all_that_was_left = swept(LEFT)
