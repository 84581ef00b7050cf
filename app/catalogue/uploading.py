"""Receive a content piece by piece; what was answered for is durable, and nothing is hashed.

A piece is an object of its own: written first, entered in the books second, so that a request that
was killed, paused or overtaken never spoils what another one brings.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.assets.errors import UploadDiffers
from app.assets.finishing import draw_key, finish
from app.assets.keep import keep_root
from app.assets.models import UploadRow
from app.assets.service import asset_for
from app.assets.uploads import (
    Sent,
    Standing,
    add_piece,
    begin_upload,
    placed_pieces,
    standing_of,
)
from app.kit.db import Database, retried
from app.kit.errors import BodyTooLarge, Malformed
from app.kit.refusals import Refusal
from app.kit.settings import settings
from app.ledger.agents import Agent
from app.people.roles import Principal
from app.storage.errors import KeepUnavailable
from app.storage.keeping import PIECE, open_keep


@dataclass(slots=True)
class Receiving:
    """One request at work: where it stands, and the upload that it goes on with."""

    database: Database
    agent: Agent
    upload: UploadRow
    at: int  # the first byte that was not taken from the request yet
    end: int | None  # where the request said that it ends
    pending: bytearray = field(default_factory=bytearray)


async def receive(
    database: Database, caller: Principal, asset_id: UUID, sent: Sent, body: AsyncIterator[bytes]
) -> Standing:
    """Take what a request brings and say how far the content is.

    Raises:
        NoSuchResource, ContentAlreadyThere, UploadOffset, UploadDiffers, UploadEnded: as named.
        BodyTooLarge: longer than CATALOGUE_LARGEST_UPLOAD (HTTP 413).
        KeepFull, KeepUnavailable: what was answered for before is there; go on later.
        Malformed: the body is not as long as the request says (HTTP 422).
    """
    fitting(sent.total, sent.part.end if sent.part is not None else None)
    begun = await run_in_threadpool(partial(begin, database, caller, asset_id, sent))
    if isinstance(begun, Standing):
        return begun
    try:
        async for some in body:
            await take(begun, some)
    except ClientDisconnect:  # nobody reads the answer; what came is kept all the same
        await flush(begun)
        return Standing("open", begun.at, begun.upload.total_bytes)
    await flush(begun)
    return await run_in_threadpool(partial(conclude, begun, whole=sent.part is None))


def begin(
    database: Database, caller: Principal, asset_id: UUID, sent: Sent
) -> Receiving | Standing:
    """Prove that the caller may, and find what the request goes on with."""
    part = sent.part

    def once() -> Receiving | Standing:
        with database.transaction() as db:
            asset_for(db, caller, asset_id)
            standing = standing_of(db, asset_id)
            if part is not None and part.asks and not standing.unfinished:
                return standing
            upload = begin_upload(db, caller.agent, asset_id, sent)
            if part is None:
                return Receiving(database, caller.agent, upload, 0, sent.total)
            at = upload.received_bytes if part.asks else part.start
            return Receiving(database, caller.agent, upload, at, at if part.asks else part.end)

    return retried(once)


def fitting(*ends: int | None) -> None:
    """Refuse what would be longer than an upload may be."""
    most = settings().largest_upload
    if any(end is not None and end > most for end in ends):
        raise BodyTooLarge(f"One content holds at most {most} bytes.")


async def take(request: Receiving, some: bytes) -> None:
    """Take some bytes; whole pieces leave memory at once."""
    request.pending += some
    reached = request.at + len(request.pending)
    fitting(reached)
    if request.end is not None and reached > request.end:
        raise Malformed("The body is longer than the request says.")
    while len(request.pending) >= PIECE:
        await run_in_threadpool(keep_piece, request, bytes(request.pending[:PIECE]))
        del request.pending[:PIECE]


async def flush(request: Receiving) -> None:
    """Keep what is left in memory."""
    if request.pending:
        await run_in_threadpool(keep_piece, request, bytes(request.pending))
        request.pending.clear()


def keep_piece(request: Receiving, content: bytes) -> None:
    """Compare what is here already, keep what is new."""
    known = max(0, min(len(content), request.upload.received_bytes - request.at))
    if known:
        compare(request, content[:known])
    request.at += known
    new = content[known:]
    if new and request.upload.state == "kept":
        raise UploadDiffers("The content that is kept is shorter.")
    if new:
        keep_new(request, new)


def keep_new(request: Receiving, content: bytes) -> None:
    """Write a piece, then enter it; what cannot be entered is removed again."""
    root = keep_root()
    keep, key = open_keep(root), draw_key(request.database.run)
    keep.put(key, [content])
    piece = (request.at, key, len(content))

    def enter() -> UploadRow:
        with request.database.transaction() as db:
            return add_piece(db, request.upload, piece, root)

    try:
        request.upload = retried(enter)
    except Refusal:
        keep.remove(key)
        raise
    request.at += len(content)


def compare(request: Receiving, content: bytes) -> None:
    """Compare bytes that were sent before with those that are here, one by one: no hash.

    Raises:
        UploadDiffers: they are others.
    """
    end = request.at + len(content)
    with request.database.transaction() as db:
        pieces = placed_pieces(db, request.upload)
    sent, at = memoryview(content), request.at
    for start, key, size, keep in pieces:
        if start >= end or start + size <= at:
            continue
        length = min(end, start + size) - at
        for there in open_keep(keep).read(key, at - start, length):
            if sent[at - request.at :][: len(there)] != there:
                raise UploadDiffers("These are not the bytes that were sent before.")
            at += len(there)
    if at < end:
        raise KeepUnavailable("What was sent before cannot be read back.")


def conclude(request: Receiving, *, whole: bool) -> Standing:
    """Say how far the content is; one that is whole is kept.

    Raises:
        Malformed: the body ended before the request said so (HTTP 422).
    """
    if request.end is not None and request.at < request.end:
        raise Malformed(f"The body ended at byte {request.at}, not {request.end} as was said.")
    upload = request.upload
    if upload.state == "kept":
        if whole and request.at < upload.received_bytes:
            raise UploadDiffers("The content that is kept is longer.")
        return Standing("kept", upload.received_bytes, upload.total_bytes)
    if not whole and upload.received_bytes != upload.total_bytes:
        return Standing("open", upload.received_bytes, upload.total_bytes)
    finish(request.database.run, request.agent, upload)
    return Standing("kept", upload.received_bytes, upload.received_bytes)
