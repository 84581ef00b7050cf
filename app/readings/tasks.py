"""Read newly registered files, each in its own confined child."""

import atexit
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import AssetsRegistered, BytesChanged
from app.assets.queries import whereabouts
from app.assets.service import Sighted, report_sighting
from app.kit.jobs import in_transaction, on, sweep
from app.kit.refusals import Refusal
from app.readings import queries
from app.readings.extractor import Extractor
from app.readings.service import AGENT, Found, record_readings
from app.storage.errors import NotThere
from app.storage.files import OpenFile
from app.storage.opening import open_located

FILES_AT_ONCE = 20  # open at the same time; as many again are being recorded, and no more is lost
Seen = tuple[UUID, Sighted, str]  # what was seen where an asset should lie, and how
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
    read_files(fact.asset_ids)


@on(BytesChanged)
def read_again(fact: BytesChanged) -> None:
    """Read files again that are no longer the bytes that were read."""
    read_files(fact.asset_ids)


def read_files(asset_ids: Sequence[UUID]) -> None:
    """Read files and record what they say, a few at a time: some are recorded, the next read."""
    places = in_transaction(lambda db: list(db.execute(whereabouts(asset_ids)).all()))
    some = [places[at : at + FILES_AT_ONCE] for at in range(0, len(places), FILES_AT_ONCE)]
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming = [ahead.submit(read_some, first) for first in some[:1]]
        for following in (*some[1:], None):
            if not coming:
                break
            found, seen = coming.pop().result()
            if following:
                coming.append(ahead.submit(read_some, following))
            record_some(found, seen)


def read_some(places: Sequence[tuple[UUID, str, str]]) -> tuple[list[Found], list[Seen]]:
    """Open files and have them read; return what they said, and what could not be read so."""
    seen: list[Seen] = []
    with ExitStack() as open_files:
        opened: list[tuple[UUID, OpenFile]] = []
        for asset_id, root, path in places:
            try:
                opened.append((asset_id, open_files.enter_context(open_located(root, path))))
            except Refusal as refusal:
                seen.append((asset_id, sighted(refusal), refusal.detail))
        return list(extracted(opened, seen)), seen


def record_some(found: Sequence[Found], seen: Sequence[Seen]) -> None:
    """Record it in one transaction, after all files are closed."""

    def record(db: Session) -> None:
        if found:
            record_readings(db, found)
        for asset_id, state, detail in seen:
            report_sighting(db, AGENT, asset_id, state, detail)

    in_transaction(record)


def extracted(opened: Sequence[tuple[UUID, OpenFile]], seen: list[Seen]) -> Iterator[Found]:
    """Yield what stayed the same bytes while it was read; the rest is told to `seen`."""
    with warm_extractor() as reader:
        answers = reader.read([file.descriptor for _, file in opened])
    for (asset_id, file), extraction in zip(opened, answers, strict=True):
        if file.current_token() == file.token:
            yield Found(asset_id, file.token, extraction)
        else:
            seen.append((asset_id, "changed", "The file changed while it was read."))


def sighted(refusal: Refusal) -> Sighted:
    """Say what a refusal to open means; only an answering store says that a file is gone."""
    return "missing" if isinstance(refusal, NotThere) else "unreachable"


@sweep("readings")
def read_what_was_left() -> None:
    """Read registered assets that no job has read: a lost job delays and never loses."""
    read_files(in_transaction(lambda db: list(db.scalars(queries.unread()))))
