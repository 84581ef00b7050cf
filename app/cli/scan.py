"""`catalogue scan`: register a folder's files by reference, through the public API."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli.remote import NotDone, Remote, local_url
from app.cli.scanning import folder_of, register_folder
from app.cli.sending import Told

MOST_SHOWN = 20
Url = Annotated[
    str | None,
    typer.Option(envvar="CATALOGUE_URL", help="The catalogue; absent: this machine's."),
]
Key = Annotated[str, typer.Option(envvar="CATALOGUE_KEY", help="A registrar's key.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


def scan(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The system's root, or a folder beneath it.")
    ],
    source_system: Annotated[
        str, typer.Option(help="The code of the system that holds the files.")
    ],
    legal_status: Annotated[
        list[str], typer.Option(help="Stated of every file, never guessed; may repeat.")
    ],
    key: Key,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Register every file of a folder; again: find what is new, moved, changed or missing.

    Exit codes: 0 all registered, 1 something was refused or could not be listed, 2 usage.
    """
    unlisted: list[str] = []
    with Remote(url or local_url(), key) as remote:
        try:
            place = folder_of(remote, folder, source_system)
            told = register_folder(remote, place, legal_status, unlisted.append)
        except NotDone as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    report(told, unlisted, as_json=as_json)


def report(told: Told, unlisted: list[str], *, as_json: bool) -> None:
    """Say what became of the lines; exit with 1 if anything did not go in."""
    if as_json:
        out = told.as_json() | {"folders_not_listed": unlisted}
        typer.echo(json.dumps(out, ensure_ascii=False))
    else:
        count = told.outcomes
        rest = ("moved", "changed", "missing", "cancelled")
        more = "".join(f" {count[one]} {one}," for one in rest if count[one])
        typer.echo(
            f"{count['registered']} registered, {count['already_there']} already there,{more}"
            f" {count['refused']} refused, {len(unlisted)} folders not listed."
        )
    for one in told.refused[:MOST_SHOWN]:
        typer.echo(f"refused {one['name']!r}: {one['detail']} ({one['code']})", err=True)
    if told.outcomes["refused"] > MOST_SHOWN:
        left = told.outcomes["refused"] - MOST_SHOWN
        typer.echo(f"... and {left} more refused; see --json", err=True)
    if told.state != "done":
        typer.echo(f"The import ended as {told.state}.", err=True)
    for sentence in unlisted:
        typer.echo(sentence, err=True)
    if told.outcomes["refused"] or unlisted or told.state != "done":
        raise typer.Exit(1)
