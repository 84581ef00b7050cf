"""Statements and records in few words, for tests that need no database."""

from typing import Any

from app.provenance.changes import Speaker
from app.provenance.projection import Record
from app.provenance.statements import Resolution, SourceKind, Statement

CLERK = Speaker("key:clerk", "a-clerk", ("cataloguer",))
MANAGER = Speaker("key:manager", "a-manager", ("records_manager",))
SYSTEM, IMPORT = "series:source-system/store", "series:import/1"
STATUSES = frozenset({"undetermined", "government_record", "institution_owned_non_record"})


def said(
    field: str,
    value: Any = None,  # noqa: ANN401 - any JSON value
    kind: SourceKind = "asserted",
    *,
    name: str = "1.1",
    locator: str = "api",
    **rest: Any,  # noqa: ANN401 - the statement's own facts
) -> Statement:
    """Make one statement."""
    facts: dict[str, Any] = {"agent": "someone", "since_version": 1} | rest
    return Statement(name, field, value, kind, locator, **facts)


def file_says(field: str, value: Any, name: str = "1.9") -> Statement:  # noqa: ANN401
    """Make a statement of the file's."""
    return said(field, value, "extracted", name=name, locator="EXIF:IFD0:Tag", reading="r1")


def record(*statements: Statement, settled: tuple[Resolution, ...] = ()) -> Record:
    """Put statements together."""
    return Record(statements, settled)


def ids_of(of: Record) -> list[str]:
    """Return the names of a record's statements."""
    return [statement.id for statement in of.statements]
