"""Hash what was read, each file once, and only the bytes that were read."""

import platform
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.hindrances import in_hand, passed
from app.assets.queries import whereabouts
from app.assets.service import sighted
from app.assets.sweeping import Stage, swept
from app.fingerprints import queries
from app.fingerprints.budget import OverBudget, budgeted
from app.fingerprints.claims import NOTHING, Claims, claims_of
from app.fingerprints.compute import fingerprint
from app.fingerprints.events import ThumbnailsRequested
from app.fingerprints.models import FingerprintRow
from app.fingerprints.reporting import Sighting, report
from app.fingerprints.seeing.viewer import Viewer
from app.fingerprints.service import Hashed, record_fingerprints
from app.fingerprints.thumbnails import make_requested
from app.fingerprints.viewing import BLAMELESS, VISUAL, began, picture_some, warm_viewer
from app.kit.jobs import in_transaction, on, sweep
from app.kit.refusals import Refusal
from app.readings.committed import CommittedReading
from app.readings.events import AssetsRead
from app.readings.models import ReadingRow
from app.readings.service import prove_read
from app.storage.opening import open_located

STAGE = "fingerprints"
FILES_A_TRANSACTION = 50
FILES_A_JOB = 25  # each is decoded, and all of a job's in one child: half of what is read at once
# The proof, the root URI, the path beneath it, and what others claim the bytes to hash to.
Place = tuple[CommittedReading, str, str, Claims]


@on(AssetsRead, at_once=FILES_A_JOB)
def fingerprint_assets(fact: AssetsRead) -> None:
    """Hash some newly read files, each once."""
    fingerprint_files(fact.asset_ids)


@on(ThumbnailsRequested, priority=2)  # somebody looks at a page that lacks it
def make_thumbnails(fact: ThumbnailsRequested) -> None:
    """Make the small pictures that are asked for, these and others."""
    make_requested()


@sweep("thumbnails")
def make_what_was_left() -> None:
    """Make small pictures that no job has made."""
    make_requested()


def fingerprint_files(asset_ids: Sequence[UUID]) -> None:
    """Hash those of these files that still are to be, and record it, a few at a time."""
    waiting = in_transaction(lambda db: db.scalars(queries.unfingerprinted_of(asset_ids)).all())
    ids = [row.asset_id for row in waiting]
    in_hand(STAGE, ids, fingerprint_some, at_once=FILES_A_TRANSACTION)


def picture_files(asset_ids: Sequence[UUID]) -> None:
    """Look at those of these files that nobody looked at, and record it, a few at a time."""
    waiting = in_transaction(lambda db: db.scalars(queries.unpictured_of(asset_ids)).all())
    ids = [row.asset_id for row in waiting]
    in_hand(VISUAL, ids, picture_some, at_once=FILES_A_TRANSACTION, blameless=BLAMELESS)


def places_of(db: Session, asset_ids: Sequence[UUID]) -> list[Place]:
    """Prove for each file still to be hashed that it was read, and find where it lies."""
    waiting = [row.asset_id for row in db.scalars(queries.unfingerprinted_of(asset_ids))]
    found = db.execute(whereabouts(waiting)).all()
    claims = claims_of(db, waiting)
    return [
        (prove_read(db, asset_id), root, path, claims[asset_id]) for asset_id, root, path in found
    ]


def fingerprint_some(asset_ids: Sequence[UUID]) -> None:
    """Hash some files where they lie now."""
    hash_places(in_transaction(lambda db: places_of(db, asset_ids)))


def hash_places(places: Sequence[Place]) -> None:
    """Hash some files, then record what was found in one transaction."""
    with warm_viewer() as viewer:
        answers = [hash_file(*place, viewer) for place in places]
    hashed = [one for one in answers if isinstance(one, Hashed)]
    seen = [one for one in answers if not isinstance(one, Hashed)]

    def record(db: Session) -> None:
        if hashed:
            record_fingerprints(db, hashed, tool_version=platform.python_version())
            passed(db, STAGE, [one.fingerprint.read.asset_id for one in hashed])
        report(db, STAGE, seen)

    in_transaction(record)


def hash_file(
    read: CommittedReading,
    root: str,
    path: str,
    claims: Claims = NOTHING,
    viewer: Viewer | None = None,
) -> Hashed | Sighting:
    """Hash one file, and look at it meanwhile, if it is the bytes that were read, then and after.

    Without a viewer, or where none can be started, nobody looks at it.
    """
    try:
        with open_located(root, path) as opened:
            if str(opened.token) != read.byte_token:
                return read.asset_id, "changed", "The file is not the bytes that were read."
            looking = viewer if viewer is not None and began(viewer, opened.descriptor) else None
            with open(opened.descriptor, "rb", buffering=0, closefd=False) as file:
                within = budgeted(file, opened.token.size)
                found = fingerprint(read, within, claims.algorithms())
            looked = None if looking is None else looking.looked()
            if opened.current_token() != opened.token or found.size_bytes != read.size_bytes:
                return read.asset_id, "changed", "The file changed while it was hashed."
            return Hashed(found, opened.token, claims, looked)
    except Refusal as refusal:
        return read.asset_id, sighted(refusal), refusal.detail
    except OverBudget as over:
        return read.asset_id, "unreachable", str(over)
    except OSError as error:
        return read.asset_id, "unreachable", f"The file could not be read: {error.strerror}."


LEFT = Stage(
    STAGE,
    task="fingerprints.fingerprint_assets",
    rows=ReadingRow.id,
    left=lambda _: queries.unfingerprinted().with_only_columns(ReadingRow.asset_id),
    do=fingerprint_files,
    again=fingerprint_files,
)
fingerprint_what_was_left, fingerprint_all_that_was_left = swept(LEFT)
# What was hashed but not looked at, since no child started or by an earlier method.
UNSEEN = Stage(
    VISUAL,
    task="fingerprints.fingerprint_assets",
    rows=FingerprintRow.id,
    left=lambda _: queries.unpictured().with_only_columns(FingerprintRow.asset_id),
    do=picture_files,
    again=picture_files,
)
picture_what_was_left, picture_all_that_was_left = swept(UNSEEN)
