"""The measuring child: confines itself, then measures one pair after another.

Run by aligner.py as `python -m app.fingerprints.registration.child SOCKET MEMORY CPU`. A pair comes
as a frame with both keys; the child asks for a file by its side's letter only if it has not kept
enough of its picture, and the answer is a line of JSON with the difference map behind it.
"""

import json
import os
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, BinaryIO

import cv2

from app.fingerprints.registration.codings import Coded, coded
from app.fingerprints.registration.geometry import SEED
from app.fingerprints.registration.kept import Decode, Kept, Read
from app.fingerprints.registration.measuring import measured
from app.fingerprints.seeing.picture import Picture, Undecodable, decoded
from app.fingerprints.shown import TooLarge
from app.readings.child import greet
from app.readings.sandbox import Limits, confine, forbid_processes
from app.readings.wire import Gone, Kind, receive_descriptors, receive_frame, send_frame

KEPT_BYTES = 768 * 1024 * 1024  # of pictures and features
PATIENCE = 1_000_000.0  # seconds that the worker may be silent; when it goes, the socket closes
SIDES = ("a", "b")
Ask = Callable[[str], int]  # for a side's open file


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, memory, cpu = map(int, arguments)
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    with socket.socket(fileno=number) as connection:
        network = confine(Limits(memory_bytes=memory, cpu_seconds=cpu), connection.fileno())
        forbid_processes()
        greet(connection, "OpenCV", cv2.__version__, network)
        serve(connection)


def serve(connection: socket.socket) -> None:
    """Answer for every pair in its order; return when the worker closes, or memory is out."""
    keeping = Keeping()
    while True:
        try:
            _, body = receive_frame(connection, monotonic() + PATIENCE)
        except Gone:
            return
        try:
            answer = answered(keeping, json.loads(body), partial(asked, connection))
        except Gone:
            return
        except MemoryError:
            send_frame(connection, Kind.OUT_OF_MEMORY)
            return
        send_frame(connection, Kind.ANSWER, answer)


def asked(connection: socket.socket, side: str) -> int:
    """Ask the worker for the open file of a side.

    Raises:
        Gone: it has none to give.
    """
    send_frame(connection, Kind.HELLO, side.encode())
    descriptors = receive_descriptors(connection)
    if not descriptors:
        raise Gone
    return descriptors[0]


class Keeping:
    """Pictures of the last pairs, by their files' keys, as many as fit."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        """Keep nothing yet."""
        self._most = most_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def of(self, key: str, decode: Decode, coding: Read = lambda: None) -> Kept:
        """Return what is kept by a key, which decodes anew, where it must, by what is given."""
        kept = self._kept.setdefault(key, Kept(decode))
        kept.decode, kept.coding = decode, coding
        self._kept.move_to_end(key)
        return kept

    def tidy(self) -> None:
        """Give up large pictures, then whole ones, the oldest first; the last pair stays."""
        for key in list(self._kept)[:-2]:
            if self._held() > self._most:
                self._kept[key].forget_detail()
        while self._held() > self._most and len(self._kept) > 2:
            self._kept.popitem(last=False)

    def _held(self) -> int:
        return sum(kept.held_bytes for kept in self._kept.values())


def answered(keeping: Keeping, keys: dict[str, str], ask: Ask) -> bytes:
    """Measure a pair and say in one line of JSON what came of it, and behind it the map.

    Raises:
        Gone: the worker closed, or has no file to give.
        MemoryError: it needs more than this process may have.
    """
    cv2.setRNGSeed(SEED)
    descriptors: dict[str, int] = {}
    try:
        opening = {side: partial(_opened, side, descriptors, ask) for side in SIDES}
        a, b = (
            keeping.of(keys[side], partial(_decoded, file), partial(_coded, file))
            for side, file in opening.items()
        )
        numbers, content = measured(a, b)
        said: dict[str, Any] = {"outcome": "measured", "measured": numbers}
    except TooLarge:
        said, content = {"outcome": "too_large"}, None
    except Undecodable:
        said, content = {"outcome": "undecodable"}, None
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise
    finally:
        _close(descriptors)
    keeping.tidy()
    return json.dumps(said, allow_nan=False).encode() + b"\n" + (content or b"")


def _opened(side: str, descriptors: dict[str, int], ask: Ask) -> BinaryIO:
    if side not in descriptors:
        descriptors[side] = ask(side)
    return open(descriptors[side], "rb", closefd=False)


def _decoded(opening: Callable[[], BinaryIO], longest: int) -> Picture:
    with opening() as file:
        return decoded(file, longest)


def _coded(opening: Callable[[], BinaryIO]) -> Coded | None:
    with opening() as file:
        return coded(file)


def _close(descriptors: dict[str, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1:])
