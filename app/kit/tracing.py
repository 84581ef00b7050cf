"""Every request has an id that its answer and log lines carry, and leaves a line and a count."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.metrics import count_request

log = structlog.get_logger("app.requests")
# W3C Trace Context: version, trace id, parent id, flags; ids of zeros only are invalid.
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
QUIET = {"/livez", "/readyz", "/metrics"}  # asked every few seconds


class Tracing:
    """ASGI middleware; plain, since Starlette's base class puts a task between route and answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id and its answer the headers that every answer has."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace_id = traced(Headers(scope=scope).getlist("traceparent"))
        scope.setdefault("state", {})["trace_id"] = trace_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
        status, begun = 500, time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Trace-Id"] = trace_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, send_named)
        finally:
            tell(scope, status, time.perf_counter() - begun)


def traced(sent: list[str]) -> str:
    """Return the caller's trace id where it sent a valid one, else a new one."""
    found = TRACEPARENT.fullmatch(sent[0]) if len(sent) == 1 else None
    return found[1] if found else uuid4().hex


def tell(scope: Scope, status: int, seconds: float) -> None:
    """Log and count a request by its template: never by what was in its address, query or body."""
    route = getattr(scope.get("route"), "path", None) or "(none)"
    count_request(scope["method"], route, status, seconds)
    write = log.debug if route in QUIET else log.info
    write(
        "request",
        method=scope["method"],
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 1),
        key_id=scope["state"].get("key_id"),
    )
