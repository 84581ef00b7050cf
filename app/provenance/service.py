"""Write versions, seal what is complete, prove what is sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.assets.locks import lock_decisions
from app.assets.models import AssetRow
from app.assets.queries import kept_places
from app.assets.service import asset_for
from app.assets.withdrawing import refuse_withdrawn, withdrawals_of
from app.kit.copying import write_rows
from app.kit.db import judging, new_ids
from app.kit.errors import RevisionStale
from app.kit.jobs import publish
from app.ledger.agents import Agent, process
from app.ledger.service import Event, record_all
from app.people.models import DepartmentRow
from app.people.roles import Principal
from app.policies.rules.in_force import PolicyInForce
from app.policies.service import policy_in_force
from app.provenance import queries
from app.provenance.adoption import adopt, adopted, relocate
from app.provenance.book import open_book
from app.provenance.changes import Change, apply_change
from app.provenance.duties import prove_duty
from app.provenance.errors import NotSealed
from app.provenance.events import CaptureRestated
from app.provenance.fields import FIELDS
from app.provenance.indexing import Index
from app.provenance.models import VERSIONS, ProvenanceHeadRow, ProvenanceVersionRow, SealRow
from app.provenance.projection import Record, weighs_alike
from app.provenance.sealed import Seal
from app.provenance.speaking import Speaker
from app.provenance.statements import Resolution, Statement
from app.provenance.weighing import Weighing
from app.provenance.zones import is_dated, with_instant
from app.readings.queries import newest_readings

CAPTURE = frozenset({"date_created", "digital_source_type"})  # of which pairs of images are judged
HEADS = cast(Table, ProvenanceHeadRow.__table__)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The next version of one asset's record; `event_id` where its event is written elsewhere."""

    asset_id: UUID
    version: int
    record: Record
    change: dict[str, Any]
    department: str
    event_id: UUID | None = None


def record_of(row: ProvenanceVersionRow) -> Record:
    """Read a version's document, weighed as it was when it was written."""
    return Record(
        tuple(map(Statement.of, row.statements)),
        tuple(map(Resolution.of, row.resolutions)),
        Weighing.of(row.weighed_by),
    )


def record_today(row: ProvenanceVersionRow, policy: PolicyInForce) -> Record:
    """Read a version's document, weighed as its department's policy asks today."""
    return replace(record_of(row), weighing=weighing_of(policy))


def weighing_of(policy: PolicyInForce) -> Weighing:
    """Return how a policy weighs what is said."""
    return Weighing.by(policy.effective.completeness)


def write_versions(db: Session, agent: Agent, versions: Sequence[NewVersion]) -> None:
    """Write versions with their events and move the heads.

    Each is weighed, and says the instant of its date, by the policy of its department today.
    """
    if not versions:
        return
    versions = by_policy(db, versions)
    events = [
        Event("mem", v.change | {"version": v.version}, v.asset_id, v.department)
        for v in versions
        if v.event_id is None
    ]
    written = iter(record_all(db, agent, events))
    spoken_of = {s.field for v in versions for s in v.record.statements}
    silent = frozenset(f"{field}_answer" for field in FIELDS if field not in spoken_of)
    index = Index()
    rows = (
        {
            "asset_id": v.asset_id,
            "version": v.version,
            "statements": [s.document() for s in v.record.statements],
            "resolutions": [r.document() for r in v.record.resolutions],
            "change": v.change,
            "weighed_by": v.record.weighing.document(),
            "recorded_by": agent.name,
            "event_id": v.event_id or next(written),
        }
        # A field that none of these records speaks of is not written: its answer is 0.
        | index.note(v.asset_id, v.version, v.record, without=silent)
        for v in versions
    )
    write_rows(db, VERSIONS, rows)
    index.write(db)
    move_heads(db, versions)
    if restated := [v.asset_id for v in versions if restates_capture(v)]:
        publish(db, CaptureRestated(tuple(restated)))


def restates_capture(new: NewVersion) -> bool:
    """Tell whether a later version says otherwise when or how an image was made.

    A statement that was taken back is named by its id alone, so every taking back counts.
    """
    if new.version == 1:
        return False
    settled = [choice["field"] for choice in new.change.get("settled", ())]
    asserted = [
        s.field for s in new.record.statements if s.of_people and s.since_version == new.version
    ]
    return bool(new.change.get("retracted") or CAPTURE.intersection((*settled, *asserted)))


