"""The worker's side of reading: keeps a confined child warm, and outlives whatever kills it."""

import json
import os
import tempfile
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from app.kit.settings import settings
from app.readings.children import REASONS, STOPS, Answer, Child
from app.readings.compute import conclude, failed
from app.readings.exiftool import TOOL, environment, find_tool, prove_fit
from app.readings.extraction import Extraction, Outcome, Stop
from app.readings.fallback import FALLBACK, FALLBACK_VERSION
from app.readings.formats import EMPTY_FILE, fallback_reads
from app.readings.readers import readers, trust_in
from app.readings.sandbox import HOME_PREFIX, Limits
from app.readings.wire import BATCH, Kind

HEAD = 64  # bytes of each file that the worker itself looks at
FILES_A_CHILD = 2000  # then a fresh one takes over, so that nothing can pile up
AHEAD = 2 * BATCH  # files in a child's hands: those of one message wait while it reads the others'
FALLBACK_SECONDS = 10.0


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
        self._readers = readers("")
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
        return list(self.each(descriptors))

    def each(self, descriptors: Iterable[int]) -> Generator[Extraction]:
        """Yield what each open file says of itself, in order, while the child reads the next ones.

        Up to AHEAD descriptors are taken before their turn; they may be closed after it.
        """
        coming = iter(descriptors)
        line: deque[tuple[int, bool]] = deque()  # taken and not answered; whether there is content
        try:
            while True:
                if len(line) <= AHEAD - BATCH:
                    line += [(one, _has_content(one)) for one in islice(coming, BATCH)]
                if not line:
                    return
                self._give([one for one, content in line if content])
                descriptor, content = line.popleft()
                yield self._conclude(descriptor, self._answer(descriptor) if content else None)
        finally:
            if self._child and self._child.unanswered:  # what comes yet answers nobody
                self._drop_child()

    def _give(self, line: Sequence[int]) -> None:
        """Hand the child those in line that it does not have; an aged one gets no more."""
        child = self._warm_child()
        while (more := line[child.unanswered :]) and child.files < FILES_A_CHILD:
            child.give(more[:BATCH])

    def _answer(self, descriptor: int) -> Answer:
        """Wait for the answer about the first in line; after a failure the others are given anew.

        It is asked again alone, in a fresh child: only a failure that no other file can explain is
        final.
        """
        answer = self._warm_child().answer(self._seconds)
        if self._survived(answer):
            return answer
        self._drop_child()
        if answer.alone:
            return answer
        answer = self._warm_child().ask(descriptor, self._seconds)
        if not self._survived(answer):
            self._drop_child()
        return answer

    @staticmethod
    def _survived(answer: Answer) -> bool:
        return answer.reason in (None, REASONS[Kind.TOO_LONG])

    def _warm_child(self) -> Child:
        child = self._child
        if child and not child.unanswered and (child.files >= FILES_A_CHILD or child.ended()):
            self._drop_child()
        if self._child is None:
            trusted = trust_in(self._trusted)
            self._child = Child.start(TOOL, Path(self._script or ""), self._limits, trusted)
            self._readers = readers(trusted)
        return self._child

    def _drop_child(self) -> None:
        if self._child:
            self._child.kill()
        self._child = None

    def _conclude(self, descriptor: int, answer: Answer | None) -> Extraction:
        size, head = os.fstat(descriptor).st_size, os.pread(descriptor, HEAD, 0)
        return replace(self._concluded(descriptor, answer, head, size), readers=self._readers)

    def _concluded(
        self, descriptor: int, answer: Answer | None, head: bytes, size: int
    ) -> Extraction:
        if answer is None:
            return failed(EMPTY_FILE, TOOL, self._version)
        if answer.reason:
            found = failed(answer.reason, TOOL, self._version, answer.noise)
            if answer.reason in STOPS:
                found = replace(found, stopped=Stop(answer.reason, self._version))
        else:
            found = conclude(answer.body, head, size, TOOL, self._version)
        if not found.raw and fallback_reads(head):  # it failed; a file it calls broken is answered
            limited = self._fall_back(descriptor, head, size)
            if limited:
                noise = {**found.noise, **limited.noise}
                return replace(limited, noise=noise, stopped=found.stopped)
        return found

    def _fall_back(self, descriptor: int, head: bytes, size: int) -> Extraction | None:
        """Ask the limited reader, in a child for this file only; None when it knows no more."""
        child = Child.start(FALLBACK, Path(), self._limits)
        try:
            answer = child.ask(descriptor, min(self._seconds, FALLBACK_SECONDS))
        finally:
            child.kill()
        if answer.reason:
            return None
        found = conclude(answer.body, head, size, FALLBACK, FALLBACK_VERSION, limited=True)
        return found if found.outcome is Outcome.READ else None


def _has_content(descriptor: int) -> bool:
    return os.fstat(descriptor).st_size > 0
