"""Register copies: the asset and version 1 of its provenance in one transaction, no hash."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.assets.errors import RegisteredOtherwise
from app.assets.events import AssetsRegistered, AssetsRevisited
from app.assets.models import SourceSystemRow
from app.assets.service import NewAsset, add_assets, draw_ids, registered_as, system_for
from app.assets.withdrawing import told, withdrawals_of
from app.catalogue.registration import Registration
from app.kit.jobs import publish
from app.kit.refusals import Refusal
from app.ledger.canonical import canonical, canonical_object, digest_of_canonical
from app.ledger.service import Event, record_all
from app.people.roles import Principal
from app.policies.service import registers_in_force
from app.provenance.changes import Change, Speaker, apply_change
from app.provenance.inheriting import Inheritance, inheritance, with_series
from app.provenance.projection import Record
from app.provenance.service import NewVersion, policies_of, weighing_of, write_versions
from app.provenance.statements import Statement
from app.provenance.weighing import USUAL, Weighing
from app.storage.errors import LocationMalformed
from app.storage.locations import decode_location, encode_location
from app.storage.opening import check_location

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Registered:
    """An asset that is there now; `new` tells whether it was not before."""

    asset_id: UUID
    new: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What is looked up once for all registrations of one transaction."""

    caller: Principal
    speaker: Speaker
    statuses: frozenset[str]
    systems: dict[str, SourceSystemRow] = field(default_factory=dict)
    weighings: dict[str, Weighing] = field(default_factory=dict)  # by department

    def system(self, db: Session, code: str) -> SourceSystemRow:
        """Return a source system of the caller's scope."""
        if code not in self.systems:
            self.systems[code] = system_for(db, self.caller, code)
        return self.systems[code]

    def weighing(self, db: Session, said: Registration, department: str) -> Weighing:
        """Return what the policy leaves to a role, asked only where something is carried over."""
        if not said.carries_over:
            return USUAL
        if department not in self.weighings:
            self.weighings[department] = weighing_of(policies_of(db, [department])[department])
        return self.weighings[department]


@dataclass(frozen=True, slots=True)
class Checked:
    """A registration that may be entered: everything about it was proved but its novelty."""

    said: Registration
    facts: dict[str, Any]
    written: bytes  # the facts as canonical JSON
    system: SourceSystemRow
    path: str | None  # None: to be uploaded
    digest: str
    record: Record

    @property
    def identity(self) -> Identity:
        """Return what names the copy."""
        return self.system.code, self.said.source_identifier


def register_one(db: Session, caller: Principal, said: Registration) -> Registered:
    """Register one copy.

    Raises:
        NoSuchResource, LocationMalformed, StatementMalformed, MustBeAsserted, RegisteredOtherwise.
    """
    [outcome] = register(db, caller, [said])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def register(
    db: Session, caller: Principal, said: Sequence[Registration], *, import_id: UUID | None = None
) -> list[Registered | Refusal]:
    """Register up to 5,000 copies, each for itself; a refusal concerns one of them only."""
    desk = open_desk(db, caller)
    outcomes: list[Registered | Refusal | None] = [None] * len(said)
    checked: dict[int, Checked] = {}
    for at, one in enumerate(said):
        try:
            checked[at] = check(db, desk, one)
        except Refusal as refusal:
            outcomes[at] = refusal
    first = first_of_each(checked.values())
    new = enter(db, caller, first, import_id)
    there = {
        (row.source_system, row.source_identifier): (row.id, row.registered_facts)
        for row in registered_as(db, [one.identity for one in first if one.identity not in new])
    }
    there |= {one.identity: (new[one.identity], one.digest) for one in first if one.identity in new}
    fresh = set(new.values())
    withdrawn = withdrawals_of(db, [one for one, _ in there.values() if one not in fresh])
    for at, one_checked in checked.items():
        asset_id, facts_digest = there[one_checked.identity]
        taken_back = withdrawn.get(asset_id)
        outcomes[at] = (
            told(taken_back)
            if taken_back
            else outcome_of(one_checked, asset_id, facts_digest, fresh)
        )
    told_again = {o.asset_id for o in outcomes if isinstance(o, Registered) and not o.new}
    if told_again:
        publish(db, AssetsRevisited(tuple(sorted(told_again))))
    return [one for one in outcomes if one is not None]


def open_desk(db: Session, caller: Principal) -> Desk:
    """Look up what every registration of this transaction is checked against."""
    statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
    speaker = Speaker(caller.agent.name, str(caller.person_id), tuple(sorted(caller.roles)))
    return Desk(caller, speaker, statuses)


