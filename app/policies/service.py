"""Recording documents, and what is in force today."""

from typing import Any, assert_never
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kit.db import new_ids
from app.ledger.agents import process
from app.ledger.canonical import digest_of
from app.ledger.service import Event, record
from app.policies import queries
from app.policies.documents import (
    Document,
    Kind,
    header_of,
    kind_of,
    parse_instruments,
    parse_legal_statuses,
    parse_policy,
    tighten,
    versioned,
)
from app.policies.errors import NoPolicyInForce, PolicyMalformed, VersionImmutable
from app.policies.models import PolicyVersionRow
from app.policies.packaged import packaged_documents
from app.policies.parsed import Stored, effective, legal_instruments, legal_statuses
from app.policies.rules.in_force import PolicyInForce, Registers, RegisterVersion
from app.policies.rules.model import DocumentHeader

CITY_DEFAULT = "hk-city-default"
AGENT = process("host")  # until two persons publish through the API, only the owner records


def load_packaged(db: Session) -> int:
    """Record the documents that come with the product; return how many were not there yet.

    Raises:
        VersionImmutable: a version is stored that says something else.
    """
    return sum(_record(db, document)[1] for document in packaged_documents())


def record_document(db: Session, document: dict[str, Any]) -> UUID:
    """Record a version for good and return its id; the same document again changes nothing.

    Asks for nobody's signature: publishing, which takes two persons, stands before it.

    Raises:
        PolicyMalformed: naming each fault, or an overlay's base that is not recorded.
        PolicyLoosens: naming each rule of an overlay that loosens its base.
        VersionImmutable: the version is stored and says something else.
    """
    return _record(db, document)[0]


def policy_in_force(db: Session, policy_id: str | None) -> PolicyInForce:
    """Return the policy, base and overlay together, that holds today; none means the city's.

    Raises:
        NoPolicyInForce: no version is in force by the database's date (HTTP 409).
    """
    row = _row_in_force(db, "policy", policy_id or CITY_DEFAULT)
    policy = effective(_chain(db, row))
    return PolicyInForce(
        row.id, policy, row.document_id, row.version, row.digest, policy.header.status
    )


def registers_in_force(db: Session) -> Registers:
    """Return the legal statuses and instruments that hold today.

    Raises:
        NoPolicyInForce: one of the registers has no version in force (HTTP 409).
    """
    statuses = _row_in_force(db, "legal_status", "legal-status")
    instruments = _row_in_force(db, "legal_instruments", "legal-instruments")
    return Registers(
        legal_statuses(Stored(statuses.digest, statuses.document)),
        legal_instruments(Stored(instruments.digest, instruments.document)),
        _register_version(statuses),
        _register_version(instruments),
    )


def _record(db: Session, document: dict[str, Any]) -> tuple[UUID, bool]:
    kind = kind_of(document)
    header = _checked(db, kind, document)
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
        record(db, AGENT, Event("x:policy-recorded", detail, id=event_id))
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
        case "policy":
            header = header_of(document)
            if header.extends is None:
                return parse_policy(document).header
            tighten(effective(_chain(db, _base_of(db, header.id, header.extends))), document)
            return header
        case _:
            assert_never(kind)


def _row_in_force(db: Session, kind: Kind, document_id: str) -> PolicyVersionRow:
    statement: Select[PolicyVersionRow] = queries.in_force(kind)
    row = db.scalars(statement.where(PolicyVersionRow.document_id == document_id)).one_or_none()
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


def _register_version(row: PolicyVersionRow) -> RegisterVersion:
    return RegisterVersion(row.id, row.document_id, row.version, row.digest, row.status)
