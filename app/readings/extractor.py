"""The worker's side of reading: keeps a confined child warm, and outlives whatever kills it."""

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
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from app.kit.settings import settings
from app.readings.compute import conclude, failed
from app.readings.exiftool import TOOL, UnfitTool, environment, find_tool, prove_fit
from app.readings.extraction import Extraction, Outcome
from app.readings.fallback import FALLBACK, FALLBACK_VERSION
from app.readings.formats import EMPTY_FILE, fallback_reads
from app.readings.sandbox import HOME_PREFIX, Limits
from app.readings.wire import BATCH, Gone, Kind, receive_frame, send_descriptors

HEAD = 64  # bytes of each file that the worker itself looks at
FILES_A_CHILD = 500  # then a fresh one takes over, so that nothing can pile up
START_SECONDS = 60.0
FALLBACK_SECONDS = 10.0
_REASONS = {
    Kind.TOO_LONG: "answer_too_long",
    Kind.OUT_OF_MEMORY: "out_of_memory",
    Kind.CRASHED: "crashed",
}
_TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file brought: the tool's JSON, or the reason why there is none."""

    body: bytes = b""
    reason: str | None = None
    alone: bool = True  # the child had read nothing before, so no other file can be to blame


@dataclass(slots=True)
class Child:
    """One reading process with its tool, socket and private folder."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    home: Path
    hello: bytes = b""
    files: int = field(default=0)

    @classmethod
    def start(cls, reader: str, script: Path, limits: Limits, trusted: Path | None = None) -> Self:
        """Start a child in its own session and wait until it is confined and ready.

        Raises:
            UnfitTool: it ended, or said nothing for START_SECONDS.
        """
        home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
        ours, theirs = socket.socketpair()
        bounds = [limits.memory_bytes, limits.cpu_seconds]
        command = [sys.executable, "-I", "-B", "-m", "app.readings.child"]
        command += [str(theirs.fileno()), reader, str(script), *map(str, bounds)]
        command += [str(trusted.resolve())] if trusted else []
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own module and numbers
                command,
                cwd=home,
                env=environment(home),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        child = cls(process, ours, home)
        try:
            kind, child.hello = receive_frame(ours, monotonic() + START_SECONDS)
        except (Gone, TimeoutError):
            kind = Kind.CRASHED
        if kind is not Kind.HELLO:
            child.kill()
            raise UnfitTool(f"The reading child ({reader}) did not start.")
        return child

    def ask(self, descriptors: Sequence[int], seconds: float) -> list[Answer]:
        """Return answers in order, ending early with the first file that took the child along."""
        answers: list[Answer] = []
        try:
            send_descriptors(self.connection, descriptors)
        except ConnectionError:
            return [Answer(reason="crashed", alone=False)]
        for _ in descriptors:
            alone, self.files = self.files == 0, self.files + 1
            try:
                kind, body = receive_frame(self.connection, monotonic() + seconds)
            except TimeoutError:
                return [*answers, Answer(reason=_TIMED_OUT)]
            except Gone:
                return [*answers, Answer(reason="crashed", alone=alone)]
            answers.append(Answer(body, _REASONS.get(kind), alone))
            if kind in (Kind.OUT_OF_MEMORY, Kind.CRASHED):
                break
        return answers

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
        shutil.rmtree(self.home, ignore_errors=True)


class Extractor:
    """Reads open files in a child that may hang, crash or run out of memory on any of them.

    It serves one thread at a time, which need not always be the same.

    Raises:
        UnfitTool: on entering, when ExifTool or its Perl is not fit; nothing is read then.
    """

    def __init__(
        self,
        script: Path | None = None,
        *,
        wall_seconds: float = 30.0,
        limits: Limits | None = None,
        trusted: Path | None = None,
    ) -> None:
        self._script = script or settings().exiftool
        self._trusted = trusted or settings().c2pa_trust
        self._seconds = wall_seconds
        self._limits = limits or Limits()
        self._child: Child | None = None
        self._version = ""

    def __enter__(self) -> Self:
        self._script = find_tool(self._script)
        with tempfile.TemporaryDirectory(prefix=HOME_PREFIX) as home:
            self._version = prove_fit(self._script, environment(Path(home)))
        self._warm_child()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._drop_child()

    @property
    def version(self) -> str:
        """The ExifTool that reads."""
        return self._version

    @property
    def network(self) -> str:
        """How its child is cut off: `namespace`, `user namespace`, or `open` where refused."""
        return str(json.loads(self._warm_child().hello)["network"])

    def read(self, descriptors: Sequence[int]) -> list[Extraction]:
        """Return what each open file says of itself, in order; no file costs another its answer.

        Offsets of the descriptors stay where they are.
        """
        found: list[Extraction] = []
        for start in range(0, len(descriptors), BATCH):
            batch = descriptors[start : start + BATCH]
            asked = [descriptor for descriptor in batch if os.fstat(descriptor).st_size]
            answers = dict(zip(asked, self._answers(asked), strict=True))
            found += [self._conclude(descriptor, answers.get(descriptor)) for descriptor in batch]
        return found

    def _answers(self, descriptors: Sequence[int]) -> list[Answer]:
        answers: list[Answer] = []
        while rest := descriptors[len(answers) :]:
            part = self._warm_child().ask(rest, self._seconds)
            if self._survived(part[-1]):
                answers += part
                continue
            self._drop_child()
            if not part[-1].alone and part[-1].reason != _TIMED_OUT:
                part[-1:] = self._answers_alone(rest[len(part) - 1])
            answers += part
        return answers

    def _answers_alone(self, descriptor: int) -> list[Answer]:
        """Ask again in a fresh child: only a failure that no other file can explain is final."""
        answers = self._warm_child().ask([descriptor], self._seconds)
        if not self._survived(answers[0]):
            self._drop_child()
        return answers

    @staticmethod
    def _survived(answer: Answer) -> bool:
        return answer.reason in (None, _REASONS[Kind.TOO_LONG])

    def _warm_child(self) -> Child:
        child = self._child
        if child and (child.files >= FILES_A_CHILD or child.ended()):
            self._drop_child()
        self._child = self._child or Child.start(
            TOOL, Path(self._script or ""), self._limits, self._trusted
        )
        return self._child

    def _drop_child(self) -> None:
        if self._child:
            self._child.kill()
        self._child = None

    def _conclude(self, descriptor: int, answer: Answer | None) -> Extraction:
        size, head = os.fstat(descriptor).st_size, os.pread(descriptor, HEAD, 0)
        if answer is None:
            return failed(EMPTY_FILE, TOOL, self._version)
        if answer.reason:
            found = failed(answer.reason, TOOL, self._version)
        else:
            found = conclude(answer.body, head, size, TOOL, self._version)
        if not found.raw and fallback_reads(head):  # it failed; a file it calls broken is answered
            return self._fall_back(descriptor, head, size) or found
        return found

    def _fall_back(self, descriptor: int, head: bytes, size: int) -> Extraction | None:
        """Ask the limited reader, in a child for this file only; None when it knows no more."""
        child = Child.start(FALLBACK, Path(), self._limits)
        try:
            answer = child.ask([descriptor], min(self._seconds, FALLBACK_SECONDS))[0]
        finally:
            child.kill()
        if answer.reason:
            return None
        found = conclude(answer.body, head, size, FALLBACK, FALLBACK_VERSION, limited=True)
        return found if found.outcome is Outcome.READ else None
