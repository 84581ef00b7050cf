"""Read a JSON body within its limits: type, size, time and form, each refused in its own words."""

from typing import Any

import anyio
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.kit.documents import read_document
from app.kit.errors import BodyTooLarge, MediaTypeUnknown, RequestTooSlow

LARGEST = 1024 * 1024
AT_ONCE = 64 * 1024  # a larger body is read beside the loop that serves the others
SECONDS = 30.0


class DocumentRequest(Request):
    """A request whose JSON body was read and found in order."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the document; the framework asks for it here."""
        return self.state.document


async def with_document(request: Request) -> DocumentRequest:
    """Read the body of an operation that takes JSON.

    Raises:
        MediaTypeUnknown, BodyTooLarge, RequestTooSlow, Malformed.
    """
    prove_type(request)
    body = await read_body(request)
    read = DocumentRequest(request.scope, request.receive)
    read._body = body  # noqa: SLF001 - as Starlette itself keeps a body that was read
    read.state.document = None
    if body:
        in_thread = len(body) > AT_ONCE
        read.state.document = (
            await run_in_threadpool(read_document, body) if in_thread else read_document(body)
        )
    return read


def prove_type(request: Request) -> None:
    """Refuse a body that is compressed or not JSON."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeUnknown("This operation reads no compressed bodies; send it as it is.")
    declared = request.headers.get("content-type", "")
    kind = declared.partition(";")[0].strip().lower()
    empty = request.headers.get("content-length", "0") == "0"
    chunked = "transfer-encoding" in request.headers
    if (empty and not chunked) or kind == "application/json":
        return
    if kind.startswith("application/") and kind.endswith("+json"):
        return
    raise MediaTypeUnknown("Send the body as `Content-Type: application/json`.")


async def read_body(request: Request) -> bytes:
    """Take the body piece by piece, refusing early what is too large."""
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > LARGEST:
        raise BodyTooLarge(f"This operation reads at most {LARGEST} bytes.")
    pieces, size = [], 0
    try:
        with anyio.fail_after(SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > LARGEST:
                    raise BodyTooLarge(f"This operation reads at most {LARGEST} bytes.")
                pieces.append(piece)
    except TimeoutError:
        late = f"The body did not arrive within {SECONDS:.0f} seconds."
        raise RequestTooSlow(late) from None
    return b"".join(pieces)
