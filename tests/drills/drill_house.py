"""An installation of its own whose processes are brought back whenever they fall."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import psutil

from app.cli.processes import free_port, surroundings
from app.kit.postgres import postmaster
from app.kit.postgres.home import open_home

ROOT = Path(__file__).parents[2]
# The code beside this file, though -I keeps the surroundings from deciding what runs.
COMMAND = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from app.cli import main; main()"
HASTY = {"CATALOGUE_WORKER_HEARTBEAT_SECONDS": "1", "CATALOGUE_WORKER_STALLED_SECONDS": "4"}


class House:
    """One web process and some workers over an embedded PostgreSQL; only these are ever killed."""

    def __init__(self, home: Path, *, workers: int = 2) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home.resolve()
        self.sources = self.home / "sources"
        self.sources.mkdir(exist_ok=True)
        port = free_port()
        measured = os.getenvb(b"COVERAGE_PROCESS_CONFIG")
        watched = {"COVERAGE_PROCESS_CONFIG": os.fsdecode(measured)} if measured else {}
        self.told = surroundings(self.home, [self.sources], port) | HASTY | watched
        self.url = f"http://127.0.0.1:{port}"
        self.names = ["serve", *(f"worker-{number}" for number in range(workers))]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.started = 0

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Bring back whatever falls as long as the block lasts; then ask all to end."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(0.1):
                for name in self.names:
                    if name not in self.running or self.running[name].poll() is not None:
                        self.running[name] = self.start(name)

        keeper = threading.Thread(target=keep)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()
            for child in self.running.values():
                child.terminate()
            for child in self.running.values():
                try:
                    child.wait(40)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process; its words are added to those of its forerunners."""
        self.started += 1
        words = [sys.executable, "-I", "-c", COMMAND, name.partition("-")[0]]
        if name.startswith("worker"):
            words += ["--concurrency", "1"]
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and program
                words,
                cwd=self.home,
                env=self.told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_ready(self, seconds: float = 120.0) -> None:
        """Wait until the web process answers that it is ready."""
        deadline = time.monotonic() + seconds
        with httpx2.Client(base_url=self.url, timeout=5, trust_env=False, verify=False) as http:
            while True:
                with suppress(httpx2.TransportError):
                    if http.get("/readyz").status_code == 200:
                        return
                assert time.monotonic() < deadline, "the web process did not get ready"
                time.sleep(0.1)

    def kill_one(self, what: str, chance: random.Random) -> bool:
        """Kill `web`, `worker`, `postmaster` or `backend` with SIGKILL; False: none lives."""
        pid = self.victim(what, chance)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def victim(self, what: str, chance: random.Random) -> int | None:
        """Return the number of a process of ours."""
        if what in ("web", "worker"):
            names = [n for n in self.names if n.startswith("serve" if what == "web" else "worker")]
            found = [self.running[n] for n in names if n in self.running]
            living = [child.pid for child in found if child.poll() is None]
            return chance.choice(living) if living else None
        server = postmaster.living_pid(open_home(self.home))
        if server is None or what == "postmaster":
            return server
        with suppress(psutil.NoSuchProcess):
            backends = psutil.Process(server).children()
            return chance.choice(backends).pid if backends else None
        return None

    def logs(self) -> Sequence[Path]:
        """Return the files of the processes' words."""
        return [self.home / f"{name}.log" for name in self.names]
