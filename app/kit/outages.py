"""Keeps a worker at work while its database comes and goes."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException

log = structlog.get_logger(__name__)
FIRST_PAUSE = 0.5  # seconds, doubled with each try that fails at once
LONGEST_PAUSE = 30.0
AWAY = (ConnectorException, psycopg.OperationalError)
Run = Callable[[], Coroutine[Any, Any, None]]


async def outlast(run: Run) -> None:
    """Begin `run` again each time its database took it away; end when a signal asks for it.

    The queue's worker ends when it loses the database, and when one of its own side tasks does so
    it even ends without an error: only a signal means that it should.
    """
    asked, pause = asyncio.Event(), FIRST_PAUSE
    with_loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with_loop.add_signal_handler(number, asked.set)
    try:
        while not asked.is_set():
            began = time.monotonic()
            trouble = await _until(run, asked)
            if asked.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > LONGEST_PAUSE else pause
            log.warning("worker_begins_again", error=str(trouble), pause_seconds=pause)
            await _at_most(pause, asked)
            pause = min(2 * pause, LONGEST_PAUSE)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with_loop.remove_signal_handler(number)


async def _until(run: Run, asked: asyncio.Event) -> BaseException | None:
    """Run until it ends or a signal comes, which lets jobs at work finish; say what ended it."""
    working, waiting = asyncio.create_task(run()), asyncio.create_task(asked.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if asked.is_set():
        working.cancel()  # the queue takes it as a wish to end in order
    [outcome] = await asyncio.gather(working, return_exceptions=True)
    if outcome is None or isinstance(outcome, (*AWAY, asyncio.CancelledError)):
        return outcome
    raise outcome


async def _at_most(seconds: float, asked: asyncio.Event) -> None:
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
