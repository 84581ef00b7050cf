"""The worker's side of decoding: a confined child for a few files, outliving whatever dies."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from app.readings.exiftool import environment
from app.readings.sandbox import HOME_PREFIX, Limits
from app.readings.wire import Gone, Kind, receive_frame, send_descriptors

LIMITS = Limits(memory_bytes=1 << 30, cpu_seconds=120)
WALL_SECONDS = 20.0
START_SECONDS = 60.0
UNDECODABLE = "undecodable"
JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What came of one file: a small JPEG, or why there is none."""

    outcome: str  # made, too_large, undecodable
    reason: str | None = None  # why undecodable, where the child did not live to say
    width: int = 0
    height: int = 0
    content: bytes = b""


class Thumbnailer:
    """Makes small pictures of open files, in their order, each within its limits.

    A child is warm for the files of one `with` block only, and never after one that went wrong.

    Raises:
        ChildProcessError: no child can be started; nothing was made, and that is no file's fault.
    """

    def __init__(self, limits: Limits = LIMITS, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._limits = limits
        self._seconds = wall_seconds
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._drop()

    def make(self, descriptors: Sequence[int]) -> list[Thumbnail]:
        """Return what came of each open file."""
        return [self._make_one(descriptor) for descriptor in descriptors]

    def _make_one(self, descriptor: int) -> Thumbnail:
        if self._child is None:  # one that does not start says nothing of the file
            self._child = _Child(self._limits)
        try:
            send_descriptors(self._child.connection, [descriptor])
            kind, body = receive_frame(self._child.connection, monotonic() + self._seconds)
            if kind is Kind.ANSWER:
                return _read(body)
        except TimeoutError:
            return self._failed("timed_out")
        except (Gone, OSError, ValueError, KeyError, TypeError):
            return self._failed("crashed")
        return self._failed("out_of_memory" if kind is Kind.OUT_OF_MEMORY else "crashed")

    def _failed(self, reason: str) -> Thumbnail:
        self._drop()
        return Thumbnail(UNDECODABLE, reason)

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


class _Child:
    """One decoding process with its socket and private folder."""

    def __init__(self, limits: Limits) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
        self.connection, theirs = socket.socketpair()
        bounds = [theirs.fileno(), limits.memory_bytes, limits.cpu_seconds]
        # Each arena of the allocator reserves address space, which is what is limited.
        told = environment(self.home) | {"MALLOC_ARENA_MAX": "1"}
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module and numbers
                [sys.executable, "-I", "-B", "-m", "app.fingerprints.decoding", *map(str, bounds)],
                cwd=self.home,
                env=told,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            kind, _ = receive_frame(self.connection, monotonic() + START_SECONDS)
        except (Gone, TimeoutError):
            kind = Kind.CRASHED
        if kind is not Kind.HELLO:
            self.kill()
            raise ChildProcessError

    def kill(self) -> None:
        """End the child, whatever it is doing, and clear up after it."""
        self.connection.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _read(body: bytes) -> Thumbnail:
    """Read an answer with suspicion: whoever wrote it may obey the file by now.

    Raises:
        ValueError, KeyError, TypeError: no answer that a sound child gives.
    """
    head, _, content = body.partition(b"\n")
    said = json.loads(head)
    outcome, width, height = said["outcome"], int(said["width"]), int(said["height"])
    made = outcome == "made" and content.startswith(JPEG) and width > 0 and height > 0
    if not made and (content or outcome not in ("too_large", UNDECODABLE)):
        raise ValueError
    reason = "not_decodable" if outcome == UNDECODABLE else None
    return Thumbnail(outcome, reason, width, height, content)
