"""Hand an original out, byte for byte as it was read, and only as an attachment."""

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.assets.errors import ContentAwaited
from app.assets.queries import whereabouts
from app.assets.service import asset_for
from app.catalogue.errors import ContentChanged, RangeNotThere
from app.catalogue.rules import Stretch, disposition, stretch_of
from app.fingerprints.queries import current_fingerprint
from app.people.roles import Principal
from app.readings.errors import NotYetRead
from app.readings.queries import readings_of
from app.storage.opening import OpenBytes, open_located

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Original:
    """What is needed to hand a content out: where it lies, and what was known of its bytes."""

    name: str
    root: str
    path: str
    byte_token: str
    etag: str
    sha256: bytes | None  # None: not fingerprinted yet


class Attachment(StreamingResponse):
    """A stream that closes what it reads from, whatever becomes of whoever asked."""

    def __init__(
        self, content: Iterator[bytes], status: int, headers: dict[str, str], held: ExitStack
    ) -> None:
        super().__init__(content, status, headers, "application/octet-stream")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._held.close()


def original_for(db: Session, caller: Principal, asset_id: UUID) -> Original:
    """Find an asset's bytes and what was read of them.

    Raises:
        NoSuchResource: no such asset for this caller (HTTP 404).
        ContentAwaited, NotYetRead: there is nothing yet that could be vouched for.
    """
    asset = asset_for(db, caller, asset_id)
    place = db.execute(whereabouts([asset_id])).one_or_none()
    if place is None:
        raise ContentAwaited("The content is still to be uploaded; ask by HEAD how far it is.")
    reading = db.scalars(readings_of(asset_id).limit(1)).one_or_none()
    if reading is None:
        raise NotYetRead(asset_id)
    hashed = db.scalars(current_fingerprint(asset_id)).one_or_none()
    sha256 = hashed.sha256 if hashed is not None else None
    _, root, path = place
    return Original(asset.original_name, root, path, reading.byte_token, f'"{reading.id}"', sha256)


def hand_out(original: Original, asked: str | None) -> Attachment:
    """Open the bytes and answer with them, or with the stretch that was asked for.

    Raises:
        ContentChanged: they are no longer the bytes that were read.
        RangeNotThere: no byte lies in that stretch (HTTP 416).
        NotThere, NotAFile, Unreachable: as the storage has it.
    """
    with ExitStack() as opening:
        file = opening.enter_context(open_located(original.root, original.path))
        if str(file.token) != original.byte_token:
            raise ContentChanged("The bytes are no longer those that were read.")
        size = os.fstat(file.descriptor).st_size
        try:
            stretch = stretch_of(asked, size)
        except ValueError as error:
            raise RangeNotThere("No byte of the content lies there.", size) from error
        whole = stretch or Stretch(0, size)
        headers = headers_of(original) | {"Content-Length": str(whole.end - whole.start)}
        if stretch is not None:
            headers["Content-Range"] = f"bytes {stretch.start}-{stretch.end - 1}/{size}"
        status = 200 if stretch is None else 206
        return Attachment(pieces(file, whole), status, headers, opening.pop_all())


def headers_of(original: Original) -> dict[str, str]:
    """Return the headers that keep a browser from doing anything with it but saving it."""
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(original.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": original.etag,
    }
    if original.sha256 is not None:
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(original.sha256).decode()}:"
    return headers


def pieces(file: OpenBytes, stretch: Stretch) -> Iterator[bytes]:
    """Yield the bytes; the last of them only if they are still the ones that were read."""
    at = stretch.start
    while at < stretch.end:
        piece = os.pread(file.descriptor, min(PIECE, stretch.end - at), at)
        at += len(piece)
        if not piece or (at == stretch.end and file.current_token() != file.token):
            # The headers are gone: a body that ends early is the only refusal that is left.
            raise ContentChanged("The bytes changed while they were handed out.")
        yield piece
