"""How much memory each kind of process took at its highest."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from app.kit.postgres import postmaster
from app.kit.postgres.home import Home

SAMPLE_SECONDS = 0.2


class Peaks:
    """The highest resident memory seen of any one process of a kind, as the kernel keeps it."""

    def __init__(self, roots: Mapping[str, int], home: Home) -> None:
        self._roots = dict(roots)
        self._home = home
        self._highest: dict[str, int] = {}
        self._lock = threading.Lock()

    def sample(self) -> None:
        """Look at every process once."""
        found = [(kind, process) for kind, process in self._all()]
        with self._lock:
            for kind, process in found:
                highest = max(self._highest.get(kind, 0), high_water(process.pid))
                if highest:
                    self._highest[kind] = highest

    def megabytes(self) -> dict[str, float]:
        """Return the peaks by kind."""
        self.sample()
        with self._lock:
            return {kind: round(size / 1e6, 1) for kind, size in sorted(self._highest.items())}

    def _all(self) -> Iterator[tuple[str, psutil.Process]]:
        server = postmaster.living_pid(self._home)
        roots = self._roots | ({"postgres_largest": server} if server else {})
        for kind, pid in roots.items():
            with suppress(psutil.NoSuchProcess):
                root = psutil.Process(pid)
                yield kind, root
                children = [] if pid == os.getpid() else root.children(recursive=True)
                yield from ((kind_of(kind, below), below) for below in children)


def kind_of(root: str, process: psutil.Process) -> str:
    """Name a process by what it does: the worker's children are readers and their ExifTool."""
    if root != "worker":
        return root
    try:
        return "exiftool" if process.name() == "perl" else "reader"
    except psutil.NoSuchProcess:
        return "reader"


def high_water(pid: int) -> int:
    """Return the most memory in bytes that a process ever held; 0 when it has ended."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def watching(roots: Mapping[str, int], data_dir: Path) -> Iterator[Peaks]:
    """Sample these processes and all below them, and the database's, as long as the block lasts."""
    peaks = Peaks(roots, Home((data_dir / "postgres").resolve()))
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            peaks.sample()

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peaks
    finally:
        ended.set()
        looking.join()
