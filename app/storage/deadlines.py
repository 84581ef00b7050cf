"""A moment after which nothing more is read from a connection, however slowly bytes trickle in.

A time limit on each read alone lets a store hold a worker for ever by a byte now and then.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

import httpcore2

_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Bound what this thread reads and writes through BoundedBackend by a time.monotonic()."""
    before = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(before)


class BoundedBackend(httpcore2.SyncBackend):
    """Connections whose every wait ends with the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect."""
        left = _left(timeout)
        return _Bounded(super().connect_tcp(host, port, left, local_address, socket_options))


class _Bounded(httpcore2.NetworkStream):
    """A connection that knows the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None) -> float:
    left = _deadline.get() - monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left if timeout is None else min(timeout, left)
