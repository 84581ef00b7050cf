"""The seeing child: confines itself, then looks at one file after another.

Run by viewer.py as `python -m app.fingerprints.seeing.child SOCKET MEMORY CPU KIND`; KIND is
`look` or `pixels`. No pixel is decoded before the header says that it fits the budget.
"""

import io
import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import cv2

from app.fingerprints.seeing.looking import look, warm
from app.fingerprints.seeing.picture import Undecodable
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.seeing.seen import values_of
from app.fingerprints.shown import TooLarge
from app.readings.child import greet, serve
from app.readings.sandbox import Limits, confine, forbid_processes

READ_AHEAD = 1 << 16


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, memory, cpu = map(int, arguments[:3])
    answer = ANSWERS[arguments[3]]
    warm()
    with socket.socket(fileno=number) as connection:
        network = confine(Limits(memory_bytes=memory, cpu_seconds=cpu), connection.fileno())
        forbid_processes()
        greet(connection, "OpenCV", cv2.__version__, network)
        serve(connection, answer)


def look_at(descriptor: int) -> bytes:
    """Say in JSON what a file looks like, and what its pixels are where all were decoded."""
    with again(descriptor) as file:
        found = look(file)
    pixels = written(values_of(found.pixels)) if found.pixels else None
    return json.dumps({"seen": written(values_of(found.seen)), "pixels": pixels}).encode()


def digest_of(descriptor: int) -> bytes:
    """Say in JSON what a file's pixels are, or why that is not known."""
    with again(descriptor) as file:
        try:
            found = written(values_of(digest(file)))
        except TooLarge:
            found = {"reason": "over_budget"}
        except Undecodable:
            found = {"reason": "not_decodable"}
    return json.dumps(found).encode()


class Beside(io.RawIOBase):
    """An open file read from a place of its own: the worker reads the same one meanwhile.

    Opened anew by its number it would lose O_NOATIME, and its source would not be as it was.
    """

    def __init__(self, descriptor: int) -> None:
        """Begin at the beginning."""
        self._descriptor = descriptor
        self._place = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any place can be gone to."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever holds bytes
        """Read from its place on."""
        count = os.preadv(self._descriptor, [buffer], self._place)
        self._place += count
        return count

    def readall(self) -> bytes:
        """Read from its place to its end at once; the base class would by pieces of 8 KiB."""
        pieces: list[bytes] = []
        end = os.fstat(self._descriptor).st_size
        while piece := os.pread(self._descriptor, max(0, end - self._place), self._place):
            pieces.append(piece)
            self._place += len(piece)
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        end = os.fstat(self._descriptor).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: end}[whence]
        if start + offset < 0:
            message = "a place before the beginning"
            raise ValueError(message)
        self._place = start + offset
        return self._place


def again(descriptor: int) -> io.BufferedReader:
    """Return an open file with a place of its own; to be closed, which leaves the other open."""
    return io.BufferedReader(Beside(descriptor), READ_AHEAD)


def written(said: dict[str, Any]) -> dict[str, Any]:
    """Write digests in hexadecimal, as JSON has no bytes."""
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in said.items()
    }


ANSWERS: dict[str, Callable[[int], bytes]] = {"look": look_at, "pixels": digest_of}

if __name__ == "__main__":
    main(sys.argv[1:])
