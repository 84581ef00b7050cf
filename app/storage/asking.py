"""Ask the object store by HTTP and understand its answer: only a clear no means "not there".

Redirects are not followed: bytes come from the store that the settings name, or not at all.
"""

import atexit
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import httpcore2

from app.storage.buckets import Place
from app.storage.deadlines import BoundedBackend, until
from app.storage.errors import NotThere, Unreachable
from app.storage.s3 import Access, signed

PAUSES = (0.1, 0.4)  # before the second and the third attempt; after them the sweeps try again
CONNECT_SECONDS = 5.0
CONNECTIONS = 32
LONGEST_COMPLAINT = 1 << 16  # of an answer that is none
HEADERS = [(b"User-Agent", b"provenance-catalogue"), (b"Accept-Encoding", b"identity")]
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Question:
    """One request: of which object, by which method, with what, and which answers are good ones."""

    place: Place
    method: str = "GET"
    query: str = ""
    content: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    good: frozenset[int] = frozenset({200})


class FailedInPassing(Unreachable):
    """The store failed in a way that may be over a moment later."""


class NotExplained(Unreachable):
    """A 404 that is not in S3's words: a proxy's, or to a question whose answer has no body."""


def persistently(once: Callable[[], _Answer], seconds: float) -> _Answer:
    """Ask up to three times, and for so long in all, while the store fails in passing.

    Raises:
        NotThere, Unreachable: what the last attempt met.
    """
    moment = monotonic() + seconds
    with until(moment):
        for pause in PAUSES:
            try:
                return once()
            except FailedInPassing:
                if monotonic() + pause >= moment:
                    raise
            sleep(pause)
        return once()


@contextmanager
def asked(told: Access, question: Question) -> Iterator[httpcore2.Response]:
    """Ask once and yield a good answer, whose body is still to come.

    Raises:
        NotThere: the store says that the bucket has no such key.
        Unreachable: anything else; FailedInPassing when another attempt may do better.
    """
    place, method = question.place, question.method
    url = signed(told, method, place.bucket, place.key, question.query)  # a right: never logged
    waits = dict.fromkeys(("read", "write", "pool"), told.silence_seconds)
    waits["connect"] = min(CONNECT_SECONDS, told.silence_seconds)
    try:
        with _pool(told.ca_file).stream(
            method,
            url,
            headers=[*HEADERS, *question.headers],
            content=question.content,
            extensions={"timeout": waits},
        ) as answer:
            if answer.status not in question.good:
                raise _refusal(answer.status, _code_of(answer), place)
            yield answer
    except httpcore2.TimeoutException as error:
        raise FailedInPassing(f"The store did not answer in time about {place.shown}.") from error
    except httpcore2.ConnectError as error:
        raise _unconnected(error, told) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise FailedInPassing(f"The store broke off over {place.shown}.") from error


@lru_cache(maxsize=8)
def _pool(ca_file: Path | None) -> httpcore2.ConnectionPool:
    """Return connections that know no proxy, no redirect, and no certificate but a valid one."""
    try:
        trusted = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Unreachable(f"CATALOGUE_S3_CA_FILE is no file of certificates: {ca_file}.") from error
    pool = httpcore2.ConnectionPool(
        ssl_context=trusted,
        max_connections=CONNECTIONS,
        keepalive_expiry=20.0,
        network_backend=BoundedBackend(),
    )
    atexit.register(pool.close)
    return pool


def _code_of(answer: httpcore2.Response) -> str:
    """Return the word for what went wrong, if the answer is one of S3's."""
    said = b""
    for piece in answer.iter_stream():
        said += piece
        if len(said) >= LONGEST_COMPLAINT:
            break
    found = _CODE.search(said[:LONGEST_COMPLAINT])
    return found[1].decode() if found else ""


def _refusal(status: int, code: str, place: Place) -> NotThere | Unreachable:
    """Tell absent from hidden, archived and failing; a 404 of a proxy says nothing of the key."""
    said = f"{status} {code}".strip()
    if (status, code) == (404, "NoSuchKey"):
        return NotThere(f"There is no {place.shown}.")
    if (status, code) == (404, "NoSuchBucket"):
        return Unreachable(f"The store has no bucket {place.bucket}.")
    if status == 404 and not code:
        return NotExplained(f"The store answers 404 about {place.shown} and does not say why.")
    if code == "InvalidObjectState":
        return Unreachable(f"{place.shown} is archived: the store must restore it first.")
    if status in (401, 403):
        return Unreachable(f"The store does not let the catalogue see {place.shown} ({said}).")
    if 300 <= status < 400:
        return Unreachable(
            f"The store sends elsewhere for {place.shown} ({said}), which is not followed: check"
            " endpoint and region."
        )
    if status in _PASSING:
        return FailedInPassing(f"The store fails over {place.shown} ({said}).")
    return Unreachable(f"The store gives no proper answer about {place.shown} ({said}).")


def _unconnected(error: BaseException, told: Access) -> Unreachable:
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, ssl.SSLError):
            why = getattr(reason, "verify_message", "") or reason.reason or "handshake failed"
            return Unreachable(f"TLS with {told.endpoint} failed: {why}.")
        if isinstance(reason, socket.gaierror):
            return FailedInPassing(f"The name of {told.endpoint} cannot be resolved.")
        if isinstance(reason, ConnectionRefusedError):
            return FailedInPassing(f"{told.endpoint} refuses connections.")
        reason = reason.__cause__ or reason.__context__
    return FailedInPassing(f"{told.endpoint} cannot be connected to.")
