"""Read newly registered files, each in its own confined child."""

import atexit
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import AssetsRegistered, BytesChanged, ContentReceived
from app.assets.hindrances import in_hand, passed, postpone
from app.assets.models import AssetRow
from app.assets.queries import whereabouts
from app.assets.service import Sighted, report_sightings
from app.assets.sweeping import (
    NIGHTLY,
    ONE_WALK_AT_A_TIME,
    Stage,
    look_at_all,
    look_at_due,
    look_at_newest,
)
from app.kit.jobs import batches, found, in_transaction, on, sweep
from app.kit.refusals import Refusal
from app.readings import queries
from app.readings.exiftool import UnfitTool
from app.readings.extractor import Extractor
from app.readings.service import AGENT, Found, record_readings
from app.storage.errors import NotThere
from app.storage.opening import OpenBytes, open_located

STAGE = "readings"
FILES_AT_ONCE = 20  # open at the same time; as many again are being recorded meanwhile
FILES_IN_HAND = 100  # done again by halves when one of them fails
Place = tuple[UUID, str, str]  # an asset, the root URI, the path beneath it
Seen = tuple[UUID, Sighted, str]  # what was seen where an asset should lie, and how
Read = tuple[list[Found], list[Seen]]
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


def read_unread(asset_ids: Sequence[UUID]) -> None:
    """Read those of these files that nobody has read."""
    unread = queries.unread().where(AssetRow.id.in_(asset_ids)).order_by(AssetRow.id)
    read_files(found(unread))


def read_files(asset_ids: Sequence[UUID]) -> None:
    """Read files and record what they say, some at a time."""
    in_hand(STAGE, asset_ids, read_some, at_once=FILES_IN_HAND, blameless=(UnfitTool,))


def read_some(asset_ids: Sequence[UUID]) -> None:
    """Read a few files and, while what they said is recorded, the next few."""
    places = in_transaction(lambda db: list(db.execute(whereabouts(asset_ids)).all()))
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming: Future[Read] | None = None
        for few in (*batches(places, FILES_AT_ONCE), None):
            read = coming and coming.result()
            coming = ahead.submit(read_few, few) if few else None
            if read:
                record_few(*read)


def read_few(places: Sequence[Place]) -> Read:
    """Open files and have them read; return what they said, and what could not be read so."""
    seen: list[Seen] = []
    with ExitStack() as open_files:
        opened: list[tuple[UUID, OpenBytes]] = []
        for asset_id, root, path in places:
            try:
                opened.append((asset_id, open_files.enter_context(open_located(root, path))))
            except Refusal as refusal:
                seen.append((asset_id, sighted(refusal), refusal.detail))
        return list(extracted(opened, seen)), seen


def record_few(read: Sequence[Found], seen: Sequence[Seen]) -> None:
    """Record it in one transaction, after all files are closed."""

    def record(db: Session) -> None:
        if read:
            record_readings(db, read)
            passed(db, STAGE, [one.asset_id for one in read])
        postpone(db, STAGE, [(asset_id, detail) for asset_id, _, detail in seen])
        report_sightings(db, AGENT, seen)

    in_transaction(record)


def extracted(opened: Sequence[tuple[UUID, OpenBytes]], seen: list[Seen]) -> Iterator[Found]:
    """Yield what stayed the same bytes while it was read; the rest is told to `seen`."""
    with warm_extractor() as reader:
        answers = reader.read([file.descriptor for _, file in opened])
    for (asset_id, file), extraction in zip(opened, answers, strict=True):
        try:
            unchanged = file.current_token() == file.token
        except Refusal as refusal:  # an object store may fall silent meanwhile
            seen.append((asset_id, sighted(refusal), refusal.detail))
            continue
        if unchanged:
            yield Found(asset_id, file.token, extraction)
        else:
            seen.append((asset_id, "changed", "The file changed while it was read."))


def sighted(refusal: Refusal) -> Sighted:
    """Say what a refusal to open means; only an answering store says that a file is gone."""
    return "missing" if isinstance(refusal, NotThere) else "unreachable"


LEFT = Stage(
    STAGE,
    task="readings.read_assets",
    rows=AssetRow.id,
    left=lambda _: queries.unread(),
    do=read_unread,
    again=read_files,
)


@sweep(STAGE)
def read_what_was_left() -> None:
    """Read what lost jobs left unread lately, and look again at what was not to be read."""
    look_at_newest(LEFT)
    look_at_due(LEFT)


@sweep(f"{STAGE}.nightly", NIGHTLY, lock=ONE_WALK_AT_A_TIME)
def read_all_that_was_left() -> None:
    """Read every registered asset that no job has read."""
    look_at_all(LEFT)
