"""One reading process: started, given files ahead of their turn, heard, killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Self

from app.readings.exiftool import UnfitTool, environment
from app.readings.noise import CHILD, MOST_HEARD, shown, spoken, told
from app.readings.sandbox import HOME_PREFIX, Limits
from app.readings.wire import Gone, Kind, receive_frame, send_descriptors

START_SECONDS = 60.0
REASONS = {
    Kind.TOO_LONG: "answer_too_long",
    Kind.OUT_OF_MEMORY: "out_of_memory",
    Kind.CRASHED: "crashed",
}
TIMED_OUT = "timed_out"
# What may be the machine's doing, or another file's: no answer about the content.
STOPS = frozenset({TIMED_OUT, REASONS[Kind.OUT_OF_MEMORY], REASONS[Kind.CRASHED]})
TRUST = "trusted.pem"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file brought: the tool's JSON, or the reason why there is none."""

    body: bytes = b""
    reason: str | None = None
    alone: bool = True  # the child had no other file, so none can be to blame
    noise: Mapping[str, str] = field(default_factory=dict)  # of an answer that failed, by reader


@dataclass(slots=True)
class Child:
    """One reading process with its tool, socket and private folder."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    home: Path
    hearing: int  # the end of its standard error, of which it is read once
    hello: bytes = b""
    files: int = field(default=0)  # given to it
    unanswered: int = field(default=0)  # of these
    reached: bool = field(default=True)  # by all that was given

    @classmethod
    def start(cls, reader: str, script: Path, limits: Limits, trusted: str = "") -> Self:
        """Start a child in its own session and wait until it is confined and ready.

        The authorities that are trusted lie in its own folder: those, and no later ones, are read.

        Raises:
            UnfitTool: it ended, or said nothing for START_SECONDS.
        """
        home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
        ours, theirs = socket.socketpair()
        bounds = [limits.memory_bytes, limits.cpu_seconds]
        command = [sys.executable, "-I", "-B", "-m", "app.readings.child"]
        command += [str(theirs.fileno()), reader, str(script), *map(str, bounds)]
        if trusted:
            (home / TRUST).write_text(trusted, "ascii")
            command.append(str(home / TRUST))
        hearing, saying = quiet_pipe()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own module and numbers
                command,
                cwd=home,
                env=environment(home),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=saying,
                start_new_session=True,
            )
        os.close(saying)
        child = cls(process, ours, home, hearing)
        try:
            kind, child.hello = receive_frame(ours, monotonic() + START_SECONDS)
        except (Gone, TimeoutError):
            kind = Kind.CRASHED
        if kind is not Kind.HELLO:
            child.kill()
            raise UnfitTool(f"The reading child ({reader}) did not start.")
        return child

    def give(self, descriptors: Sequence[int]) -> None:
        """Hand it up to BATCH files, behind those that it has."""
        self.files += len(descriptors)
        self.unanswered += len(descriptors)
        try:
            send_descriptors(self.connection, descriptors)
        except ConnectionError:  # heard behind its last answer
            self.reached = False

    def answer(self, seconds: float) -> Answer:
        """Wait so long for its answer about the next file; a failure that took it along is last."""
        alone = self.files == 1 and self.reached
        try:
            kind, body = receive_frame(self.connection, monotonic() + seconds)
        except TimeoutError:
            return Answer(reason=TIMED_OUT)  # the clock ran for this file alone
        except Gone:
            return Answer(reason="crashed", alone=alone, noise=self.last_words())
        self.unanswered -= 1
        if (reason := REASONS.get(kind)) is None:
            return Answer(body, alone=alone)
        return Answer(reason=reason, alone=alone, noise=told(body))

    def ask(self, descriptor: int, seconds: float) -> Answer:
        """Return its answer about a file, when it has no others."""
        self.give([descriptor])
        return self.answer(seconds)

    def last_words(self) -> dict[str, str]:
        """Return what a child that died said itself; most of all that dies says nothing."""
        with suppress(BlockingIOError):
            return spoken({CHILD: shown(os.read(self.hearing, MOST_HEARD))})
        return {}

    def ended(self) -> bool:
        """Tell whether it is dead, without giving its process number free for others yet."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        gone = self.process.returncode is not None
        return gone or os.waitid(os.P_PID, self.process.pid, flags) is not None

    def kill(self) -> None:
        """End the child and all it started, whatever they are doing, and clear up after them."""
        self.connection.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.hearing)
        shutil.rmtree(self.home, ignore_errors=True)


def quiet_pipe() -> tuple[int, int]:
    """Make a pipe that nobody waits at: what finds no more room in it is lost, not waited for."""
    hearing, saying = os.pipe()
    os.set_blocking(hearing, False)
    os.set_blocking(saying, False)
    return hearing, saying