def check(db: Session, desk: Desk, said: Registration) -> Checked:
    """Prove everything about a registration that can be refused before it is entered."""
    system = desk.system(db, said.source_system)
    path = None if said.location is None else one_form(said.location, system.root)
    weighing = desk.weighing(db, said, system.department)
    known = Record(tuple(known_already(said, system, path, desk.speaker)), (), weighing)
    change = Change(said.assertions(), legal_statuses=desk.statuses, pointers=said.pointers())
    record = apply_change(known, change, desk.speaker, version=1)
    facts = said.facts()
    written = canonical(facts)
    return Checked(said, facts, written, system, path, digest_of_canonical(written), record)


def one_form(location: str, root: str) -> str:
    """Write a location in its one form.

    Raises:
        LocationMalformed: pointing at it.
    """
    try:
        segments = decode_location(location)
        check_location(root, segments)
        return encode_location(b"/".join(segments))
    except LocationMalformed as refusal:
        refusal.pointers = {"/location": refusal.detail}
        raise


def known_already(
    said: Registration, system: SourceSystemRow, path: str | None, speaker: Speaker
) -> list[Statement]:
    """Return what the registration itself states; the location is derived from it."""
    facts = {
        "source_system": system.code,
        "source_identifier": said.source_identifier,
        "original_name": said.original_name,
        "department": system.department,
    }
    statements = [
        Statement(
            id=f"1.{number}",
            field=name,
            value=value,
            source_kind="asserted",
            locator="api",
            agent=speaker.agent,
            person=speaker.person,
            roles=speaker.roles,
            since_version=1,
        )
        for number, (name, value) in enumerate(facts.items(), start=1)
    ]
    if path is None:
        return statements
    where = [{"uri": f"{system.root}{path}", "kind": "file", "system": system.code}]
    located = Statement("1.5", "locations", where, "derived", "location", speaker.agent, 1)
    return [*statements, located]


def first_of_each(checked: Iterable[Checked]) -> list[Checked]:
    """Keep the first registration of each identity; a later one is a repeat or contradicts it."""
    kept: dict[Identity, Checked] = {}
    for one in checked:
        kept.setdefault(one.identity, one)
    return [kept[identity] for identity in sorted(kept)]


def enter(
    db: Session, caller: Principal, checked: Sequence[Checked], import_id: UUID | None
) -> dict[Identity, UUID]:
    """Enter copies that are new: version 1 of their records, events, the job to read them."""
    stated = inheritance(db, {one.system.code for one in checked}, import_id)
    drawn = draw_ids(db, len(checked))
    new_assets = [
        NewAsset(
            asset_id,
            event_id,
            one.system,
            one.said.source_identifier,
            one.said.original_name,
            one.path,
            one.digest,
            import_id,
            one.said.seen_token(),
        )
        for one, (asset_id, event_id) in zip(checked, drawn, strict=True)
    ]
    added = add_assets(db, caller.agent, new_assets)
    entered = [
        (one, asset) for one, asset in zip(checked, new_assets, strict=True) if asset.id in added
    ]
    record_all(db, caller.agent, [event_of(one, asset) for one, asset in entered])
    write_versions(db, caller.agent, [first_version(one, asset, stated) for one, asset in entered])
    located = tuple(asset.id for _, asset in entered if asset.path is not None)
    if located:
        publish(db, AssetsRegistered(located))
    return {one.identity: asset.id for one, asset in entered}


def event_of(one: Checked, asset: NewAsset) -> Event:
    """Tell of a registration: PREMIS ingestion, by reference or with the content to come."""
    detail = {"registered": one.facts, "location": one.path, "version": 1}
    document = canonical_object(
        registered=one.written, location=canonical(one.path), version=canonical(1)
    )
    return Event("ing", detail, asset.id, one.system.department, asset.event_id, document)


def first_version(one: Checked, asset: NewAsset, stated: Inheritance) -> NewVersion:
    """Return version 1: what the caller said, and what was said before of its series."""
    of_it = stated.of(one.system.code, one.said.source_identifier, asset.import_id)
    record = with_series(one.record, of_it, version=1)
    change = {"registered": True, "claims": [c.model_dump() for c in one.said.claims]}
    return NewVersion(asset.id, 1, record, change, one.system.department, asset.event_id)


def outcome_of(
    one: Checked, asset_id: UUID, facts_digest: str, new: Collection[UUID]
) -> Registered | Refusal:
    """Tell new from there already from there with other facts."""
    if facts_digest != one.digest:
        return other_facts(one.said, asset_id)
    return Registered(asset_id, asset_id in new)


def other_facts(said: Registration, asset_id: UUID) -> RegisteredOtherwise:
    """Refuse a registration that contradicts the one that was first."""
    return RegisteredOtherwise(
        f"{said.source_identifier!r} of {said.source_system} is asset {asset_id}, registered"
        " with other facts; change its record, or name this copy otherwise."
    )
