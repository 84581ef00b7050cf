"""The worker's side of a decoding child: started when needed, warm, replaced whenever it died."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
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
NOT_AGAIN_SECONDS = 30.0  # after one did not start, so that no batch waits for it file by file
FILES_A_CHILD = 200  # what decoders leak, and a life's time on the processor, end with it
AGAIN = ("crashed", "out_of_memory")  # may be owed to what a child did before
# Each arena of the allocator and each thread of a library reserves address space, which is limited.
# What one file took is kept for the next. As its heap happens to lie, glibc would hand it back and
# have every page zeroed anew, 8,000 of them a look, which then takes half as long again.
FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # bytes: the most that glibc takes
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),  # bytes that an idle child keeps
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class Failed(Exception):
    """A child did not live to answer for a file: timed_out, crashed or out_of_memory."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Confined:
    """Asks one module, run as a child of its own, about one open file after another.

    Raises:
        ChildProcessError: no child can be started; nothing was asked, and that is no file's fault.
    """

    def __init__(
        self,
        module: str,
        limits: Limits = LIMITS,
        *told: str,
        wall_seconds: float = WALL_SECONDS,
    ) -> None:
        self._module, self._told = module, told
        self._limits, self._seconds = limits, wall_seconds
        self._child: Child | None = None
        self._asked: int | None = None
        self._not_before = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._drop()

    def ask(self, descriptor: int) -> None:
        """Pass an open file on; an answer that nobody heard till then is given up."""
        served = self._child.served if self._child is not None else 0
        if self._asked is not None or served >= FILES_A_CHILD:
            self._drop()
        if self._child is None:
            self._start()
        assert self._child is not None  # noqa: S101 - it was started
        self._asked = descriptor
        with suppress(OSError):  # that it is gone is heard instead of its answer
            send_descriptors(self._child.connection, [descriptor])

    def heard(self) -> bytes:
        """Return the answer for the file that was asked about, which is open still.

        What fails in a child that served others before is asked again in a new one.

        Raises:
            Failed: no answer, or none in time.
        """
        assert self._child is not None  # noqa: S101 - nothing is heard that was not asked
        assert self._asked is not None  # noqa: S101
        used, asked = self._child.served > 0, self._asked
        try:
            return self._answer()
        except Failed as failed:
            if not used or failed.reason not in AGAIN:
                raise
        self.ask(asked)
        return self._answer()

    def refuse(self) -> None:
        """Use a child no more whose answer was none that a sound one gives."""
        self._drop()

    def _start(self) -> None:
        """Start a child; one that does not start says nothing of any file."""
        if monotonic() < self._not_before:
            raise ChildProcessError
        try:
            self._child = Child(self._module, self._limits, self._told)
        except ChildProcessError:
            self._not_before = monotonic() + NOT_AGAIN_SECONDS
            raise

    def _answer(self) -> bytes:
        assert self._child is not None  # noqa: S101 - it was asked
        try:
            kind, body = receive_frame(self._child.connection, monotonic() + self._seconds)
        except TimeoutError:
            raise self._failed("timed_out") from None
        except (Gone, OSError):
            raise self._failed("crashed") from None
        if kind is not Kind.ANSWER:
            raise self._failed("out_of_memory" if kind is Kind.OUT_OF_MEMORY else "crashed")
        self._child.served += 1
        self._asked = None
        return body

    def _failed(self, reason: str) -> Failed:
        self._drop()
        return Failed(reason)

    def _drop(self) -> None:
        self._asked = None
        if self._child is not None:
            self._child.kill()
            self._child = None


class Child:
    """One confined process with its socket and private folder."""

    def __init__(self, module: str, limits: Limits, told: Sequence[str] = ()) -> None:
        """Start it.

        Raises:
            ChildProcessError: it did not come to greet.
        """
        self.served = 0
        self._started = monotonic()
        self.home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
        self.connection, theirs = socket.socketpair()
        bounds = [theirs.fileno(), limits.memory_bytes, limits.cpu_seconds]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module, numbers and words
                [sys.executable, "-I", "-B", "-m", module, *map(str, bounds), *told],
                cwd=self.home,
                env=environment(self.home) | FRUGAL,
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

    def older_than(self, seconds: float) -> bool:
        """Tell whether it has lived for longer."""
        return monotonic() - self._started > seconds

    def kill(self) -> None:
        """End the child, whatever it is doing, and clear up after it."""
        self.connection.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
