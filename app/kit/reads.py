"""Connections for the hot reads: psycopg's own asynchronous pool, one snapshot a pipeline."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Annotated, Any, Self, TypeVar

from fastapi import Depends, Request
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.engine import make_url

from app.kit.db import TIMEOUTS

T = TypeVar("T")
Connection = AsyncConnection[tuple[Any, ...]]
# What a pipeline sends without a BEGIN is one transaction up to its end: here in one snapshot and
# with nothing written. Compiling to machine code costs more than it saves on one asset.
SETTINGS = (
    "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
    f" -c jit=off {TIMEOUTS}"
)
WAIT_SECONDS = 2.0  # for a free connection, then 503


class Reads:
    """A bounded pool, opened by whoever asks first; a lost connection is replaced."""

    def __init__(self, url: str, *, most: int = 8, most_waiting: int = 500) -> None:
        """Open nothing yet; `url` is SQLAlchemy's, of the same role as the writing one."""
        address = make_url(url).set(drivername="postgresql")
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            address.render_as_string(hide_password=False),
            kwargs={"autocommit": True, "options": SETTINGS, "application_name": "catalogue"},
            min_size=1,
            max_size=most,
            max_waiting=most_waiting,
            timeout=WAIT_SECONDS,
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; what a block leaves open is rolled back.

        Raises:
            OperationalError: none came free in time, or too many wait already (HTTP 503).
        """
        if self._pool.closed:
            await self._pool.open()
        connection = await self._pool.getconn()
        try:
            yield connection
        finally:
            await self._pool.putconn(connection)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do reading work on a connection; again when that turns out to have lost its server.

        Nothing asks a connection first whether it still stands: that would cost every request a
        round trip. What only reads may be done twice.
        """
        async with self.connection() as connection:
            try:
                return await work(connection)
            except OperationalError:
                if not connection.closed:
                    raise  # the server refused, and would again
        await self._pool.check()
        async with self.connection() as connection:
            return await work(connection)


def lent(request: Request) -> Reads:
    """Return this process's pool."""
    found: Reads = request.app.state.reads
    return found


AsyncReads = Annotated[Reads, Depends(lent)]
