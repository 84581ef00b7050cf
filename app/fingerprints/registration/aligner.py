"""The worker's side of measuring: a confined child for many pairs, outliving what dies."""

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import cv2
import numpy as np

from app.fingerprints.confined import Child
from app.fingerprints.registration.measuring import METHOD
from app.readings.sandbox import Limits
from app.readings.wire import Gone, Kind, receive_frame, send_descriptors, send_frame

__all__ = ["METHOD", "Aligner", "Measurement", "Side"]

MODULE = "app.fingerprints.registration.child"
LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=900)
WALL_SECONDS = 60.0  # of one pair
RENEWED_AFTER = 300.0  # seconds: before a child's own limit of time can meet a sound pair
PNG, MOST_MAP_BYTES = b"\x89PNG\r\n\x1a\n", 262_144
MOST_SAID_BYTES = 65_536
FAILED = ("undecodable", "too_large")
TOOLS = {"OpenCV": cv2.__version__, "NumPy": np.__version__, "method": METHOD}


@dataclass(frozen=True, slots=True)
class Side:
    """One file of a pair: what its picture is kept by, and how it is opened when it is needed."""

    key: UUID
    open: Callable[[], AbstractContextManager[int]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came of one pair; numbers and map are there when it was measured."""

    outcome: str  # measured, undecodable, too_large, timed_out, crashed, out_of_memory
    measured: dict[str, Any] | None = None
    difference_map: bytes | None = None
    tools: dict[str, Any] = field(default_factory=lambda: dict(TOOLS))


class Aligner:
    """Measures pairs of open files, each within its limits.

    A child is warm until it is old or the `with` block ends, and never after one that went wrong.

    Raises:
        ChildProcessError: no child can be started; nothing was measured, and no file is to blame.
    """

    def __init__(self, limits: Limits = LIMITS, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._limits = limits
        self._seconds = wall_seconds
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._drop()

    def measure(self, a: Side, b: Side) -> Measurement:
        """Measure a pair; a file is opened only if the child has not kept what it needs of it.

        Raises:
            Exception: whatever opening a side, or letting it go, raises.
        """
        if self._child is not None and self._child.older_than(RENEWED_AFTER):
            self._drop()
        if self._child is None:
            self._child = Child(MODULE, self._limits)
        try:
            with ExitStack() as held:
                return self._measured(self._child.connection, {"a": a, "b": b}, held)
        except BaseException:
            # What opening said is the caller's to judge; what the child made of it is not kept.
            self._drop()
            raise

    def _measured(
        self, connection: socket.socket, sides: dict[str, Side], held: ExitStack
    ) -> Measurement:
        keys = {name: str(side.key) for name, side in sides.items()}
        until = monotonic() + self._seconds
        with _Failures() as failures:
            send_frame(connection, Kind.ANSWER, json.dumps(keys).encode())
        while failures.outcome is None:
            with failures:
                kind, body = receive_frame(connection, until)
                if kind is Kind.ANSWER:
                    return read(body)
                if kind is not Kind.HELLO:
                    failures.outcome = "out_of_memory" if kind is Kind.OUT_OF_MEMORY else "crashed"
                    continue
                wanted = sides[body.decode("ascii")]
            if failures.outcome is None:
                descriptor = held.enter_context(wanted.open())
                with failures:
                    send_descriptors(connection, [descriptor])
        self._drop()
        return Measurement(failures.outcome)

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Failures:
    """Turns what talking with a child raises into an outcome; opening files stands outside it."""

    def __init__(self) -> None:
        self.outcome: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> bool:
        if isinstance(error, TimeoutError):
            self.outcome = "timed_out"
        elif isinstance(error, Gone | OSError | ValueError | KeyError | TypeError):
            self.outcome = "crashed"
        return self.outcome is not None


def read(body: bytes) -> Measurement:
    """Read an answer with suspicion: whoever wrote it may obey a file by now.

    Raises:
        ValueError, KeyError, TypeError: no answer that a sound child gives.
    """
    head, _, content = body.partition(b"\n")
    if len(head) > MOST_SAID_BYTES or len(content) > MOST_MAP_BYTES:
        raise ValueError
    said = json.loads(head, parse_constant=_refused)
    outcome, numbers = said["outcome"], said.get("measured")
    if outcome != "measured":
        if outcome not in FAILED or numbers is not None or content:
            raise ValueError
        return Measurement(outcome)
    if not isinstance(numbers, dict) or not (content == b"" or content.startswith(PNG)):
        raise ValueError
    return Measurement(outcome, numbers, content or None)


def _refused(constant: str) -> float:
    raise ValueError(constant)
