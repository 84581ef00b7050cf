"""How worker and reading child talk: descriptors one way, framed answers the other."""

import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from time import monotonic

BATCH = 10  # descriptors in one message; small, since a dead child costs what it had not answered
LONGEST_ANSWER = 4 * 1024 * 1024  # the row budget of one reading
_HEAD = struct.Struct(">BI")


class Kind(IntEnum):
    """What a frame from the child holds."""

    HELLO = 0  # the child is confined and ready: JSON of tool, version, network
    ANSWER = 1  # the tool's JSON about one file
    TOO_LONG = 2  # there was an answer, over LONGEST_ANSWER
    OUT_OF_MEMORY = 3  # the last frame of a child that ends
    CRASHED = 4  # likewise


class Gone(Exception):
    """The other side closed: a child ended, or its worker did."""


def send_frame(connection: socket.socket, kind: Kind, body: bytes = b"") -> None:
    """Send one frame, whole."""
    connection.sendall(_HEAD.pack(kind, len(body)) + body)


def receive_frame(connection: socket.socket, deadline: float) -> tuple[Kind, bytes]:
    """Receive one frame before a moment of time.monotonic().

    Raises:
        Gone: the child ended, or sent what it may not.
        TimeoutError: the deadline passed.
    """
    try:
        number, length = _HEAD.unpack(_receive(connection, _HEAD.size, deadline))
        if length > LONGEST_ANSWER:
            raise Gone
        return Kind(number), _receive(connection, length, deadline)
    except (ConnectionError, ValueError) as error:
        raise Gone from error


def send_descriptors(connection: socket.socket, descriptors: Sequence[int]) -> None:
    """Pass up to BATCH open files; both sides then hold the same open file description."""
    socket.send_fds(connection, [bytes([len(descriptors)])], list(descriptors))


def receive_descriptors(connection: socket.socket) -> list[int]:
    """Wait for the next open files, as numbers in this process; none when the worker is gone."""
    count, descriptors, _, _ = socket.recv_fds(connection, 1, BATCH)
    return list(descriptors) if count else []


def _receive(connection: socket.socket, length: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while length:
        remaining = deadline - monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        part = connection.recv(min(length, 1 << 16))
        if not part:
            raise Gone
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
