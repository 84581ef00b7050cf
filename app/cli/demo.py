"""`catalogue demo`: a real backlog travels from a folder to an explained answer."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from app.cli import pictures
from app.cli.demo_answers import counts_as_json
from app.cli.demo_ground import demo_database, operator_key, order_violations, owner
from app.cli.demo_people import Cast
from app.cli.demo_policy import load_demo_documents
from app.cli.demo_run import PICTURES, Came, Stage, play
from app.cli.demo_tables import (
    console,
    show_classes,
    show_completed,
    show_eligibility,
    show_outcomes,
    show_totals,
)
from app.cli.peaks import watching
from app.cli.processes import running
from app.cli.remote import NotDone, Remote
from app.kit.settings import settings

FOLDER = "demo"


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="Your own folder instead."),
    ] = None,
) -> None:
    """Show a backlog's way from registration to an explained answer, on a database of its own.

    Exit codes: 0 done, 1 refused or failed, 2 usage.
    """
    with ended_in_order():
        try:
            perform(images and images.resolve(), as_json=as_json, serving=not once)
        except (NotDone, OSError) as trouble:
            typer.echo(str(trouble), err=True)
            raise typer.Exit(1) from trouble


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let a request to end take the way of Ctrl-C, so that no child is left behind."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def perform(images: Path | None, *, as_json: bool, serving: bool) -> None:
    """Set the stage, run, and say what came of it."""
    home = (settings().data_dir / FOLDER).resolve()
    if images and (home.is_relative_to(images) or images.is_relative_to(home)):
        raise NotDone(f"{images} holds the demo's own files, or lies among them: name another.")
    begun = time.monotonic()
    typer.echo("Setting up database, web process and worker ...", err=True)
    allowed = [home / PICTURES, *([images] if images else [])]
    with demo_database(home) as found:
        with owner(found) as db:
            load_demo_documents(db)
        pictures.lay_out(home / PICTURES)
        with running(home, allowed) as processes:
            stage = Stage(home, found, processes, images)
            roots = {"demo": os.getpid(), "web": processes.web.pid, "worker": processes.worker.pid}
            with watching(roots, home) as peaks:
                cast = Cast(processes.url, Remote(processes.url, operator_key(found)))
                try:
                    came = play(stage, cast, begun)
                    told = counts_as_json(
                        came.assets, came.statuses, came.reasons, came.classes
                    ) | {
                        "order_violations": order_violations(found),
                        "seconds": came.seconds,
                        "peak_rss_mb": peaks.megabytes(),
                    }
                    say(stage, came, told, as_json=as_json)
                    if serving:
                        serve(stage, cast)
                    if came.left_out:
                        raise NotDone(f"Not registered: {len(came.left_out)}, as told above.")
                finally:
                    cast.dismiss()


def say(stage: Stage, came: Came, told: dict[str, Any], *, as_json: bool) -> None:
    """Print what came of it: one object for machines, tables for people."""
    for sentence in came.left_out:
        typer.echo(sentence, err=True)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    out = console()
    if stage.images is None:
        show_eligibility(out, came.assets, came.answers)
        show_completed(out, came.completed)
    else:
        show_outcomes(out, came.assets)
    show_classes(out, came.classes)
    show_totals(out, told, came.statuses.log_index)


def serve(stage: Stage, cast: Cast) -> None:
    """Say where to look, with what key, and stay until Ctrl-C."""
    url, key = stage.processes.url, cast.give("Demo auditor", "auditor").key
    typer.echo(
        f"""
The catalogue answers at {url} until Ctrl-C; the contract stands at {url}/docs
An auditor's key, which ends with this demo:

  export URL={url} KEY={key}
  curl -s -H "Authorization: Bearer $KEY" "$URL/v1/assets?status=candidate"
  curl -s -H "Authorization: Bearer $KEY" "$URL/v1/assets/ASSET_ID/eligibility"
  curl -s -H "Authorization: Bearer $KEY" "$URL/v1/assets/ASSET_ID/provenance"
  curl -s -H "Authorization: Bearer $KEY" "$URL/v1/eligibility?group_by=reason&format=csv"
""",
        err=True,
    )
    try:
        while True:
            stage.prove_alive()
            time.sleep(1.0)
    except KeyboardInterrupt:
        typer.echo("Ending ...", err=True)
