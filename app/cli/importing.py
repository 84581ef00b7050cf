"""`catalogue import`: register what an NDJSON file says, through the public API."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, cast
from uuid import uuid4

import typer

from app.cli.progress import following
from app.cli.remote import NotDone, Remote, local_url
from app.cli.scan import AsJson, Key, Url, report
from app.cli.sending import LONGEST_LINE, Line, Way, send

STDIN = Path("-")
A_READ = 1024 * 1024


def there(file: Path) -> Path:
    """Refuse what is no file before anything is sent."""
    if file != STDIN and not file.is_file():
        message = f"there is no file {file}"
        raise typer.BadParameter(message)
    return file


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.ndjson",
            callback=there,
            help="Also .gz; `-` for what is piped in.",
        ),
    ],
    key: Key,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Register one copy for each line of a file. A bad line refuses itself only.

    Run again after it was interrupted, it goes on where it stopped.

    Exit codes: 0 all registered, 1 something was refused, 2 usage.
    """
    with Remote(url or local_url(), key) as remote:
        try:
            total = 0 if file == STDIN else filled_lines(file)
            with following(f"Importing {file.name}", total) as track:
                told = send(remote, Way("/v1/imports", key_of(file)), lines_of(file), track)
        except (NotDone, OSError, EOFError) as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    report(told, [], as_json=as_json)


def key_of(file: Path) -> str:
    """Name a file's import by the file itself, as long as nobody writes to it."""
    if file == STDIN:
        return f"stdin {uuid4()}"
    seen = file.stat()
    return f"file {seen.st_dev}-{seen.st_ino}-{seen.st_size}-{seen.st_mtime_ns}"


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacked where it is packed."""
    if file == STDIN:
        yield sys.stdin.buffer
    elif file.suffix == ".gz":
        with gzip.open(file) as content:
            yield cast(BinaryIO, content)
    else:
        with file.open("rb") as content:
            yield content


def lines_of(file: Path) -> Iterator[Line]:
    """Yield the lines of a file; of one that is too long as much as tells so."""
    with opened(file) as content:
        while line := content.readline(LONGEST_LINE + 1):
            whole = line.endswith(b"\n")
            yield Line(line if whole else line + b"\n")
            while not whole and (rest := content.readline(A_READ)):
                whole = rest.endswith(b"\n")


def filled_lines(file: Path) -> int:
    """Count the lines that hold something, to tell how much is left."""
    return sum(not line.content.isspace() for line in lines_of(file))
