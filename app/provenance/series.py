"""Statements made once for a series, a source system or an import count for each of its assets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.assets.service import system_for
from app.kit.db import new_ids
from app.kit.errors import NoSuchResource, RevisionStale
from app.kit.jobs import publish
from app.kit.operations import OperationRow, begin_operation
from app.ledger.service import Event, record
from app.people.roles import Principal
from app.provenance import membership
from app.provenance.changes import Change, Retraction, apply_change
from app.provenance.duties import prove_duty
from app.provenance.errors import NoSuchStatement, SeriesTaken
from app.provenance.events import SeriesStated
from app.provenance.inheriting import ALONE, with_series
from app.provenance.models import SeriesRow, SeriesStatementsRow
from app.provenance.projection import Record
from app.provenance.service import policies_of, weighing_of
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement
from app.provenance.taking_back import TakenBack


@dataclass(frozen=True, slots=True)
class NamedSeries:
    """What makes a series of an archive: a system, and how its members' identifiers begin."""

    source_system: str
    identifier_prefix: str
    label: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Series:
    """A series, a source system or an import of one department."""

    name: str  # series/<code>, source-system/<code> or import/<id>
    department: str


def series_for(db: Session, caller: Principal, kind: str, name: str) -> Series:
    """Return a series of the caller's scope.

    Raises:
        NoSuchResource: no such series for this caller (HTTP 404).
    """
    if kind == "source-system":
        return Series(f"source-system/{name}", system_for(db, caller, name).department)
    if kind == "series":
        named = db.get(SeriesRow, name)
        if named is not None and caller.sees(named.department):
            return Series(f"series/{name}", named.department)
        raise NoSuchResource(f"There is no series {name!r}.")
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


def add_series(
    db: Session, caller: Principal, code: str, facts: NamedSeries
) -> tuple[SeriesRow, bool]:
    """Name a series; a repeat with the same facts finds it (False).

    Raises:
        NoSuchResource: no such source system for this caller (HTTP 404).
        SeriesTaken: the code stands for another series.
    """
    system = system_for(db, caller, facts.source_system)
    # Registrations hold their system shared, so none is between: they see the series, or it them.
    db.execute(ALONE, {"series": f"source-system/{system.code}"})
    there = db.get(SeriesRow, code, populate_existing=True)
    if there is not None:
        if NamedSeries(there.source_system, there.identifier_prefix, there.label) != facts:
            raise SeriesTaken(f"Series {code!r} exists with other facts.")
        return there, False
    told = Event("x:series-added", {"series": code} | asdict(facts), department=system.department)
    row = SeriesRow(
        code=code,
        department=system.department,
        event_id=record(db, caller.agent, told),
        **asdict(facts),
    )
    db.add(row)
    db.flush()
    return row, True


def stated_so_far(db: Session, series: str) -> tuple[int, Record]:
    """Return how often something was said of a series, and what holds of it now."""
    rows = db.scalars(membership.series_statements([series])).all()
    return len(rows), with_series(Record((), ()), rows, version=1, of_an_asset=False)


def state_for_series(
    db: Session,
    caller: Principal,
    series: Series,
    change: Change,
    *,
    revision: int | None = None,
    taken_back: Sequence[TakenBack] = (),
) -> UUID:
    """State for a whole series, or take back what was; a job enters it in its records.

    Returns:
        The operation to follow.

    Raises:
        RevisionStale: more was said of the series since it was read (HTTP 412).
        RoleMissing: the change needs another role (HTTP 403).
        NoSuchStatement: the series says nothing of what is taken back.
    """
    db.execute(ALONE, {"series": series.name})
    roles = tuple(sorted(caller.roles))
    speaker = Speaker(
        caller.agent.name, str(caller.person_id), roles, locator=f"series:{series.name}"
    )
    said = apply_change(Record((), ()), change, speaker, version=1).statements
    prove_stating(db, series, revision, change, speaker, taken_back)
    return record_stating(db, caller, series, said, taken_back)


def record_stating(
    db: Session,
    caller: Principal,
    series: Series,
    said: Sequence[Statement],
    taken_back: Sequence[TakenBack],
) -> UUID:
    """Write what was said of a series, and begin the operation that enters it in every member."""
    statements_id, operation_id = new_ids(db, 2)
    members = list(db.scalars(membership.of_series(series.name)))
    begin_operation(
        db,
        operation_id=operation_id,
        kind="series-statements",
        total=len(members),
        department=series.department,
        requested_by=caller.agent.name,
    )
    retracted = [asdict(one) for one in taken_back]
    stated = {"series": series.name, "fields": [s.field for s in said], "taken_back": retracted}
    told = Event("x:series-stated", stated | {"assets": len(members)}, department=series.department)
    db.execute(
        insert(SeriesStatementsRow).values(
            id=statements_id,
            series=series.name,
            department=series.department,
            statements=[s.document() for s in said],
            retracted=retracted,
            operation_id=operation_id,
            recorded_by=caller.agent.name,
            event_id=record(db, caller.agent, told),
        )
    )
    publish(db, SeriesStated(tuple(members), str(statements_id)))
    return operation_id


def prove_stating(
    db: Session,
    series: Series,
    revision: int | None,
    change: Change,
    speaker: Speaker,
    taken_back: Sequence[TakenBack],
) -> None:
    """Prove that a statement for a series was made against what holds, by who may make it."""
    said_so_far, now = stated_so_far(db, series.name)
    if revision not in (None, said_so_far):
        raise RevisionStale(f"The series is at revision {said_so_far}, not {revision}.")
    gone = [s for s in now.statements if any(one.is_about(s) for one in taken_back)]
    if len(gone) < len(taken_back):
        raise NoSuchStatement("The series says nothing of what is taken back.")
    back = [Retraction(s.id, "taken back") for s in gone]
    policy = policies_of(db, [series.department])[series.department]
    weighed = replace(now, weighing=weighing_of(policy))
    prove_duty(weighed, replace(change, retractions=back), speaker)
