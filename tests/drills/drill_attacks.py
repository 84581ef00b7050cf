"""Every attack against a real reading worker: hangs, deaths, reasons, peak memory, slowest file.

    PYTHONPATH=tests python tests/drills/drill_attacks.py [--small] > bench/results/attacks.json

Prints one JSON object; ends with 1 unless nothing hung and no worker died. The hostile corpus comes
along where there is one. A worker here is a process of its own that has files read exactly as the
catalogue's does; it is watched from outside, and started anew should it ever die.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from time import monotonic
from typing import Any

import psutil
from hostile.all_attacks import generated, small

from app.readings.extractor import Extractor

CORPUS = Path(
    os.environ.get("CATALOGUE_CORPUS", Path(__file__).parents[2] / "../shared/corpus")  # noqa: TID251
).resolve()
HANG_SECONDS = 100.0  # beyond what the worker's own limits, asked twice and falling back, can take
SAMPLE_SECONDS = 0.02
STOPPED = {"timed_out", "out_of_memory", "crashed"}  # by a limit, which is what limits are for
ROLES = {"app.readings.child": "reading child", "exiftool": "tool", "drill_attacks.py": "worker"}


def work() -> None:
    """Read the file of each line of the input and say in a line what came of it."""
    with Extractor() as extractor:
        print("ready", flush=True)  # noqa: T201
        for line in sys.stdin:
            descriptor = os.open(line.rstrip("\n"), os.O_RDONLY | os.O_NONBLOCK)
            began = monotonic()
            [found] = extractor.read([descriptor])
            os.close(descriptor)
            said = [found.outcome, found.reason, found.tool, round(monotonic() - began, 3)]
            print(json.dumps(said), flush=True)  # noqa: T201


class Worker:
    """A worker process and what it says, read by a thread so that silence can be timed."""

    def __init__(self) -> None:
        command = [sys.executable, __file__, "--worker"]
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._lines.get(timeout=HANG_SECONDS)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def ask(self, path: Path) -> list[Any]:
        """Have a file read; an empty answer says that the worker died.

        Raises:
            Empty: nothing came in time.
        """
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            print(path, file=self.process.stdin, flush=True)
        answer: list[Any] = json.loads(self._lines.get(timeout=HANG_SECONDS) or "[]")
        return answer

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


class Memory:
    """The most that each process of a worker's family ever held, by what it is."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error, OSError, StopIteration):
                    said = " ".join(process.cmdline())
                    role = next(role for mark, role in ROLES.items() if mark in said)
                    peak = high_water(process.pid)
                    self.peaks[role] = max(self.peaks.get(role, 0), peak)


def high_water(process: int) -> int:
    """Return the most resident memory that a process ever had, in bytes; 0: it just ended."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    peaks = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(next(peaks, "VmHWM: 0 kB").split()[1]) * 1024


def attacks(folder: Path, *, only_small: bool) -> Iterator[tuple[str, Path]]:
    """Write each attack to a file just before it is read, and remove it after; then the corpus."""
    for number, (name, content) in enumerate(small() if only_small else generated()):
        path = folder / f"{number}.jpg"
        path.write_bytes(content)
        yield name, path
        path.unlink()
    for path in sorted((CORPUS / "_hostile").rglob("*")):
        if path.is_file():
            yield f"corpus:{path.name}", path


def drill(*, only_small: bool) -> dict[str, Any]:
    """Have every attack read and count what came of it."""
    counts: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    times: list[tuple[float, str]] = []
    named: dict[str, list[str]] = {"hangs": [], "worker_deaths": []}
    with tempfile.TemporaryDirectory() as folder, Memory() as memory:
        worker = Worker()
        for name, path in attacks(Path(folder), only_small=only_small):
            counts["corpus" if name.startswith("corpus:") else "generated"] += 1
            try:
                answer = worker.ask(path)
            except Empty:
                answer = []
                named["hangs"].append(name)
            else:
                if not answer:
                    named["worker_deaths"].append(name)
            if not answer:
                worker.end()
                worker = Worker()
                continue
            outcome, reason, _, seconds = answer
            outcomes[outcome] += 1
            reasons[reason or ""] += 1
            if reason in STOPPED:
                named.setdefault(reason, []).append(name)
            times.append((seconds, name))
        worker.end()
    return (
        figures(counts, outcomes, reasons, named)
        | slowest(times)
        | {"peak_memory_bytes": memory.peaks}
    )


def figures(
    counts: Counter[str],
    outcomes: Counter[str],
    reasons: Counter[str],
    named: dict[str, list[str]],
) -> dict[str, Any]:
    """Say what was counted."""
    del reasons[""]
    return {
        "name": "attacks",
        "attacks": sum(counts.values()),
        **counts,
        "hangs": len(named["hangs"]),
        "worker_deaths": len(named["worker_deaths"]),
        "named": named,
        "outcomes": dict(outcomes),
        "unreadable_by_reason": dict(sorted(reasons.items())),
    }


def slowest(times: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """Name the slowest files."""
    worst = sorted(times, reverse=True)[:5]
    return {
        "seconds": round(sum(seconds for seconds, _ in times), 1),
        "slowest": [{"file": name, "seconds": seconds} for seconds, name in worst],
    }


def main() -> None:
    """Run as a worker, or as what watches one."""
    options = ArgumentParser()
    options.add_argument("--worker", action="store_true")
    options.add_argument("--small", action="store_true", help="leave out files over 2 MB")
    said = options.parse_args()
    if said.worker:
        work()
        return
    found = drill(only_small=said.small)
    print(json.dumps(found, indent=2))  # noqa: T201
    sys.exit(bool(found["hangs"] or found["worker_deaths"]))


if __name__ == "__main__":
    main()
