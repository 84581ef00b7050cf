"""Makes a cluster whole or not at all, and starts its server."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.kit.postgres import binaries, configuration, locks, postmaster, sockets
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.home import Home, can_reach
from app.kit.postgres.programs import Programs

# The library locale too: with LC_CTYPE C, pg_trgm finds no letter in Chinese even under builtin.
LOCALE = ("--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
INITDB = ("--username=postgres", "--encoding=UTF8", "--data-checksums", "--auth=peer", *LOCALE)


def start(home: Home, told: Path | None) -> "subprocess.Popen[bytes]":
    """Start the server, making its cluster first where there is none, and wait until it is ready.

    Raises:
        PostgresUnavailable: with the server's own words where it has any.
    """
    folder = binaries.find_binaries(told)
    with _alone(home) as lock:
        programs = Programs(home, folder, lock)
        _prepare(home, programs)
        _refuse_other_major(home, binaries.major_of(folder))
        socket_dir = sockets.make_socket_dir(home)
        postmaster.clear_the_way(home)
        server = programs.run("postgres", *configuration.command_line(home, socket_dir))
    while not (postmaster.living_pid(home) == server.pid and postmaster.is_ready(home)):
        if server.poll() is not None:
            message = f"The PostgreSQL server ended while it started:\n{home.tail()}"
            raise PostgresUnavailable(message)
        time.sleep(0.02)
    return server


@contextmanager
def _alone(home: Home) -> Iterator[int]:
    with locks.opened(home.server) as lock:
        # The orphans of a killed postmaster hold it. Idle ones end at once, a busy one would not
        # notice before its statement ends.
        if not locks.take(lock, within=2.0):
            postmaster.end_orphans(home)
        if not locks.take(lock, within=postmaster.PATIENCE):
            message = f"Processes of a server that ended still use {home.cluster}: end them."
            raise PostgresUnavailable(message)
        yield lock


def _prepare(home: Home, programs: Programs) -> None:
    if not can_reach(home.path.parent, programs.identity):
        message = (
            f"User namespaces are refused here and {home.path} lies where an unprivileged user"
            " cannot reach it: choose another CATALOGUE_DATA_DIR or run as a plain user."
        )
        raise PostgresUnavailable(message)
    if programs.identity.demoted_to:
        uid = programs.identity.demoted_to[0]
        home.note(f"User namespaces are refused here; the server runs as user id {uid}.")
    home.path.chmod(0o711 if programs.identity.demoted_to else 0o700)
    if not home.cluster.exists():
        _make_cluster(home, programs)
    programs.own(home.cluster)
    configuration.write_configuration(home, programs.identity)


def _make_cluster(home: Home, programs: Programs) -> None:
    unfinished = home.path / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    programs.own(unfinished)
    if programs.run("initdb", "-D", str(unfinished), *INITDB).wait() != 0:
        message = f"No database cluster could be made in {home.path}:\n{home.tail()}"
        raise PostgresUnavailable(message)
    unfinished.rename(home.cluster)


def _refuse_other_major(home: Home, runs: int) -> None:
    made_by = (home.cluster / "PG_VERSION").read_text("ascii").strip()
    if made_by != str(runs):
        message = (
            f"{home.cluster} was made by PostgreSQL {made_by}, the programs here are {runs}:"
            " set CATALOGUE_PG_BIN to the old ones, or move the database with pg_upgrade."
        )
        raise PostgresUnavailable(message)
