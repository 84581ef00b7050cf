"""Real worker processes on a world's database, with signs of life that a suite can wait for."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from world import World

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
COMMAND = "from app.cli import main; main()"
HASTY = {"CATALOGUE_WORKER_HEARTBEAT_SECONDS": "0.3", "CATALOGUE_WORKER_STALLED_SECONDS": "1.2"}
DOING = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND task_name = :task"
IN_TRANSACTION = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL
   AND pid <> pg_backend_pid() AND usename = 'catalogue_worker'
"""
UNFINISHED = "SELECT id FROM procrastinate_jobs WHERE task_name NOT LIKE 'sweep.%'"


@dataclass(frozen=True, slots=True)
class Working:
    """One worker process and the file of its words."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def words(self) -> str:
        """Return what it has said."""
        return self.log.read_text("utf-8")

    def children(self) -> list[psutil.Process]:
        """Return the readers that it keeps."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def pause(self) -> None:
        """Stop the process as a suspended machine would."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def ended(self, number: int | None = None) -> int:
        """Send a signal, if any, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        return self.process.wait(30)


def without_rights() -> None:
    """Let what is run next read only what its user may: root's rights over files are taken away.

    It runs in the child; for root, the kernel makes them anew from what is left of this set.
    """
    if os.geteuid() == 0:
        for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, right, 0, 0, 0)


@contextmanager
def working(
    world: World, name: str, first: Callable[[], None] | None = None, /, **told: str
) -> Iterator[Working]:
    """Run `catalogue worker` on the world's database; it is killed when the block ends."""
    measured = os.getenvb(b"COVERAGE_PROCESS_CONFIG")
    watched = {"COVERAGE_PROCESS_CONFIG": os.fsdecode(measured)} if measured else {}
    surroundings = {
        "PATH": os.defpath,
        "HOME": str(world.folder),
        "LANG": "C.UTF-8",
        "CATALOGUE_DATABASE_URL": world.urls("catalogue_worker"),
        "CATALOGUE_ALLOWED_ROOTS": json.dumps([str(world.folder)]),
    }
    log = world.folder / f"{name}.log"
    with log.open("ab") as words:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-I", "-c", COMMAND, "worker", "--concurrency", "1"],
            cwd=world.folder,
            env=surroundings | watched | HASTY | told,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            preexec_fn=first,  # noqa: PLW1509 - the child is to begin otherwise
        )
    try:
        yield Working(process, log)
    finally:
        process.kill()
        process.wait()


def until(met: Callable[[], object], seconds: float = 60.0, *, pause: float = 0.3) -> None:
    """Wait until something holds; look ever less often, after `pause` seconds at the most."""
    began = time.monotonic()
    while not met():
        waited = time.monotonic() - began
        assert waited < seconds, "it did not come true in time"
        time.sleep(min(pause, max(0.02, waited / 20)))


def pause_amid(world: World, worker: Working, task: str) -> None:
    """Pause a worker that is doing such a job and has no transaction open."""
    until(lambda: world.find(DOING, task=task), pause=0.02)  # it soon passes
    worker.pause()
    while world.find(IN_TRANSACTION):
        worker.resume()
        time.sleep(0.02)
        worker.pause()
    assert world.find(DOING, task=task)


def at_rest(world: World) -> bool:
    """Tell whether no job is left but those that the clock writes."""
    return not world.find(UNFINISHED)
