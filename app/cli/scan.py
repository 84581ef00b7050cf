"""`catalogue scan`: register what lies in a folder or a bucket, through the public API."""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer

from app.cli.remote import NotDone, Remote, local_url
from app.cli.scanning import place_of, register_place
from app.cli.sending import Told

MOST_SHOWN = 20
Url = Annotated[
    str | None,
    typer.Option(envvar="CATALOGUE_URL", help="The catalogue; absent: this machine's."),
]
Key = Annotated[str, typer.Option(envvar="CATALOGUE_KEY", help="A registrar's key.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


def scan(
    place: Annotated[
        str,
        typer.Argument(
            metavar="DIR|s3://BUCKET/PREFIX/", help="The system's root, or what lies beneath it."
        ),
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
    """Register every file of a folder or bucket; again: find new, moved, changed and missing ones.

    Exit codes: 0 all registered, 1 something was refused or could not be listed, 2 usage.
    """
    left_out: list[str] = []
    no_files: list[str] = []
    with Remote(url or local_url(), key) as remote:
        try:
            with closing(place_of(remote, place, source_system)) as found:
                told = register_place(
                    remote, found, legal_status, left_out.append, no_file=no_files.append
                )
        except NotDone as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble
    report(told, left_out, no_files, what=found.left_out, as_json=as_json)


def report(
    told: Told,
    left_out: list[str],
    no_files: Sequence[str] = (),
    *,
    as_json: bool,
    what: str = "folders not listed",
) -> None:
    """Say what became of the lines; exit with 1 if anything did not go in."""
    if as_json:
        out = told.as_json() | {what.replace(" ", "_"): left_out, "no_files": [*no_files]}
        typer.echo(json.dumps(out, ensure_ascii=False))
    else:
        count = told.outcomes
        rest = ("moved", "changed", "missing", "cancelled")
        more = "".join(f" {count[one]} {one}," for one in rest if count[one])
        typer.echo(
            f"{count['registered']} registered, {count['already_there']} already there,{more}"
            f" {count['refused']} refused, {len(left_out)} {what}, {len(no_files)} no files."
        )
    for one in told.refused[:MOST_SHOWN]:
        typer.echo(f"refused {one['name']!r}: {one['detail']} ({one['code']})", err=True)
    if told.outcomes["refused"] > MOST_SHOWN:
        left = told.outcomes["refused"] - MOST_SHOWN
        typer.echo(f"... and {left} more refused; see --json", err=True)
    if told.state != "done":
        typer.echo(f"The import ended as {told.state}.", err=True)
    for sentence in (*left_out, *no_files[:MOST_SHOWN]):
        typer.echo(sentence, err=True)
    if told.outcomes["refused"] or left_out or told.state != "done":
        raise typer.Exit(1)
