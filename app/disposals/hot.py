"""Eligibility by HTTP: proof of the key, scope and answer in one snapshot and one round trip."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from psycopg.rows import dict_row, namedtuple_row
from sqlalchemy import (
    ColumnElement,
    Dialect,
    Text,
    Uuid,
    any_,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.types import TypeEngine
from starlette.concurrency import run_in_threadpool

from app.assets.models import AssetRow
from app.assets.queries import seen_from
from app.disposals.answering import written
from app.disposals.compiled import as_text, ask_about, text_for_some, text_of_counts
from app.disposals.eligibility import Question
from app.disposals.naming import closed_to
from app.disposals.schemas import CountsOut, GroupBy
from app.disposals.service import ask, counted, this_moment
from app.kit.db import Database
from app.kit.errors import DatabaseUnavailable
from app.kit.reads import Connection, Reads
from app.people.keys import NewKey, hash_secret
from app.people.queries import living_key
from app.people.roles import COUNTING, Principal
from app.people.service import holder, prove_role
from app.provenance.book import edition

JUDGE = b"SET LOCAL ROLE catalogue_judge"
FEW = 20  # ids that the plan made once is good for; for more PostgreSQL plans anew
ATTEMPTS = 3
DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
MOVING = "The policies in force changed while this was asked; try again."
ALLOWED = sorted(COUNTING)
COUNTS_AT_ONCE = 4  # a dashboard may take seconds: half the pool stays for single answers


@dataclass(frozen=True, eq=False)
class Prepared:
    """The question under one edition of the book, ready to be sent."""

    edition: str
    question: Question
    dialect: Dialect
    text: bytes


@dataclass(eq=False)
class Desk:
    """What is kept between requests over one pool: nothing that an answer could rest on unproved.

    Each answer brings the edition of its own snapshot; with another one it is thrown away.
    """

    prepared: Prepared | None = None
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)
    counting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(COUNTS_AT_ONCE))


MOMENT = as_text(this_moment(), DIALECT)
_desks: WeakKeyDictionary[Reads, Desk] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, over which connections."""

    reads: Reads
    database: Database
    key: NewKey

    @property
    def desk(self) -> Desk:
        """Return what is kept between requests over this pool."""
        return _desks.setdefault(self.reads, Desk())


def parameter(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Name a parameter in a statement whose constants are written out."""
    return literal_column(f"__{name}__", kind)


@lru_cache(maxsize=1)
def proof() -> str:
    """Return the statement that proves the key and leaves the ids that its holder may see.

    One row: edition of the book, then of the key, if it lives, secret, person, department, roles.
    """
    kept = living_key(parameter("key_id", Text())).cte("kept")
    visible = (
        select(func.array_agg(AssetRow.id))
        .where(
            AssetRow.id == any_(parameter("asked", ARRAY(Uuid))),
            kept.c.secret_sha256 == parameter("secret", BYTEA()),
            kept.c.roles.overlap(parameter("allowed", ARRAY(Text))),
            seen_from(kept.c.department),
        )
        .scalar_subquery()
    )
    one = select(literal(1).label("one")).subquery("one")
    statement = select(
        edition(),
        *(kept.c.secret_sha256, kept.c.person_id, kept.c.department, kept.c.roles),
        ask_about(visible).scalar_subquery(),
    ).select_from(one.outerjoin(kept, true()))
    return re.sub("__([a-z_]+?)__", r"%(\1)s", as_text(statement, DIALECT))


async def answers(asking: Asking, asset_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Answer for those of these assets that the caller sees, in JSON.

    Raises:
        NotAuthenticated: the key does not hold (HTTP 401).
        RoleMissing: it was not given for this (HTTP 403).
        NoPolicyInForce: nothing to judge by (HTTP 409).
    """
    parameters = values(asking.key, asset_ids)
    for _ in range(ATTEMPTS):
        prepared = asking.desk.prepared
        row, rows = await asking.reads.run(partial(judged, prepared, parameters))
        caller = holder_in(asking.key, row)
        prove_role(caller, COUNTING)
        if prepared is not None and row[0] == prepared.edition:
            closed = closed_to(caller.roles)
            return {one.asset_id: written(prepared.question, one, closed) for one in rows}
        await learn(asking, prepared)
    raise DatabaseUnavailable(MOVING)


def values(key: NewKey, asset_ids: Sequence[UUID]) -> dict[str, Any]:
    """Return the parameters of `proof`."""
    return {
        "key_id": key.id,
        "secret": hash_secret(key.secret),
        "allowed": ALLOWED,
        "asked": list(asset_ids),
    }


def holder_in(key: NewKey, row: Sequence[Any]) -> Principal:
    """Return who acts, from the row of `proof`."""
    return holder(key, None if row[1] is None else (row[1], row[2], row[3], row[4]))


async def judged(
    prepared: Prepared | None, parameters: Mapping[str, Any], connection: Connection
) -> tuple[tuple[Any, ...], list[Any]]:
    """Prove and judge in one round trip; unproved ids never reach the judge."""
    few = len(parameters["asked"]) <= FEW
    rows = connection.cursor(row_factory=namedtuple_row)
    async with connection.pipeline():
        proved = await connection.execute(proof(), parameters, prepare=True)
        if prepared is not None:
            await connection.execute(JUDGE, prepare=True)
            await rows.execute(prepared.text, prepare=few)
    row = await proved.fetchone()
    assert row is not None  # noqa: S101 - one row always
    return row, await rows.fetchall() if prepared is not None else []


async def learn(asking: Asking, known: Prepared | None) -> None:
    """Prepare the question under the policies in force now, once for all who wait for it."""
    desk = asking.desk
    async with desk.learning:
        if desk.prepared is known:
            desk.prepared = await run_in_threadpool(prepare, asking.database)


def prepare(database: Database) -> Prepared:
    """Open the book in one snapshot with its edition."""
    with database.transaction() as db:
        connection = db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        current = db.execute(select(edition())).scalar_one()
        question = ask(db)
        dialect = connection.dialect
        return Prepared(current, question, dialect, text_for_some(question, dialect))


async def counts(asking: Asking, group_by: Sequence[GroupBy]) -> CountsOut:
    """Count as `service.counts` does, once the caller is proved.

    Raises:
        NotAuthenticated: the key does not hold (HTTP 401).
        RoleMissing: it was not given for this (HTTP 403).
        NoPolicyInForce: nothing to judge by (HTTP 409).
    """
    keys = tuple(dict.fromkeys(group_by))
    for _ in range(ATTEMPTS):
        prepared = asking.desk.prepared
        async with asking.desk.counting:
            found = await asking.reads.run(partial(counted_for, prepared, asking.key, keys))
        if found is not None:
            return found
        await learn(asking, prepared)
    raise DatabaseUnavailable(MOVING)


async def counted_for(
    prepared: Prepared | None, key: NewKey, keys: tuple[GroupBy, ...], connection: Connection
) -> CountsOut | None:
    """Prove, then count in the same snapshot; None when the book is of another edition."""
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        proved = await connection.execute(proof(), values(key, ()))
        row = await proved.fetchone()
        assert row is not None  # noqa: S101 - one row always
        caller = holder_in(key, row)
        prove_role(caller, COUNTING)
        if prepared is None or row[0] != prepared.edition:
            return None
        await cursor.execute(JUDGE)
        text = text_of_counts(prepared.question, prepared.dialect, keys)
        rows = await (await cursor.execute(text, {"scope": caller.department})).fetchall()
        moment = await (await cursor.execute(MOMENT)).fetchone()
    return counted(rows, moment or {})
