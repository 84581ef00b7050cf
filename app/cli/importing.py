"""`catalogue import`: register what an NDJSON file says, through the public API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.progress import following
from app.cli.remote import NotDone, Remote, local_url
from app.cli.scan import AsJson, Key, Url, report
from app.cli.sending import Line, send


def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.ndjson", exists=True, dir_okay=False, readable=True),
    ],
    key: Key,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Register one copy for each line of a file. Safe to repeat; a bad line refuses itself only.

    Exit codes: 0 all registered, 1 something was refused, 2 usage.
    """
    with Remote(url or local_url(), key) as remote:
        try:
            total = sum(1 for _ in lines_of(file))
            with following(f"Importing {file.name}", total) as track:
                told = send(remote, lines_of(file), track)
        except (NotDone, OSError) as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    report(told, [], as_json=as_json)


def lines_of(file: Path) -> Iterator[Line]:
    """Yield the lines of a file that hold something, each known by its number."""
    with file.open("rb") as content:
        for number, line in enumerate(content, start=1):
            if line.strip():
                yield Line(f"line {number}", line.rstrip(b"\r\n"))
