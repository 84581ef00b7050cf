"""Many rows at once: PostgreSQL's COPY, which is several times faster than INSERT."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, Boolean, Integer, LargeBinary, Table, Uuid, insert
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

FEW = 20  # rows below which one INSERT is as good
A_WRITE = 100  # rows
Write = Callable[[Any], str]
SPECIAL = re.compile(r"[\\\t\n\r]")
_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
# One asset's identifier stands in a dozen of its rows, a person's in every one.
_uuid = lru_cache(maxsize=16_384)(str)


def write_rows(db: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a table, all with the same columns; constraints and triggers hold as ever.

    Rows are made while PostgreSQL enters those before them.
    """
    coming = iter(rows)
    first = list(islice(coming, FEW))
    if len(first) < FEW:
        if first:
            db.connection().execute(insert(table), first)
        return
    columns = [(name, writer_of(table.c[name].type)) for name in first[0]]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(n) for n, _ in columns)
    )
    lines = (
        "\t".join(
            [r"\N" if (value := row[name]) is None else write(value) for name, write in columns]
        )
        for row in chain(first, coming)
    )
    with (
        refused_as_by_sqlalchemy(table.name),
        own_connection(db).cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        while some := list(islice(lines, A_WRITE)):
            copy.write(("\n".join(some) + "\n").encode())


def own_connection(db: Session) -> psycopg.Connection[Any]:
    """Return the session's psycopg connection, for what SQLAlchemy has no words for."""
    return cast("psycopg.Connection[Any]", db.connection().connection.driver_connection)


@contextmanager
def refused_as_by_sqlalchemy(what: str) -> Iterator[None]:
    """Raise what the driver raises as the edges know it: they retry and answer by its class."""
    try:
        yield
    except psycopg.Error as error:
        message = f"COPY {what}"
        raise DBAPIError.instance(
            message, None, error, psycopg.Error, hide_parameters=True
        ) from error


def writer_of(kind: TypeEngine[Any]) -> Write:
    """Return how a column's values are written in COPY's text format."""
    if isinstance(kind, JSONB):
        return lambda value: escaped(_json(value))
    if isinstance(kind, ARRAY):
        return lambda value: escaped(as_array(value))
    if isinstance(kind, BYTEA | LargeBinary):
        return lambda value: rf"\\x{value.hex()}"
    if isinstance(kind, Uuid):
        return _uuid
    if isinstance(kind, Integer | Boolean):
        return str
    return escaped


def escaped(value: str) -> str:
    """Write what COPY would take for a column's or a row's end as itself."""
    if not SPECIAL.search(value):
        return value
    value = value.replace("\\", "\\\\").replace("\t", "\\t")
    return value.replace("\n", "\\n").replace("\r", "\\r")


def as_array(values: Sequence[Any]) -> str:
    """Write a list as PostgreSQL writes an array."""
    if not values:
        return "{}"
    quoted = (str(one).replace("\\", "\\\\").replace('"', '\\"') for one in values)
    return "{" + ",".join(f'"{one}"' for one in quoted) + "}"
