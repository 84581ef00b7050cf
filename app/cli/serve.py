"""`catalogue serve` and `catalogue worker`."""

import asyncio
import os
from typing import Annotated

import typer
import uvicorn

from app.cli.ground import prepare
from app.kit import clock
from app.kit.connecting import addresses
from app.kit.door import SERVED
from app.kit.settings import settings
from app.kit.telemetry import configure_logging
from app.worker import work

SILENT_SECONDS = 60.0  # a worker touches its file five times a second while its database answers


def serve() -> None:
    """Serve the API. An embedded database is created and migrated first."""
    configure_logging()
    with addresses() as found:
        if found.administrator is not None:
            prepare(found)
        uvicorn.run(
            "app.main:create_app",
            factory=True,
            host=settings().host,
            port=settings().port,
            **SERVED,
        )


def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=64)] = max(1, os.cpu_count() or 1),
    check: Annotated[
        bool, typer.Option("--check", help="Do no work; say whether this machine's worker does.")
    ] = False,
) -> None:
    """Read, complete, fingerprint and compare what is registered; number what happened."""
    if check:
        say_whether_alive()
        return
    configure_logging()
    with addresses() as found:
        asyncio.run(work(found.worker, concurrency=concurrency))


def say_whether_alive() -> None:
    """Exit with 1 unless the worker that shares our settings reached its database lately."""
    file = settings().alive_file
    if file is None:
        typer.echo("Set CATALOGUE_ALIVE_FILE, for the worker and here.", err=True)
        raise typer.Exit(2)
    try:
        age = clock.now().timestamp() - file.stat().st_mtime
    except OSError as trouble:
        typer.echo(f"No worker has worked here: {trouble}.", err=True)
        raise typer.Exit(1) from trouble
    typer.echo(f"The worker last worked {age:.0f} s ago.")
    if age > SILENT_SECONDS:
        raise typer.Exit(1)
