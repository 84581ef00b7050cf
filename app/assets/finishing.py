"""Make one content of an upload's pieces, in a request or after one that died."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from app.assets.keep import enter_object, keep_root
from app.assets.models import UploadRow
from app.assets.uploads import keep_content, placed_pieces
from app.kit.db import Database, new_ids, retried
from app.kit.refusals import Refusal
from app.ledger.agents import Agent
from app.storage.keeping import open_keep

Placed = tuple[int, UUID, int, str]  # first byte, key, length, root of the keep


def finish(database: Database, agent: Agent, upload: UploadRow) -> None:
    """Take custody of a whole content; where somebody else just did so, that is as good.

    Raises:
        UploadEnded: it was given up.
        KeepFull, KeepUnavailable: its pieces stay, and it can be finished later.
    """
    try:
        make_one(database, agent, upload)
    except Refusal:
        with database.transaction() as db:
            kept = db.get_one(UploadRow, upload.id).state == "kept"
        if not kept:
            raise


def make_one(database: Database, agent: Agent, upload: UploadRow) -> None:
    """Copy several pieces into one object and settle; a lone piece is one already."""
    with database.transaction() as db:
        pieces = placed_pieces(db, upload)
    if len(pieces) == 1:
        settle(database, agent, upload, pieces[0][1])
        return
    root, key = keep_root(), draw_key(database)
    size = open_keep(root).put(key, joined(pieces))
    try:
        settle(database, agent, upload, key, size, root)
    except Refusal:
        open_keep(root).remove(key)
        raise


def settle(
    database: Database, agent: Agent, upload: UploadRow, key: UUID, size: int = 0, root: str = ""
) -> None:
    """Enter the object where it is a new one, and take custody, in one transaction."""

    def once() -> None:
        with database.transaction() as db:
            if root:
                enter_object(db, key, keep=root, size_bytes=size)
            keep_content(db, agent, upload, key)

    retried(once)


def joined(pieces: Sequence[Placed]) -> Iterator[bytes]:
    """Yield the bytes of pieces one after the other."""
    for _, key, size, keep in pieces:
        yield from open_keep(keep).read(key, 0, size)


def draw_key(database: Database) -> UUID:
    """Draw a key for an object; the database refuses it when it is entered much later."""
    with database.transaction() as db:
        return new_ids(db, 1)[0]