def move_heads(db: Session, versions: Sequence[NewVersion]) -> None:
    """Let these versions be today's."""
    first = [{"asset_id": v.asset_id, "version": 1} for v in versions if v.version == 1]
    if first:
        write_rows(db, HEADS, first)
    later = [{"of": v.asset_id, "to": v.version} for v in versions if v.version > 1]
    if later:
        moved = update(HEADS).where(HEADS.c.asset_id == bindparam("of"))
        db.connection().execute(moved.values(version=bindparam("to")), later)


def by_policy(db: Session, versions: Sequence[NewVersion]) -> list[NewVersion]:
    """Weigh records as the policies of their departments ask today.

    One whose file tells no zone says the instant that its policy's zone makes of its date.
    """
    policies = policies_of(db, {v.department for v in versions})

    def judged(v: NewVersion) -> Record:
        policy = policies[v.department]
        record = replace(v.record, weighing=weighing_of(policy))
        return with_instant(record, policy, version=v.version) if is_dated(record) else record

    return [replace(v, record=judged(v)) for v in versions]


def policies_of(db: Session, departments: Collection[str]) -> dict[str, PolicyInForce]:
    """Return the policy in force of each of these departments."""
    named = select(DepartmentRow.code, DepartmentRow.policy_id)
    rows = db.execute(named.where(DepartmentRow.code.in_(departments))).all()
    held = {policy_id: policy_in_force(db, policy_id) for policy_id in {p for _, p in rows}}
    return {code: held[policy_id] for code, policy_id in rows}


def change_provenance(
    db: Session, caller: Principal, asset_id: UUID, revision: int, change: Change
) -> ProvenanceVersionRow:
    """Write the next version of one record and seal it where that completes it.

    Raises:
        NoSuchResource: no such asset for this caller (HTTP 404).
        RevisionStale: the record is at another version (HTTP 412).
        RegistrationWithdrawn: the registration was taken back.
        RoleMissing: the change needs another role (HTTP 403).
        StatementMalformed, MustBeAsserted, NoSuchStatement, FieldNeedsAnswer, NothingToSettle,
        HoldsOneValue.
    """
    asset = asset_for(db, caller, asset_id)
    lock_decisions(db, [asset_id])
    head = prove_revision(db, asset_id, revision)
    refuse_withdrawn(db, [asset_id])
    person = str(caller.person_id)
    speaker = Speaker(caller.agent.name, person, tuple(sorted(caller.roles)))
    policy = policies_of(db, [asset.department])[asset.department]
    before = record_today(head, policy)
    prove_duty(before, change, speaker)
    after = apply_change(before, change, speaker, version=head.version + 1)
    version = NewVersion(asset_id, head.version + 1, after, change.document(), asset.department)
    write_versions(db, caller.agent, [version])
    seal_complete(db, [asset_id])
    return db.scalars(queries.heads([asset_id])).one()


def prove_revision(db: Session, asset_id: UUID, revision: int) -> ProvenanceVersionRow:
    """Return a record's newest version, which a change must have been made against.

    Raises:
        RevisionStale: the record is at another version (HTTP 412).
    """
    head = db.scalars(queries.heads([asset_id])).one()
    if head.version != revision:
        raise RevisionStale(
            f"The record is at version {head.version}, not {revision}; read it again."
        )
    return head


def adopt_readings(db: Session, asset_ids: Sequence[UUID]) -> None:
    """Enter what files say of themselves beside what people said; each reading once."""
    lock_decisions(db, asset_ids)
    readings = {row.asset_id: row for row in db.scalars(newest_readings(asset_ids))}
    places = {place[0]: place for place in db.execute(kept_places(asset_ids))}
    versions = []
    for head in db.scalars(queries.heads(asset_ids)):
        before, reading = record_of(head), readings.get(head.asset_id)
        if reading is None or str(reading.id) in adopted(before):
            continue
        after = adopt(before, reading, version=head.version + 1)
        if head.asset_id in places:
            after = relocate(after, places[head.asset_id], version=head.version + 1)
        if after != before:
            change = {"reading": str(reading.id), "outcome": reading.outcome}
            versions.append(NewVersion(head.asset_id, head.version + 1, after, change, ""))
    write_versions(db, process("provenance"), with_departments(db, versions))
    seal_complete(db, asset_ids)


