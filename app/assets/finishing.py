"""Make one content of an upload's pieces, in a request or after one that died."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.keep import enter_object, keep_root
from app.assets.models import UploadRow
from app.assets.uploads import keep_content, placed_pieces
from app.kit.db import Transactions, new_ids
from app.kit.refusals import Refusal
from app.ledger.agents import Agent
from app.storage.keeping import open_keep

Placed = tuple[int, UUID, int, str]  # first byte, key, length, root of the keep


def finish(run: Transactions, agent: Agent, upload: UploadRow) -> None:
    """Take custody of a whole content; where somebody else just did so, that is as good.

    Raises:
        UploadEnded: it was given up.
        KeepFull, KeepUnavailable: its pieces stay, and it can be finished later.
    """
    try:
        make_one(run, agent, upload)
    except Refusal:
        if run(lambda db: db.get_one(UploadRow, upload.id).state) != "kept":
            raise


def make_one(run: Transactions, agent: Agent, upload: UploadRow) -> None:
    """Copy several pieces into one object and settle; a lone piece is one already."""
    pieces = run(lambda db: placed_pieces(db, upload))
    if len(pieces) == 1:
        settle(run, agent, upload, pieces[0][1])
        return
    root, key = keep_root(), draw_key(run)
    size = open_keep(root).put(key, joined(pieces))
    try:
        settle(run, agent, upload, key, size, root)
    except Refusal:
        open_keep(root).remove(key)
        raise


def settle(
    run: Transactions, agent: Agent, upload: UploadRow, key: UUID, size: int = 0, root: str = ""
) -> None:
    """Enter the object where it is a new one, and take custody, in one transaction."""

    def once(db: Session) -> None:
        if root:
            enter_object(db, key, keep=root, size_bytes=size)
        keep_content(db, agent, upload, key)

    run(once)


def joined(pieces: Sequence[Placed]) -> Iterator[bytes]:
    """Yield the bytes of pieces one after the other."""
    for _, key, size, keep in pieces:
        yield from open_keep(keep).read(key, 0, size)


def draw_key(run: Transactions) -> UUID:
    """Draw a key for an object; the database refuses it when it is entered much later."""
    return run(lambda db: new_ids(db, 1)[0])
