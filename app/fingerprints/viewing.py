"""Look at hashed files where they lie, and digest all samples of those that pairs ask for."""

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.assets.hindrances import passed
from app.assets.locks import lock_decisions
from app.assets.queries import whereabouts
from app.assets.service import report_sightings
from app.fingerprints import queries
from app.fingerprints.looks import Digested, Sight, record_digests
from app.fingerprints.models import FingerprintRow, PixelDigestRow
from app.fingerprints.reporting import Sighting, report
from app.fingerprints.seeing.seen import PIXELS_METHOD
from app.fingerprints.seeing.viewer import Viewer
from app.fingerprints.service import AGENT, picture
from app.kit.fencing import Interrupted
from app.kit.jobs import batches, in_transaction
from app.kit.refusals import Refusal
from app.storage.errors import NotThere
from app.storage.opening import open_located

log = structlog.get_logger(__name__)
VISUAL = "visual"
BLAMELESS = (Interrupted, ChildProcessError)
FILES_AT_ONCE = 20
_warm: list[Viewer] = []
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Lying:
    """One fingerprint, and where its bytes lie today."""

    asset_id: UUID
    fingerprint_id: UUID
    byte_token: str
    root: str
    path: str


@contextmanager
def warm_viewer() -> Iterator[Viewer]:
    """Lend a viewer that is kept warm between jobs; each is used by one thread at a time."""
    try:
        viewer = _warm.pop()
    except IndexError:
        viewer = Viewer()
        atexit.register(viewer.__exit__, None, None, None)
    try:
        yield viewer
    finally:
        _warm.append(viewer)


def began(viewer: Viewer, descriptor: int) -> bool:
    """Begin to look at an open file; not where no child can be started, which is no file's fault.

    What nobody looked at is left to the sweep.
    """
    try:
        viewer.look(descriptor)
    except ChildProcessError:
        log.warning("viewer_not_started")
        return False
    return True


def picture_some(asset_ids: Sequence[UUID]) -> None:
    """Look at some files where they lie now, and record it in one transaction.

    Raises:
        ChildProcessError: no child can be started.
    """
    wanted = in_transaction(lambda db: places(db, queries.unpictured_of(asset_ids)))

    def look(viewer: Viewer, one: Lying, descriptor: int) -> Sight:
        viewer.look(descriptor)
        return Sight(one.asset_id, one.fingerprint_id, viewer.looked())

    sights, away = each(wanted, look)

    def record(db: Session) -> None:
        ids = [one.asset_id for one in sights]
        lock_decisions(db, ids)
        waiting = {row.id for row in db.scalars(queries.unpictured_of(ids))}
        picture(db, [one for one in sights if one.fingerprint_id in waiting])
        passed(db, VISUAL, ids)
        report(db, VISUAL, away)

    in_transaction(record)


def digest_pixels(asset_ids: Sequence[UUID]) -> None:
    """Digest all samples of these assets' current bytes, where that was not done, and record it.

    What cannot be opened, or is not the bytes that were hashed, stays without and is reported.

    Raises:
        ChildProcessError: no child can be started.
    """
    for some in batches(asset_ids, FILES_AT_ONCE):
        digest_some(some)


def digest_some(asset_ids: Sequence[UUID]) -> None:
    """Digest some files, and record it in one transaction."""
    wanted = in_transaction(lambda db: places(db, queries.undigested_of(asset_ids)))

    def digest(viewer: Viewer, one: Lying, descriptor: int) -> Digested:
        return Digested(one.asset_id, one.fingerprint_id, viewer.digest_pixels(descriptor))

    made, away = each(wanted, digest)

    def record(db: Session) -> None:
        ids = [one.asset_id for one in made]
        lock_decisions(db, ids)
        waiting = {row.id for row in db.scalars(queries.undigested_of(ids))}
        record_digests(db, AGENT, [one for one in made if one.fingerprint_id in waiting])
        report_sightings(db, AGENT, away)

    in_transaction(record)


def pixels_of(db: Session, fingerprint_ids: Sequence[UUID]) -> dict[UUID, PixelDigestRow]:
    """Return what came of digesting all samples, by fingerprint, where that was done."""
    rows = select(PixelDigestRow).where(
        PixelDigestRow.fingerprint_id.in_(fingerprint_ids),
        PixelDigestRow.method == PIXELS_METHOD,
    )
    return {row.fingerprint_id: row for row in db.scalars(rows)}


def places(db: Session, fingerprints: Select[FingerprintRow]) -> list[Lying]:
    """Find where the bytes of fingerprints lie today; some lie nowhere."""
    rows = db.scalars(fingerprints).all()
    found = {a: (r, p) for a, r, p in db.execute(whereabouts([row.asset_id for row in rows]))}
    return [
        Lying(row.asset_id, row.id, row.byte_token, *found[row.asset_id])
        for row in rows
        if row.asset_id in found
    ]


def each(
    wanted: Sequence[Lying], act: Callable[[Viewer, Lying, int], Found]
) -> tuple[list[Found], list[Sighting]]:
    """Do something with each file that is the bytes that were hashed, before and after."""
    done: list[Found] = []
    away: list[Sighting] = []
    with warm_viewer() as viewer:
        for one in wanted:
            answer = held(one, viewer, act)
            if isinstance(answer, tuple):
                away.append(answer)
            else:
                done.append(answer)
    return done, away


def held(
    one: Lying, viewer: Viewer, act: Callable[[Viewer, Lying, int], Found]
) -> Found | Sighting:
    """Do something with one open file, or say why it is not there to be looked at."""
    try:
        with open_located(one.root, one.path) as opened:
            if str(opened.token) == one.byte_token:
                found = act(viewer, one, opened.descriptor)
                if opened.current_token() == opened.token:
                    return found
    except NotThere as refusal:
        return one.asset_id, "missing", refusal.detail
    except Refusal as refusal:
        return one.asset_id, "unreachable", refusal.detail
    return one.asset_id, "changed", "The file is not the bytes that were hashed."
