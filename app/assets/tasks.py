"""Keep the keep in order: finish, expire, remove, and find what no book knows of."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.assets import keep, queries
from app.assets.errors import UploadEnded
from app.assets.finishing import finish
from app.assets.locks import lock_decisions
from app.assets.models import UploadRow
from app.assets.uploads import end_upload
from app.kit.jobs import MOST_ASSETS_A_JOB, in_transaction, sweep
from app.kit.refusals import Refusal
from app.ledger.agents import process
from app.storage.keeping import open_keep

log = structlog.get_logger(__name__)
AGENT = process("keeping")
ABANDONED_AFTER = timedelta(days=7)  # since the last piece came
SET_ASIDE_FOR = timedelta(days=30)  # for people to look at what was not what it claimed to be


@sweep("uploads")
def tend_uploads() -> None:
    """Finish what a dying process left whole, give up what was abandoned, remove what may go."""
    for upload in in_transaction(lambda db: list(db.scalars(queries.left_unfinished()))):
        try:
            finish(in_transaction, AGENT, upload)
        except UploadEnded:
            continue  # by somebody else, which is as good
        except Refusal as refusal:  # a full keep above all must not stop what makes room
            log.warning("upload_not_finished", upload=str(upload.id), reason=refusal.detail)
    for upload in in_transaction(abandoned):
        in_transaction(partial(expire, upload=upload))
    in_transaction(let_go_of_refused)
    remove_given_up()


def abandoned(db: Session) -> list[UploadRow]:
    """Return open uploads whose last piece came long ago."""
    return list(db.scalars(queries.abandoned_for(ABANDONED_AFTER)))


def expire(db: Session, upload: UploadRow) -> None:
    """Give an upload up whose client does not come back, unless it just did."""
    lock_decisions(db, [upload.asset_id])
    still = queries.abandoned_for(ABANDONED_AFTER).where(UploadRow.id == upload.id)
    there = db.scalars(still).one_or_none()
    if there is not None:
        end_upload(db, AGENT, there, "expired")


def let_go_of_refused(db: Session) -> None:
    """Let go of contents that were set aside long enough."""
    keep.give_up(db, db.scalars(queries.set_aside_before(SET_ASIDE_FOR)))


def remove_given_up() -> None:
    """Remove objects whose giving up was committed before; again and again does no harm."""
    while found := in_transaction(partial(keep.to_remove, most=MOST_ASSETS_A_JOB)):
        gone: list[UUID] = []
        for key, root in found:
            try:
                open_keep(root).remove(key)
                gone.append(key)
            except Refusal as refusal:
                log.warning("keep_not_cleared", keep=root, reason=refusal.detail)
        in_transaction(partial(keep.removed, keys=gone))
        if len(gone) < len(found):
            return  # the store is out of reach: the next sweep goes on


@sweep("keep", cron="23 3 * * *")
def remove_orphans() -> None:
    """Remove objects that a process wrote and did not live to enter, once they are old."""
    for root in in_transaction(keep.keeps):
        pending: list[UUID] = []
        try:
            for key in open_keep(root).list_keys():
                pending.append(key)
                if len(pending) == MOST_ASSETS_A_JOB:
                    drop(root, pending)
                    pending = []
            drop(root, pending)
        except Refusal as refusal:
            log.warning("keep_not_listed", keep=root, reason=refusal.detail)


def drop(root: str, keys: list[UUID]) -> None:
    """Remove those of these objects that are old and in no book."""
    for key in in_transaction(partial(keep.orphans, keys=keys)):
        open_keep(root).remove(key)
        log.warning("keep_orphan_removed", keep=root, key=str(key))