def with_departments(db: Session, versions: Sequence[NewVersion]) -> list[NewVersion]:
    """Name in each version's event the department whose record it is."""
    wanted = [v.asset_id for v in versions]
    whose = select(AssetRow.id, AssetRow.department).where(AssetRow.id.in_(wanted))
    known = dict(db.execute(whose).all())
    return [replace(v, department=known[v.asset_id]) for v in versions]


def seal_complete(db: Session, asset_ids: Sequence[UUID]) -> int:
    """Seal today's versions that are complete under their department's policy; say how many."""
    book = open_book(db)
    with judging(db):
        found = db.execute(queries.completeness(book, asset_ids)).all()
    ready = [
        row
        for row in found
        if not (row.sealed or row.missing or row.withdrawn)
        and row.outcome in ("read", "nothing_found")
    ]
    misjudged = weighed_otherwise(db, [row.asset_id for row in ready if row.weighed_otherwise])
    ready = [row for row in ready if row.asset_id not in misjudged]
    if not ready:
        return 0
    facts = [
        {"version": row.version, "policy_version": str(row.policy_version_id)} for row in ready
    ]
    events = [
        Event("x:seal", detail, row.asset_id, row.department)
        for row, detail in zip(ready, facts, strict=True)
    ]
    event_ids = record_all(db, process("provenance"), events)
    ids = new_ids(db, len(ready))
    rows = [
        {
            "id": seal_id,
            "asset_id": row.asset_id,
            "provenance_version": row.version,
            "reading_id": row.reading_id,
            "policy_version_id": row.policy_version_id,
            "event_id": event_id,
        }
        for row, seal_id, event_id in zip(ready, ids, event_ids, strict=True)
    ]
    db.execute(insert(SealRow), rows)
    return len(rows)


def weighed_otherwise(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, NewVersion]:
    """Return the records of which another answer stands than today's policy makes of them.

    Each with its next version: the same statements, weighed anew.
    """
    if not asset_ids:
        return {}
    heads = db.scalars(queries.heads(asset_ids)).all()
    whose = select(AssetRow.id, AssetRow.department).where(AssetRow.id.in_(asset_ids))
    department = dict(db.execute(whose).all())
    policies = policies_of(db, set(department.values()))
    found = {}
    for head in heads:
        before, own = record_of(head), department[head.asset_id]
        after = replace(before, weighing=weighing_of(policies[own]))
        if not weighs_alike(before, after):
            change = {"weighed_by": after.weighing.document()}
            found[head.asset_id] = NewVersion(head.asset_id, head.version + 1, after, change, own)
    return found


def weigh_anew(db: Session, asset_ids: Sequence[UUID]) -> None:
    """Write the records anew of which the policy that holds today makes another answer."""
    lock_decisions(db, asset_ids)
    gone = withdrawals_of(db, asset_ids).keys()
    versions = weighed_otherwise(db, [one for one in asset_ids if one not in gone])
    write_versions(db, process("provenance"), list(versions.values()))
    seal_complete(db, list(versions))


def prove_sealed(db: Session, asset_id: UUID) -> Seal:
    """Return the proof that today's record is complete under the policy in force.

    Raises:
        NotSealed: no current seal, or one that completeness contradicts.
    """
    book = open_book(db)
    with judging(db):
        row = db.execute(queries.completeness(book, [asset_id])).one()
        seal = db.scalars(
            select(SealRow).where(
                SealRow.asset_id == asset_id,
                SealRow.provenance_version == row.version,
                SealRow.policy_version_id == row.policy_version_id,
                SealRow.reading_id == row.reading_id,
            )
        ).one_or_none()
    if seal is None or row.missing:
        lacking = ", ".join(row.missing) or "a seal"
        raise NotSealed(f"The record of asset {asset_id} is not complete: {lacking}.")
    return Seal(seal.id, asset_id, row.version, row.policy_version_id, seal.sealed_at)
