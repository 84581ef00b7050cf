"""An installation of its own for tests that kill, fill and restore: real processes, real HTTP."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from app.cli.processes import free_port, surroundings
from app.kit.postgres import postmaster
from app.kit.postgres.home import Home

SHM = Path("/dev/shm")  # noqa: S108 - each test makes a private folder in it
MEMORY = SHM if SHM.is_dir() and shutil.disk_usage(SHM).free > 2**30 else None
COMMAND = "from app.cli import main; main()"
# A suite cannot wait for the half minute after which a silent worker counts as dead.
HASTY = {"CATALOGUE_WORKER_HEARTBEAT_SECONDS": "0.5", "CATALOGUE_WORKER_STALLED_SECONDS": "3"}


class House:
    """An installation of its own: the embedded server, a web process, workers."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self.home = home
        self.sources = home / "sources"
        self.sources.mkdir()
        port = free_port()
        measured = os.getenvb(b"COVERAGE_PROCESS_CONFIG")
        watched = {"COVERAGE_PROCESS_CONFIG": os.fsdecode(measured)} if measured else {}
        self.told = surroundings(home, [self.sources], port) | watched | HASTY
        self.url = f"http://127.0.0.1:{port}"
        self.before: list[str] = []  # words before each command
        self.seen = home  # where we see what the processes see as their home

    @contextmanager
    def running(self, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of our commands; it is asked to end when the block ends."""
        with (self.home / f"{command}.log").open("ab") as log:
            code = [*self.before, sys.executable, "-I", "-c", COMMAND, command]
            child = subprocess.Popen(code, cwd=self.home, env=self.told, stdout=log, stderr=log)  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)

    def say(self, *words: str) -> str:
        """Run a command to its end and return what it says."""
        code = [*self.before, sys.executable, "-I", "-c", COMMAND, *words]
        done = subprocess.run(code, cwd=self.home, env=self.told, capture_output=True, check=True)  # noqa: S603
        return done.stdout.decode().strip()

    def find(self, statement: str) -> list[Any]:
        """Run one statement as the superuser of the embedded server, which must be up."""
        place = self.seen / "postgres" / "socket"
        told = f"host={place} port=5432 user=postgres dbname=catalogue"
        with psycopg.connect(told, autocommit=True) as db:
            asked = db.execute(statement.encode())
            return asked.fetchall() if asked.description else []

    def postmaster(self) -> int | None:
        """Return the pid of the embedded server, while it lives."""
        return postmaster.living_pid(Home(self.seen / "postgres"))

    def words(self, log: str) -> str:
        """Return a log."""
        return (self.home / log).read_text("utf-8")


class Caller:
    """One key's way into the API."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **told: Any) -> Any:  # noqa: ANN401 - JSON
        """Send one request that must succeed."""
        answer = self.send_as_told(method, path, **told)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def send_as_told(self, method: str, path: str, **told: Any) -> httpx2.Response:  # noqa: ANN401
        """Send one request, whatever comes of it."""
        with httpx2.Client(
            base_url=self.url, headers=self.headers, timeout=60, verify=False
        ) as http:
            return http.request(method, path, **told)

    def send(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Post a body."""
        return self.ask("POST", path, json=body)


def wait_for(met: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
