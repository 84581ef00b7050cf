"""Many rows at once: PostgreSQL's COPY, which is several times faster than INSERT."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, LargeBinary, Table, insert
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

FEW = 20  # rows below which one INSERT is as good
Write = Callable[[Any], str]
_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def write_rows(db: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a table, all with the same columns; constraints and triggers hold as ever."""
    if len(rows) < FEW:
        if rows:
            db.connection().execute(insert(table), list(rows))
        return
    columns = [(name, writer_of(table.c[name].type)) for name in rows[0]]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(n) for n, _ in columns)
    )
    lines = (
        "\t".join(
            [r"\N" if (value := row[name]) is None else write(value) for name, write in columns]
        )
        for row in rows
    )
    with (
        refused_as_by_sqlalchemy(table.name),
        own_connection(db).cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(("\n".join(lines) + "\n").encode())


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
    return lambda value: escaped(str(value))


def escaped(value: str) -> str:
    """Write what COPY would take for a column's or a row's end as itself."""
    value = value.replace("\\", "\\\\").replace("\t", "\\t")
    return value.replace("\n", "\\n").replace("\r", "\\r")


def as_array(values: Sequence[Any]) -> str:
    """Write a list as PostgreSQL writes an array."""
    quoted = (str(one).replace("\\", "\\\\").replace('"', '\\"') for one in values)
    return "{" + ",".join(f'"{one}"' for one in quoted) + "}"
