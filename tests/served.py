"""The product's web application behind a real port, so that answers really leave it."""

import asyncio
import functools
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import structlog
import uvicorn
from fastapi import FastAPI
from ground import open_database

from app.kit.door import SERVED
from app.kit.reads import Reads
from app.main import create_app


@dataclass(frozen=True, slots=True)
class Server:
    """An application that listens on a port of its own."""

    app: FastAPI
    address: str
    loop: asyncio.AbstractEventLoop
    contract: Mapping[str, Any]

    @contextmanager
    def client(self, api_url: str) -> Iterator[httpx2.Client]:
        """Let the application work on a database, and speak to it by HTTP."""
        self.app.state.database = database = open_database(api_url, pool_size=10)
        self.app.state.reads = reads = Reads(api_url)
        told = {"response": [self.prove_documented]}
        with httpx2.Client(
            base_url=self.address,
            timeout=30,
            event_hooks=told,
            verify=False,  # nothing is encrypted, and reading the authorities takes its time
        ) as client:
            yield client
        database.close()
        asyncio.run_coroutine_threadsafe(reads.close(), self.loop).result(timeout=30)

    def prove_documented(self, answer: httpx2.Response) -> None:
        """Let no test meet an answer of which the contract says nothing."""
        path, method = answer.request.url.path, answer.request.method.lower()
        for template, item in self.contract["paths"].items():
            if method in item and pattern_of(template).fullmatch(path):
                statuses = item[method]["responses"].keys()
                assert str(answer.status_code) in statuses, (method, template, answer.status_code)
                return


@functools.cache
def pattern_of(template: str) -> re.Pattern[str]:
    """Return what the paths of a template look like."""
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template))


@contextmanager
def serving() -> Iterator[Server]:
    """Serve the application from a thread; its lifespan, which finds the database, stays off."""
    # As in production, but through the handlers that pytest holds.
    structlog.configure(
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    app = create_app()
    config = uvicorn.Config(app, lifespan="off", log_level="critical", **SERVED)
    running = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        loop = config.get_loop_factory()()  # type: ignore[misc]
        serve = running.serve(sockets=[listening])
        thread = threading.Thread(target=loop.run_until_complete, args=[serve], daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        host, port = listening.getsockname()
        yield Server(app, f"http://{host}:{port}", loop, app.openapi())
        running.should_exit = True
        thread.join(timeout=10)
        loop.close()
