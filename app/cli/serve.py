"""`catalogue serve` and `catalogue worker`."""

import asyncio
import os
from typing import Annotated

import typer
import uvicorn

from app.cli.ground import prepare
from app.kit.connecting import addresses
from app.kit.door import SERVED
from app.kit.settings import settings
from app.kit.telemetry import configure_logging
from app.worker import work


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
) -> None:
    """Read, complete, fingerprint and compare what is registered; number what happened."""
    configure_logging()
    with addresses() as found:
        asyncio.run(work(found.worker, concurrency=concurrency))
