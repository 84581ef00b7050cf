"""Statements made once for a source system or an import count for each of its assets."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.service import system_for
from app.kit.db import new_ids
from app.kit.errors import NoSuchResource
from app.kit.jobs import publish
from app.kit.operations import OperationRow, add_progress, begin_operation
from app.ledger.agents import process
from app.ledger.service import Event, record
from app.people.roles import Principal
from app.provenance import queries
from app.provenance.changes import Change, add_assertions, apply_change
from app.provenance.events import SeriesStated
from app.provenance.fitting import Assertion
from app.provenance.models import SeriesStatementsRow
from app.provenance.projection import Record
from app.provenance.service import (
    NewVersion,
    record_of,
    seal_complete,
    with_departments,
    write_versions,
)
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement

# Registering takes the lock shared, stating for a series takes it alone: an asset is either
# registered before, and listed in the job, or after, and starts with the statement.
SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:series, 2))")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:series, 2))")


@dataclass(frozen=True, slots=True)
class Series:
    """A source system or an import of one department."""

    name: str  # source-system/<code> or import/<id>
    department: str


def series_for(db: Session, caller: Principal, kind: str, name: str) -> Series:
    """Return a series of the caller's scope.

    Raises:
        NoSuchResource: no such series for this caller (HTTP 404).
    """
    if kind == "source-system":
        return Series(f"source-system/{name}", system_for(db, caller, name).department)
    operation = db.get(OperationRow, UUID(name)) if is_uuid(name) else None
    if (
        operation is None
        or operation.kind != "import"
        or not caller.sees(operation.department or "")
    ):
        raise NoSuchResource(f"There is no series {kind}/{name}.")
    return Series(f"import/{operation.id}", str(operation.department))


def is_uuid(name: str) -> bool:
    """Tell whether a name is written like an id."""
    try:
        UUID(name)
    except ValueError:
        return False
    return True


def state_for_series(db: Session, caller: Principal, series: Series, change: Change) -> UUID:
    """Make statements for a whole series; they are entered in its records by a job.

    Returns:
        The operation to follow.
    """
    db.execute(ALONE, {"series": series.name})
    speaker = Speaker(
        caller.agent.name,
        str(caller.person_id),
        tuple(sorted(caller.roles)),
        f"series:{series.name}",
    )
    said = apply_change(Record((), ()), change, speaker, version=1).statements
    statements_id, operation_id = new_ids(db, 2)
    members = list(db.scalars(queries.of_series(series.name)))
    begin_operation(
        db,
        operation_id=operation_id,
        kind="series-statements",
        total=len(members),
        department=series.department,
        requested_by=caller.agent.name,
    )
    detail = {"series": series.name, "fields": [s.field for s in said], "assets": len(members)}
    stated = Event("x:series-stated", detail, department=series.department)
    event_id = record(db, caller.agent, stated)
    db.execute(
        insert(SeriesStatementsRow).values(
            id=statements_id,
            series=series.name,
            department=series.department,
            statements=[s.document() for s in said],
            operation_id=operation_id,
            recorded_by=caller.agent.name,
            event_id=event_id,
        )
    )
    publish(db, SeriesStated(tuple(members), str(statements_id)))
    return operation_id


def enter_series(db: Session, asset_ids: Sequence[UUID], statements_id: UUID) -> None:
    """Enter a series' statements in up to 500 records, in each once."""
    lock_decisions(db, asset_ids)
    stated = db.get_one(SeriesStatementsRow, statements_id)
    # A record that held it once may have lost it on purpose since.
    entered = set(db.scalars(queries.that_entered(asset_ids, statements_id)))
    versions = []
    for head in db.scalars(queries.heads([one for one in asset_ids if one not in entered])):
        before = record_of(head)
        after = with_series(before, [stated], version=head.version + 1)
        if after != before:
            change = {"series": stated.series, "series_statements": str(stated.id)}
            versions.append(NewVersion(head.asset_id, head.version + 1, after, change, ""))
    write_versions(db, process("provenance"), with_departments(db, versions))
    seal_complete(db, asset_ids)


def count_entered(db: Session, asset_ids: Sequence[UUID], statements_id: UUID) -> None:
    """Count a part of a series as entered, once.

    Though nothing may have changed: a later statement of the series may be there already.
    """
    stated = db.get_one(SeriesStatementsRow, statements_id)
    step = str(min(asset_ids))
    add_progress(db, stated.operation_id, step=step, done=len(asset_ids))


def said_of_series(db: Session, series: Sequence[str]) -> list[SeriesStatementsRow]:
    """Return what was said of these series so far; held still until the transaction ends."""
    for name in sorted(series):
        db.execute(SHARED, {"series": name})
    return list(db.scalars(queries.series_statements(series)))


def with_series(record: Record, stated: Sequence[SeriesStatementsRow], *, version: int) -> Record:
    """Enter what was said of a series in one record, unless the same or later is there already."""
    for row in stated:
        said = list(map(Statement.of, row.statements))
        first = said[0]
        speaker = Speaker(row.recorded_by, first.person, first.roles, first.locator, str(row.id))
        assertions = [
            Assertion(s.field, s.value, s.lang, s.unknown_reason, s.certainty, s.evidence)
            for s in said
            if not any(overtaken(s, there, str(row.id)) for there in record.statements)
        ]
        record = add_assertions(record, assertions, speaker, version=version)
    return record


def overtaken(said: Statement, there: Statement, statements_id: str) -> bool:
    """Tell whether a record already holds this or a later statement of the series."""
    same = (there.locator, there.field, there.lang) == (said.locator, said.field, said.lang)
    return same and (there.series_statements or "") >= statements_id
