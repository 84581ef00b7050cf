"""An HTTP server on loopback that plays an object store badly, one way a key."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

MARKS = {"ETag": '"mark"', "Last-Modified": "Wed, 25 Nov 2026 20:58:15 GMT"}
KEY_ID, SECRET = "bad-store-key-id", "bad-store-secret-4711"


class Asked(BaseHTTPRequestHandler):
    """One request, and the words to answer it with."""

    protocol_version = "HTTP/1.1"
    store: "BadStore"
    body = b""

    def do_GET(self) -> None:
        """Answer as the test wants this key answered, once all that is sent is here."""
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        self.store.asked.append((self.command, path))
        self.store.behaviour(self)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's own names

    @property
    def attempt(self) -> int:
        """Count the requests so far, this one included."""
        return len(self.store.asked)

    def send(self, status: int, body: bytes = b"", /, **headers: str) -> None:
        """Answer in full."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.head(status, {"Content-Length": str(len(body))} | said)
        if self.command != "HEAD":
            self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Send status and headers only."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def complain(self, status: int, code: str) -> None:
        """Refuse in S3's words."""
        self.send(status, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode())

    def break_off(self) -> None:
        """End the connection."""
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class BadStore:
    """What was asked of it, and how it answers."""

    address: str
    behaviour: Callable[[Asked], None]
    asked: list[tuple[str, str]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def settings(self) -> dict[str, str]:
        """Return the environment of a catalogue that reads from it."""
        return {
            "CATALOGUE_S3_ENDPOINT": self.address,
            "CATALOGUE_S3_ACCESS_KEY_ID": KEY_ID,
            "CATALOGUE_S3_SECRET_ACCESS_KEY": SECRET,
        }


Behaviour = Callable[[Asked], None]


def well(asked: Asked) -> None:
    """Answer as a good store does."""
    asked.send(200, b"bytes", **MARKS)


def complaint(status: int, code: str) -> Behaviour:
    """Answer every request with one refusal."""
    return lambda asked: asked.complain(status, code)


@contextmanager
def serving_badly(behaviour: Behaviour) -> Iterator[BadStore]:
    """Serve until the test is over; whoever still waits then is let go."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Asked,), {}))
    server.daemon_threads = True
    store = BadStore(f"http://127.0.0.1:{server.server_port}", behaviour)
    server.RequestHandlerClass.store = store  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
