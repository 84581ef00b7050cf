"""The HTTP door: heads are bounded in size and time, and what is no request is told so.

uvicorn's parser keeps a head of any length and waits for its end for ever.
"""

import asyncio
import json
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.kit.bounds import LARGEST_FIELDS, LONGEST_ADDRESS
from app.kit.errors import AddressTooLong, HeadersTooLarge, HttpMalformed, RequestTooSlow
from app.kit.refusals import Refusal

LARGEST_HEAD = 2 * (LONGEST_ADDRESS + LARGEST_FIELDS)  # up to here the application answers
PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
}


class Door(HttpToolsProtocol):
    """One connection."""

    head_seconds = 15.0
    _head_bytes = 0
    _in_head = True
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._head_bytes, self._in_head = 0, True
        self._await_head()

    def on_headers_complete(self) -> None:
        """Let the application have it."""
        self._stop_waiting()
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and turn away a head that does not end."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > LARGEST_HEAD:
            long = len(getattr(self, "url", None) or b"") > LONGEST_ADDRESS
            most = f"The head of a request has at most {LARGEST_HEAD} bytes."
            self.turn_away(AddressTooLong(most) if long else HeadersTooLarge(most))

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed; a request before it that is complete is answered first."""
        cycle = getattr(self, "cycle", None)  # none before the first head
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        self.turn_away(HttpMalformed("What arrived is not a request of HTTP/1.1."))

    def turn_away(self, refusal: Refusal) -> None:
        """Answer without the application, and close."""
        self._stop_waiting()
        body = json.dumps(problem(refusal)).encode()
        head = (
            f"HTTP/1.1 {refusal.status} {PHRASES[refusal.status]}\r\n"
            f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(self.head_seconds, self._impatient)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _impatient(self) -> None:
        if not self.transport.is_closing():
            late = f"The head of the request did not arrive within {self.head_seconds:.0f} seconds."
            self.turn_away(RequestTooSlow(late))


def problem(refusal: Refusal) -> dict[str, Any]:
    """Say a refusal without the application, which alone knows its own address."""
    return {
        "type": f"/problems/{refusal.code}",
        "title": (type(refusal).__doc__ or refusal.code).splitlines()[0],
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "errors": [],
        "trace_id": uuid4().hex,
    }


# How uvicorn serves us, in production and under test.
SERVED: dict[str, Any] = {
    "http": Door,
    "ws": "none",
    "timeout_keep_alive": 20,
    "timeout_graceful_shutdown": 20,
    "log_config": None,
    "access_log": False,
    "server_header": False,
}
