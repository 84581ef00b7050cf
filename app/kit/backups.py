"""Dump a living catalogue into a file, and restore it into an empty database."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from app.kit.migrations import LOCK
from app.kit.postgres.binaries import find_binaries

CONTENT = text("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")


class BackupFailed(RuntimeError):
    """One sentence, or PostgreSQL's own words, that say why nothing was dumped or restored."""


def dump(url: str, file: Path, *, told: Path | None) -> None:
    """Write everything as of one moment; the file has its name only once it was read back whole.

    Args:
        url: of `catalogue_backup`, or of a superuser.
        file: to be made, readable by its owner alone; it holds personal data.
        told: what CATALOGUE_PG_BIN names; else the wheel's programs, else those on PATH.

    Raises:
        BackupFailed: the file is there already, or PostgreSQL refused.
    """
    if file.exists():
        raise BackupFailed(f"{file} is there already: a backup is never written over.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with _without_password(url) as address:
            _run(told, "pg_dump", "--format=custom", f"--file={unfinished}", f"--dbname={address}")
        _run(told, "pg_restore", f"--file={os.devnull}", str(unfinished))
        unfinished.rename(file)
    except OSError as trouble:
        raise BackupFailed(f"{file} cannot be written: {trouble}.") from trouble
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def restore(url: str, file: Path, *, told: Path | None) -> str:
    """Fill an empty database from a dump, wholly or not at all; return the revision it is at.

    Args:
        url: of `catalogue_owner`; the roles are there, and the database is empty.
        file: what `dump` wrote.
        told: as for `dump`.

    Raises:
        BackupFailed: something is in the database already, or PostgreSQL refused.
    """
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as held:
        _refuse_unless_empty(held)
        with _without_password(url) as address:
            whole = ("--exit-on-error", "--single-transaction")
            _run(told, "pg_restore", *whole, f"--dbname={address}", str(file))
        held.execute(text("ANALYZE"))  # a dump brings no statistics
        return str(held.scalar(text("SELECT version_num FROM alembic_version")))


def _refuse_unless_empty(held: Connection) -> None:
    # As long as this connection lasts no migration can begin to fill the same database.
    if not held.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        raise BackupFailed("Another process is migrating or restoring this database.")
    if held.scalar(CONTENT):
        raise BackupFailed("The database is not empty: restore into a new one.")


@contextmanager
def _without_password(url: str) -> Iterator[str]:
    """Yield libpq's address; a password goes through a private file, every user sees commands."""
    address = make_url(url).set(drivername="postgresql")
    if address.password is None:
        yield address.render_as_string()
        return
    with tempfile.NamedTemporaryFile("w", prefix="catalogue-", encoding="utf-8") as passfile:
        escaped = str(address.password).replace("\\", r"\\").replace(":", r"\:")
        passfile.write(f"*:*:*:*:{escaped}\n")  # libpq, "The Password File"
        passfile.flush()
        bare = address._replace(password=None).update_query_dict({"passfile": passfile.name})
        yield bare.render_as_string()


def _run(told: Path | None, program: str, *words: str) -> None:
    done = subprocess.run(  # noqa: S603 - a program of ours or of the operator, no shell
        [find_binaries(told) / program, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise BackupFailed(f"{program} ended with {done.returncode}: {said}")
