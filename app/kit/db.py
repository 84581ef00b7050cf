"""One engine a process, one transaction a request or task, committed at the edge."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from psycopg import Error as PostgresError
from sqlalchemy import DateTime, MetaData, Text, create_engine, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import UserDefinedType

T = TypeVar("T")
RETRIED = {"40001", "40P01"}  # serialization failure, deadlock: the statement was in order
TIMEOUTS = "-c statement_timeout=60s -c lock_timeout=15s -c idle_in_transaction_session_timeout=60s"


class Row(DeclarativeBase):
    """A table's class; its name ends in Row, the plain word belongs to the value."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own idiom
        datetime: DateTime(timezone=True),
        str: Text,
        bytes: BYTEA,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB(none_as_null=True),
    }


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which SQLAlchemy does not know."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Name the type in DDL and casts."""
        return "xid8"


class Database:
    """The connections of one process under one database role."""

    def __init__(self, url: str, *, pool_size: int = 10, timeouts: str = TIMEOUTS) -> None:
        """Open nothing yet; `url` names driver and role in full."""
        self.engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # an error that is logged must not carry people's words
            connect_args={"options": timeouts, "application_name": "catalogue"},
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends, roll back when it raises."""
        with Session(self.engine, expire_on_commit=False) as db:
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction of its own, again when it was a deadlock's victim."""

        def once() -> T:
            with self.transaction() as db:
                return work(db)

        return retried(once)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


class Transactions(Protocol):
    """How to run work in transactions of its own: a request's way, or a fenced job's."""

    def __call__(self, work: Callable[[Session], T], /) -> T:
        """Run it and return what it returns, once that is committed."""


def unit_of_work(request: Request) -> Iterator[Session]:
    """Yield the request's session and commit it before the answer leaves."""
    database: Database = request.app.state.database
    with database.transaction() as db:
        request.state.session = db  # for the edge, which links the pages around the one it read
        yield db


# FastAPI's default scope answers 201 first and commits after, so a constraint that refuses the
# commit would never reach the client.
Db = Annotated[Session, Depends(unit_of_work, scope="function")]


@contextmanager
def judging(db: Session) -> Iterator[None]:
    """Evaluate what forbids in the role that sees every row, after the caller's right was proved.

    Without it a row hidden by row-level security would read as "nothing forbids it".
    """
    db.execute(text("SET LOCAL ROLE catalogue_judge"))
    yield
    db.execute(text("SET LOCAL ROLE NONE"))


def retried(work: Callable[[], T], *, attempts: int = 3) -> T:
    """Run a whole transaction again when PostgreSQL chose it as a deadlock's victim.

    The victim steps aside for up to 0.2 s first: begun again at once it takes the lock that it had
    just given up before the one that waits for it wakes, and both are back in the same knot.
    """
    for left in range(attempts - 1, -1, -1):
        try:
            return work()
        except DBAPIError as error:
            if left == 0 or getattr(error.orig, "sqlstate", None) not in RETRIED:
                raise
        time.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - chance, no secret
    raise AssertionError


def new_ids(db: Session, count: int) -> list[UUID]:
    """Draw time-ordered identifiers (UUIDv7) from PostgreSQL, the only clock that counts."""
    return list(db.scalars(text("SELECT uuidv7() FROM generate_series(1, :n)"), {"n": count}))


def constraint_of(error: DBAPIError) -> str | None:
    """Return the name of the constraint that refused a statement, if one did."""
    cause = error.orig
    return cause.diag.constraint_name if isinstance(cause, PostgresError) else None
