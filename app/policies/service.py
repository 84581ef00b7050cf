"""Recording documents, and what is in force today."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kit.db import new_ids
from app.ledger.agents import Agent, process
from app.ledger.canonical import digest_of
from app.ledger.service import Event, record
from app.policies import queries
from app.policies.documents import (
    Document,
    Kind,
    header_in,
    header_of,
    kind_of,
    parse_instruments,
    parse_legal_statuses,
    parse_policy,
    parse_retention_schedules,
    tighten,
    versioned,
)
from app.policies.errors import NoPolicyInForce, PolicyMalformed, VersionImmutable
from app.policies.models import PolicyVersionRow
from app.policies.packaged import packaged_documents
from app.policies.parsed import (
    Stored,
    effective,
    legal_instruments,
    legal_statuses,
    retention_schedules,
)
from app.policies.rules.in_force import PolicyInForce, Registers, RegisterVersion
from app.policies.rules.model import DocumentHeader
from app.policies.rules.policy import Policy
from app.policies.rules.terms import without_effect

CITY_DEFAULT = "hk-city-default"
HOST = process("host")  # the owner records what comes with the product; persons publish
REGISTERS: Mapping[str, Kind] = {
    "legal-status": "legal_status",
    "legal-instruments": "legal_instruments",
    "retention-schedules": "retention_schedules",
}


def load_packaged(db: Session) -> int:
    """Record the documents that come with the product; return how many were not there yet.

    Raises:
        VersionImmutable: a version is stored that says something else.
    """
    return sum(_record(db, document, HOST)[1] for document in packaged_documents())


def record_document(db: Session, document: dict[str, Any], agent: Agent = HOST) -> UUID:
    """Record a version for good and return its id; the same document again changes nothing.

    Asks for nobody's signature: publishing, which takes two persons, stands before it, and the
    database takes a version from anyone but the owner only with both.

    Raises:
        PolicyMalformed: naming each fault, or an overlay's base that is not recorded.
        PolicyLoosens: naming each rule of an overlay that loosens its base.
        VersionImmutable: the version is stored and says something else.
    """
    return _record(db, document, agent)[0]


def check_document(db: Session, document: Document) -> tuple[Kind, DocumentHeader]:
    """Say what a document is, once it was read in full and, an overlay, over its base.

    Raises:
        PolicyMalformed: naming each fault, or an overlay's base that is not recorded.
        PolicyLoosens: naming each rule of an overlay that loosens its base.
    """
    kind = kind_of(document)
    header = _checked(db, kind, document)
    if faults := without_effect(document):
        raise PolicyMalformed(header.id, faults)
    if REGISTERS.get(header.id, kind) != kind:
        fault = f"{header.id} is the name of a register"
        raise PolicyMalformed(header.id, {"/policy/id": fault})
    return kind, header


def effective_of(db: Session, document: Document) -> Policy:
    """Return a policy that is not recorded as it would hold: an overlay over its base.

    Raises:
        PolicyMalformed, PolicyLoosens.
    """
    _, written = header_in(document)
    if written.get("extends") is None:
        return parse_policy(document)
    header = header_of(document)
    base = _base_of(db, header.id, str(header.extends))
    return tighten(effective(_chain(db, base)), document)


def policy_in_force(db: Session, policy_id: str | None) -> PolicyInForce:
    """Return the policy, base and overlay together, that holds today; none means the city's.

    Raises:
        NoPolicyInForce: no version is in force by the database's date (HTTP 409).
    """
    row = _row_in_force(db, "policy", policy_id or CITY_DEFAULT)
    policy = effective(_chain(db, row))
    status = policy.header.status if _bases_hold(db, row) else "superseded"
    return PolicyInForce(row.id, policy, row.document_id, row.version, row.digest, status)


def supposed_in_force(db: Session, document: Document, version_id: UUID) -> PolicyInForce:
    """Return a policy as if it held: a draft, or a version of another day, under a drawn id.

    Raises:
        PolicyMalformed, PolicyLoosens.
    """
    policy = effective_of(db, document)
    header, extends = policy.header, document["policy"]["extends"]
    holds = extends is None or _is_in_force(db, _base_of(db, header.id, extends))
    status = header.status if holds else "superseded"
    return PolicyInForce(version_id, policy, header.id, header.version, digest_of(document), status)


def registers_in_force(db: Session) -> Registers:
    """Return the legal statuses, instruments and retention schedules that hold today.

    Raises:
        NoPolicyInForce: one of the registers has no version in force (HTTP 409).
    """
    statuses = _row_in_force(db, "legal_status", "legal-status")
    instruments = _row_in_force(db, "legal_instruments", "legal-instruments")
    schedules = _row_in_force(db, "retention_schedules", "retention-schedules")
    return Registers(
        legal_statuses(Stored(statuses.digest, statuses.document)),
        legal_instruments(Stored(instruments.digest, instruments.document)),
        _register_version(statuses),
        _register_version(instruments),
        retention_schedules(Stored(schedules.digest, schedules.document)),
        _register_version(schedules),
    )


def document_in_force(db: Session, kind: Kind, document_id: str) -> Document:
    """Return the document of the version that holds today, as it was recorded.

    Raises:
        NoPolicyInForce: none does (HTTP 409).
    """
    return _row_in_force(db, kind, document_id).document


def recorded_document(db: Session, policy_id: str, version: str) -> Document | None:
    """Return the document of a recorded version of a policy or register; None: there is none."""
    kind = REGISTERS.get(policy_id, "policy")
    row = db.scalars(queries.version_of(kind, policy_id, version)).one_or_none()
    return None if row is None else row.document


def recorded_versions(db: Session, document_id: str) -> Sequence[str]:
    """Return every recorded version of a policy or register."""
    return db.scalars(queries.numbers_of(document_id)).all()


def published_versions(db: Session, document_id: str) -> Sequence[str]:
    """Return the published versions of a policy or register."""
    published = PolicyVersionRow.status == "published"
    return db.scalars(queries.numbers_of(document_id).where(published)).all()


def _record(db: Session, document: dict[str, Any], agent: Agent) -> tuple[UUID, bool]:
    kind, header = check_document(db, document)
    digest = digest_of(document)
    [event_id] = new_ids(db, 1)
    statement = insert(PolicyVersionRow).values(
        event_id=event_id,
        kind=kind,
        document_id=header.id,
        version=header.version,
        digest=digest,
        document=document,
        status=header.status,
        effective_from=header.effective_from,
    )
    taken = statement.on_conflict_do_nothing().returning(PolicyVersionRow.id)
    if (version_id := db.scalar(taken)) is not None:
        detail = {"kind": kind, "document": versioned(header), "digest": digest}
        record(db, agent, Event("x:policy-recorded", detail, id=event_id))
        return version_id, True
    stored = db.scalars(queries.version_of(kind, header.id, header.version)).one()
    if stored.digest != digest:
        raise VersionImmutable(versioned(header), stored.digest, digest)
    return stored.id, False


def _checked(db: Session, kind: Kind, document: Document) -> DocumentHeader:
    match kind:
        case "legal_status":
            return parse_legal_statuses(document).header
        case "legal_instruments":
            return parse_instruments(document).header
        case "retention_schedules":
            return parse_retention_schedules(document).header
        case "policy":
            effective_of(db, document)
            return header_of(document)
        case _:
            assert_never(kind)


def _row_in_force(db: Session, kind: Kind, document_id: str) -> PolicyVersionRow:
    row = db.scalars(queries.in_force(kind, document_id)).one_or_none()
    if row is None:
        raise NoPolicyInForce(kind.replace("_", " "), document_id)
    return row


def _base_of(db: Session, overlay: str, extends: str) -> PolicyVersionRow:
    policy_id, version = extends.split("@")
    row = db.scalars(queries.version_of("policy", policy_id, version)).one_or_none()
    if row is None:
        raise PolicyMalformed(overlay, {"/policy/extends": f"{extends} is not recorded"})
    return row


def _chain(db: Session, row: PolicyVersionRow) -> tuple[Stored, ...]:
    # Each version's base was recorded before it, so the chain ends.
    extends = row.document["policy"]["extends"]
    bases = _chain(db, _base_of(db, row.document_id, extends)) if extends else ()
    return *bases, Stored(row.digest, row.document)


def _bases_hold(db: Session, row: PolicyVersionRow) -> bool:
    # What the city asks since may be more than the base that this overlay was made for, and an
    # overlay only tightens: until it is put over the new version it may block, never authorise.
    extends = row.document["policy"]["extends"]
    return extends is None or _is_in_force(db, _base_of(db, row.document_id, extends))


def _is_in_force(db: Session, row: PolicyVersionRow) -> bool:
    held = db.scalars(queries.in_force("policy", row.document_id)).one_or_none()
    return held is not None and held.id == row.id and _bases_hold(db, row)


def _register_version(row: PolicyVersionRow) -> RegisterVersion:
    return RegisterVersion(row.id, row.document_id, row.version, row.digest, row.status)
