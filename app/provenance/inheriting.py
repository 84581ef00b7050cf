"""What was said of a series, in the records of its members: those that are there, those to come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.withdrawing import withdrawals_of
from app.kit.operations import add_progress
from app.ledger.agents import process
from app.provenance import membership, queries
from app.provenance.changes import NEEDED_AT_G0, add_assertions
from app.provenance.fitting import Assertion
from app.provenance.models import SeriesRow, SeriesStatementsRow
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
from app.provenance.taking_back import TakenBack

# Registering takes the lock shared, stating for a series takes it alone: an asset is either
# registered before, and listed in the job, or after, and starts with the statement.
SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:series, 2))")
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:series, 2))")


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What was said so far of every series that some registrations may belong to."""

    stated: Sequence[SeriesStatementsRow]
    named: Sequence[SeriesRow]

    def of(self, system: str, identifier: str, import_id: UUID | None) -> list[SeriesStatementsRow]:
        """Return what one registration inherits, oldest first."""
        mine = {f"source-system/{system}", f"import/{import_id}"} | {
            f"series/{row.code}"
            for row in self.named
            if row.source_system == system and identifier.startswith(row.identifier_prefix)
        }
        return [row for row in self.stated if row.series in mine]


def inheritance(db: Session, systems: Iterable[str], import_id: UUID | None) -> Inheritance:
    """Return what registrations in these systems inherit; held still until the transaction ends."""
    names = sorted({f"source-system/{system}" for system in systems})
    if import_id is not None:
        names.append(f"import/{import_id}")
    hold(db, sorted(names))
    named = db.scalars(membership.named_series(sorted(set(systems)))).all()
    hold(db, also := [f"series/{row.code}" for row in named])
    return Inheritance(db.scalars(membership.series_statements([*names, *also])).all(), named)


def hold(db: Session, names: Sequence[str]) -> None:
    """Let nothing be said of these series until the transaction ends."""
    for name in names:
        db.execute(SHARED, {"series": name})


def enter_series(db: Session, asset_ids: Sequence[UUID], statements_id: UUID) -> None:
    """Enter a series' statements in up to 500 records, in each once."""
    lock_decisions(db, asset_ids)
    stated = db.get_one(SeriesStatementsRow, statements_id)
    # A record that held it once may have lost it on purpose since.
    entered = set(db.scalars(membership.that_entered(asset_ids, statements_id)))
    versions = []
    entered |= withdrawals_of(db, asset_ids).keys()  # since it was listed
    for head in db.scalars(queries.heads([one for one in asset_ids if one not in entered])):
        before = record_of(head)
        change: dict[str, Any]
        after = with_series(before, [stated], version=head.version + 1)
        if after != before:
            change = {"series": stated.series, "series_statements": str(stated.id)}
            change["retracted"] = taken_from(before, after, stated)
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


def with_series(
    record: Record,
    stated: Sequence[SeriesStatementsRow],
    *,
    version: int,
    of_an_asset: bool = True,
) -> Record:
    """Enter what was said of a series in one record, unless the same or later is there already."""
    for row in stated:
        record = without_taken_back(record, row, of_an_asset=of_an_asset)
        said = list(map(Statement.of, row.statements))
        if not said:
            continue
        first = said[0]
        speaker = Speaker(row.recorded_by, first.person, first.roles, first.locator, str(row.id))
        assertions = [
            Assertion(s.field, s.value, s.lang, s.unknown_reason, s.certainty, s.evidence)
            for s in said
            if not any(overtaken(s, there, str(row.id)) for there in record.statements)
        ]
        record = add_assertions(record, assertions, speaker, version=version)
    return record


def without_taken_back(record: Record, row: SeriesStatementsRow, *, of_an_asset: bool) -> Record:
    """Leave out what a series says no more, unless an asset's record could not be without it."""
    told = [TakenBack(**one) for one in row.retracted or []]
    kept = [s for s in record.statements if not goes(s, row, told)]
    needed = NEEDED_AT_G0 | {"legal_status"} if of_an_asset else frozenset()
    bare = {s.field for s in record.statements} - {s.field for s in kept}
    kept_anyway = [s for s in record.statements if s in kept or s.field in bare & needed]
    return replace(record, statements=tuple(kept_anyway))


def goes(statement: Statement, row: SeriesStatementsRow, told: Sequence[TakenBack]) -> bool:
    """Tell whether a statement is an earlier one of this series that was taken back."""
    earlier = (statement.series_statements or "") < str(row.id)
    of_it = statement.locator == f"series:{row.series}"
    return of_it and earlier and any(one.is_about(statement) for one in told)


def taken_from(before: Record, after: Record, row: SeriesStatementsRow) -> list[dict[str, str]]:
    """Say which statements of a record were taken back with their series', and why."""
    told = [TakenBack(**one) for one in row.retracted or []]
    gone = [s for s in before.statements if s not in after.statements]
    return [
        {"statement": s.id, "reason": one.reason} for s in gone for one in told if one.is_about(s)
    ]


def overtaken(said: Statement, there: Statement, statements_id: str) -> bool:
    """Tell whether a record already holds this or a later statement of the series."""
    same = (there.locator, there.field, there.lang) == (said.locator, said.field, said.lang)
    return same and (there.series_statements or "") >= statements_id
