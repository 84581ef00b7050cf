"""Read newly registered files, each in its own confined child."""

import atexit
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.events import AssetsRegistered, BytesChanged, ContentReceived
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

FILES_AT_ONCE = 20  # open at the same time, and lost together at most when the worker is killed
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


@on(ContentReceived)
def read_received(fact: ContentReceived) -> None:
    """Read contents that were uploaded."""
    read_files(fact.asset_ids)


@on(BytesChanged)
def read_again(fact: BytesChanged) -> None:
    """Read files again that are no longer the bytes that were read."""
    read_files(fact.asset_ids)


def read_files(asset_ids: Sequence[UUID]) -> None:
    """Read files and record what they say, a few at a time."""
    places = in_transaction(lambda db: list(db.execute(whereabouts(asset_ids)).all()))
    for start in range(0, len(places), FILES_AT_ONCE):
        read_some(places[start : start + FILES_AT_ONCE])


def read_some(places: Sequence[tuple[UUID, str, str]]) -> None:
    """Open files, have them read, and record it in one transaction after all are closed."""
    seen: list[tuple[UUID, Sighted, str]] = []
    with ExitStack() as open_files:
        opened: list[tuple[UUID, OpenFile]] = []
        for asset_id, root, path in places:
            try:
                opened.append((asset_id, open_files.enter_context(open_located(root, path))))
            except Refusal as refusal:
                seen.append((asset_id, sighted(refusal), refusal.detail))
        found = list(extracted(opened, seen))

    def record(db: Session) -> None:
        if found:
            record_readings(db, found)
        for asset_id, state, detail in seen:
            report_sighting(db, AGENT, asset_id, state, detail)

    in_transaction(record)


def extracted(
    opened: Sequence[tuple[UUID, OpenFile]], seen: list[tuple[UUID, Sighted, str]]
) -> Iterator[Found]:
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
