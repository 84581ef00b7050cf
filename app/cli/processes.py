"""The demo's web and worker: real processes, started, watched and ended by their pid."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from app.cli.remote import NotDone
from app.kit.settings import settings

START_SECONDS = 120.0
END_SECONDS = 30.0
# -I: neither the folder that we stand in nor PYTHON* decide what runs.
COMMAND = (sys.executable, "-I", "-c", "from app.cli import main; main()")
Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Running:
    """The web process and its address, and the worker."""

    url: str
    web: Process
    worker: Process


@contextmanager
def running(home: Path, allowed: Sequence[Path]) -> Iterator[Running]:
    """Hold a web process and a worker up as long as the block lasts; their words go to files.

    The database is there already, at the newest revision.
    """
    port = free_port()
    told = surroundings(home, allowed, port)
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as held:
        web = held.enter_context(child("serve", home, told))
        worker = held.enter_context(child("worker", home, told))
        await_ready(url, web, home)
        yield Running(url, web, worker)


def surroundings(home: Path, allowed: Sequence[Path], port: int) -> dict[str, str]:
    """Return all that the children know of their surroundings; the database is the demo's own."""
    found = {
        "PATH": os.defpath,
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "CATALOGUE_DATA_DIR": os.fspath(home),
        "CATALOGUE_ALLOWED_ROOTS": json.dumps([os.fspath(path) for path in allowed]),
        "CATALOGUE_HOST": "127.0.0.1",
        "CATALOGUE_PORT": str(port),
        "CATALOGUE_LOG_LEVEL": settings().log_level,
    }
    chosen = {"CATALOGUE_PG_BIN": settings().pg_bin, "CATALOGUE_EXIFTOOL": settings().exiftool}
    return found | {name: os.fspath(path.absolute()) for name, path in chosen.items() if path}


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def child(command: str, home: Path, told: Mapping[str, str]) -> Iterator[Process]:
    """Run one of our commands; it is ended when the block ends, however that comes."""
    with (home / f"{command}.log").open("wb") as log:
        started = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [*COMMAND, command],
            cwd=home,  # no .env lies there, which might name another database
            env=dict(told),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we end them in order
        )
        try:
            yield started
        finally:
            end(started)


def end(started: Process) -> None:
    """Ask a child to end, and insist if it does not."""
    started.terminate()
    try:
        started.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def await_ready(url: str, web: Process, home: Path) -> None:
    """Wait until the web process answers that it is ready.

    Raises:
        NotDone: it ended, or is not ready after two minutes; with its last words.
    """
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client(base_url=url, timeout=5.0, trust_env=False) as http:
        while time.monotonic() < deadline and web.poll() is None:
            try:
                if http.get("/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass  # not listening yet
            time.sleep(0.1)
    raise NotDone(f"The web process did not get ready:\n{last_words(home / 'serve.log')}")


def last_words(log: Path, lines: int = 15) -> str:
    """Return the end of a log."""
    text = log.read_bytes()[-8192:].decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-lines:])
