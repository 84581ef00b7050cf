"""Many records changed in one piece of work: each for itself, in the order of the lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow
from app.assets.queries import visible_assets
from app.assets.withdrawing import told, withdrawals_of
from app.kit.errors import NoSuchResource, RevisionStale
from app.kit.jobs import batches
from app.kit.refusals import Refusal
from app.people.roles import Principal
from app.provenance import queries
from app.provenance.changes import Assertion, Change, apply_change, follows
from app.provenance.duties import prove_duty
from app.provenance.projection import Record
from app.provenance.service import (
    NewVersion,
    policies_of,
    record_today,
    seal_complete,
    write_versions,
)
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement

AT_ONCE = 500  # records whose statements are held in memory together


@dataclass(frozen=True, slots=True)
class Edit:
    """What one line changes of one record; `revision` None: whatever the record says today."""

    asset_id: UUID
    revision: int | None
    change: Change
    line: int
    locator: str
    called: str  # as the line names the asset


@dataclass(frozen=True, slots=True)
class Edited:
    """A record after its line: whether anything changed, and what is shown before and after."""

    asset_id: UUID
    changed: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True)
class Batch:
    """Some records as they stand while their lines are gone through."""

    departments: Mapping[UUID, str]  # of the assets that exist for the caller
    withdrawn: Mapping[UUID, Any]
    records: dict[UUID, tuple[int, Record]]
    written: list[NewVersion] = field(default_factory=list)


def edit_records(
    db: Session, caller: Principal, edits: Sequence[Edit], *, operation: UUID, preview: bool
) -> list[Edited | Refusal]:
    """Change records line by line; a refusal concerns its line only. A preview writes nothing.

    Everything is locked first and in order: a lock taken after the first insert deadlocks.
    """
    wanted = sorted({edit.asset_id for edit in edits})
    departments = departments_of(db, caller, wanted)
    if not preview:
        lock_decisions(db, sorted(departments))
    outcomes: list[Edited | Refusal] = []
    for some in batches(edits, AT_ONCE):
        batch = open_batch(db, departments, [edit.asset_id for edit in some])
        outcomes += [outcome_of(batch, caller, edit, operation) for edit in some]
        if batch.written and not preview:
            write_versions(db, caller.agent, batch.written)
            seal_complete(db, sorted({version.asset_id for version in batch.written}))
    return outcomes


def departments_of(db: Session, caller: Principal, asset_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return whose those of these assets are that exist for the caller."""
    visible = visible_assets(caller).with_only_columns(AssetRow.id, AssetRow.department)
    return {row.id: row.department for row in db.execute(visible.where(AssetRow.id.in_(asset_ids)))}


def open_batch(db: Session, departments: Mapping[UUID, str], asset_ids: Sequence[UUID]) -> Batch:
    """Read the records of some lines."""
    ids = sorted(set(asset_ids) & departments.keys())
    heads = db.scalars(queries.heads(ids).execution_options(populate_existing=True))
    policies = policies_of(db, {departments[one] for one in ids})
    records = {
        head.asset_id: (head.version, record_today(head, policies[departments[head.asset_id]]))
        for head in heads
    }
    return Batch(departments, withdrawals_of(db, ids), records)


def outcome_of(batch: Batch, caller: Principal, edit: Edit, operation: UUID) -> Edited | Refusal:
    """Change one record in the batch, or say why not."""
    try:
        return apply_edit(batch, caller, edit, operation)
    except Refusal as refusal:
        return refusal


def apply_edit(batch: Batch, caller: Principal, edit: Edit, operation: UUID) -> Edited:
    """Change one record in the batch.

    Raises:
        NoSuchResource, RegistrationWithdrawn, RevisionStale, RoleMissing, and what a change raises.
    """
    if edit.asset_id not in batch.departments:
        raise NoSuchResource(f"There is no asset {edit.called}.")
    if (row := batch.withdrawn.get(edit.asset_id)) is not None:
        raise told(row)
    version, before = batch.records[edit.asset_id]
    if edit.revision not in (None, version):
        raise RevisionStale(f"The record is at version {version}, not {edit.revision}.")
    roles = tuple(sorted(caller.roles))
    speaker = Speaker(caller.agent.name, str(caller.person_id), roles, edit.locator)
    prove_duty(before, edit.change, speaker)
    if says_nothing_new(before, edit.change, speaker):
        return Edited(edit.asset_id, changed=False, before={}, after={})
    after = apply_change(before, edit.change, speaker, version=version + 1)
    detail = edit.change.document() | {"operation": str(operation), "line": edit.line}
    department = batch.departments[edit.asset_id]
    batch.written.append(NewVersion(edit.asset_id, version + 1, after, detail, department))
    batch.records[edit.asset_id] = (version + 1, after)
    fields = sorted(touched(before, edit.change))
    shown = ({name: of.displayed(name) for name in fields} for of in (before, after))
    return Edited(edit.asset_id, True, *shown)


def says_nothing_new(record: Record, change: Change, speaker: Speaker) -> bool:
    """Tell whether everything is asserted already, by roles that weigh as much: a line sent twice.

    A row of empty cells says nothing. A line that is wrong is no repetition: it is left to refuse.
    """
    if change.retractions or change.choices:
        return False
    return all(
        any(repeats(one, s, speaker) for s in record.statements) for one in change.assertions
    )


def repeats(one: Assertion, there: Statement, speaker: Speaker) -> bool:
    """Tell whether an assertion says what a statement says already."""
    said = (one.value, one.unknown_reason, one.certainty, one.evidence)
    stands = (there.value, there.unknown_reason, there.certainty, there.evidence)
    weighs = set(speaker.roles) <= set(there.roles)
    return follows(one, there, speaker) and said == stands and weighs


def touched(record: Record, change: Change) -> set[str]:
    """Return the fields that a change is about."""
    retracted = {one.statement for one in change.retractions}
    fields = {s.field for s in record.statements if s.id in retracted}
    return fields | {a.field for a in change.assertions} | {c.field for c in change.choices}
