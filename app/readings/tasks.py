"""Read newly registered files, each in its own confined child."""

import atexit
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import monotonic
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.assets.events import AssetsRegistered, BytesChanged, ContentReceived, SidecarsChanged
from app.assets.hindrances import halved, in_hand, passed, postpone, theirs
from app.assets.models import AssetRow
from app.assets.queries import whereabouts
from app.assets.sent_beside import named
from app.assets.service import report_sightings
from app.assets.surroundings import sidecars_beside
from app.assets.sweeping import (
    NIGHTLY,
    ONE_WALK_AT_A_TIME,
    Stage,
    look_at_all,
    look_at_due,
    look_at_newest,
)
from app.kit.fencing import Interrupted
from app.kit.jobs import MOST_ASSETS_A_JOB, found, in_transaction, on, publish, sweep
from app.readings import queries
from app.readings.exiftool import UnfitTool
from app.readings.extractor import Extractor
from app.readings.parcels import InTurn, Parcel
from app.readings.service import AGENT, record_readings
from app.readings.tries import STOPPED, count_stopped

STAGE = "readings"
A_TURN = 60.0  # seconds in which what was stopped is tried again, and the file begun in them
PARCELS_AHEAD = 2
BLAMELESS = (Interrupted, UnfitTool)
_warm: list[Extractor] = []


@contextmanager
def warm_extractor() -> Iterator[Extractor]:
    """Lend a reader that is kept warm between jobs; each is used by one thread at a time."""
    try:
        reader = _warm.pop()
    except IndexError:
        reader = Extractor().__enter__()
        atexit.register(reader.__exit__, None, None, None)
    try:
        yield reader
    finally:
        _warm.append(reader)


@on(AssetsRegistered)
def read_assets(fact: AssetsRegistered) -> None:
    """Read up to 500 newly registered files, each once."""
    read_unread(fact.asset_ids)


@on(ContentReceived)
def read_received(fact: ContentReceived) -> None:
    """Read contents that were uploaded."""
    read_files(fact.asset_ids)


@on(BytesChanged)
def read_again(fact: BytesChanged) -> None:
    """Read files again that are no longer the bytes that were read."""
    read_files(fact.asset_ids)


@on(SidecarsChanged)
def read_with_sidecars(fact: SidecarsChanged) -> None:
    """Read files again beside which other sidecars lie than were read with them."""
    read_otherwise_beside(fact.asset_ids)


def read_otherwise_beside(asset_ids: Sequence[UUID]) -> None:
    """Read those of these files again whose sidecars are not those of their newest reading."""
    read_files(found(queries.otherwise_beside().where(AssetRow.id.in_(asset_ids))))


def read_unread(asset_ids: Sequence[UUID]) -> None:
    """Read those of these files that nobody has read."""
    unread = queries.unread().where(AssetRow.id.in_(asset_ids)).order_by(AssetRow.id)
    read_files(found(unread))


def read_files(asset_ids: Sequence[UUID]) -> None:
    """Read files and record what they say, some at a time."""
    in_hand(STAGE, asset_ids, read_some, at_once=MOST_ASSETS_A_JOB, blameless=(UnfitTool,))


def read_some(asset_ids: Sequence[UUID]) -> None:
    """Read files and, while what some said is recorded, the next ones.

    What was recorded before something fails is not done again; the rest is, by halves.
    """
    [began] = found(select(func.clock_timestamp()))
    places = in_transaction(lambda db: list(db.execute(whereabouts(asset_ids)).all()))
    sidecars = in_transaction(partial(sidecars_beside, asset_ids=asset_ids))
    sent = in_transaction(partial(named, asset_ids=asset_ids))
    left, turn = dict.fromkeys(asset_ids), InTurn(places, sidecars, sent)
    try:
        with (
            warm_extractor() as reader,
            closing(turn.parcels(reader)) as making,
            closing(ahead(making, stop=turn.stop)) as parcels,
        ):
            for parcel in parcels:
                record_parcel(parcel, sidecars, began)
                for asset_id in parcel.asset_ids():
                    left.pop(asset_id, None)
    except Exception as error:
        if len(left) == len(asset_ids) or not theirs(error, BLAMELESS):
            raise
        halved(STAGE, list(left), read_some, BLAMELESS)


def ahead(parcels: Iterator[Parcel], *, stop: Callable[[], None]) -> Generator[Parcel]:
    """Yield parcels while a thread makes the next ones: PARCELS_AHEAD and no more.

    When nobody wants more it is told to stop, and waited for: a file's time at most.
    """
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming: deque[Future[Parcel | None]] = deque()
        try:
            while True:
                while len(coming) < PARCELS_AHEAD:
                    coming.append(maker.submit(next, parcels, None))
                if (parcel := coming.popleft().result()) is None:
                    return
                yield parcel
        finally:
            stop()
            for one in coming:
                one.cancel()


def record_parcel(parcel: Parcel, beside: Mapping[UUID, Sequence[str]], began: datetime) -> None:
    """Record what files said, and which could not be read, in one transaction.

    Args:
        parcel: what was read.
        beside: where sidecars lay of which this reading knew.
        began: when, by the database's clock, nothing of this was tried yet.
    """

    def record(db: Session) -> None:
        if parcel.read:
            record_readings(db, parcel.read)
            tell_of_late_sidecars(db, parcel, beside)
            passed(db, STAGE, [one.asset_id for one in parcel.read])
            count_stopped(db, parcel.read, began=began)
        postpone(db, STAGE, [(asset_id, detail) for asset_id, _, detail in parcel.seen])
        report_sightings(db, AGENT, parcel.seen)

    in_transaction(record)


def tell_of_late_sidecars(
    db: Session, parcel: Parcel, beside: Mapping[UUID, Sequence[str]]
) -> None:
    """Have those read again around which somebody looked meanwhile.

    The job that was told of it found no reading yet, and left them to this one. Their decisions are
    locked, so that whoever looks is either seen here or sees what is recorded here.
    """
    ids = [one.asset_id for one in parcel.read]
    now = sidecars_beside(db, ids)
    if late := [one for one in ids if now.get(one, []) != list(beside.get(one, []))]:
        publish(db, SidecarsChanged(tuple(late)))


LEFT = Stage(
    STAGE,
    task="readings.read_assets",
    rows=AssetRow.id,
    left=lambda _: queries.unread(),
    do=read_unread,
    again=read_files,
)
BESIDE = Stage(
    f"{STAGE}.sidecars",
    task="readings.read_with_sidecars",
    rows=AssetRow.id,
    left=lambda _: queries.otherwise_beside(),
    do=read_otherwise_beside,
    again=read_files,
)
AGAIN = replace(LEFT, name=STOPPED, most=1)


@sweep(STAGE)
def read_what_was_left() -> None:
    """Read what lost jobs left unread lately, and look again at what was not to be read."""
    look_at_newest(LEFT)
    look_at_due(LEFT)
    look_at_newest(BESIDE)


@sweep(STOPPED)
def read_what_was_stopped() -> None:
    """Try again, one by one and beside all other work, what a limit or a crash stopped."""
    until = monotonic() + A_TURN
    while look_at_due(AGAIN) and monotonic() < until:
        pass


@sweep(f"{STAGE}.nightly", NIGHTLY, lock=ONE_WALK_AT_A_TIME)
def read_all_that_was_left() -> None:
    """Read every registered asset that no job has read."""
    look_at_all(LEFT)
    look_at_all(BESIDE)
