"""Registers as if a draft of one of them held."""

from dataclasses import replace
from uuid import UUID

from app.ledger.canonical import digest_of
from app.policies.documents import (
    Document,
    Kind,
    header_in,
    parse_instruments,
    parse_legal_statuses,
    parse_retention_schedules,
)
from app.policies.rules.in_force import Registers, RegisterVersion


def supposed_registers(
    held: Registers, kind: Kind, document: Document, version_id: UUID
) -> Registers:
    """Return the registers as if a document held in the place of one, under a drawn id.

    Raises:
        PolicyMalformed: naming each fault.
    """
    _, header = header_in(document)
    said = (header["id"], header["version"], digest_of(dict(document)), header["status"])
    version = RegisterVersion(version_id, *said)
    match kind:
        case "legal_status":
            statuses = parse_legal_statuses(document)
            return replace(held, legal_statuses=statuses, legal_statuses_version=version)
        case "legal_instruments":
            instruments = parse_instruments(document)
            return replace(held, instruments=instruments, instruments_version=version)
        case _:
            schedules = parse_retention_schedules(document)
            return replace(held, retention_schedules=schedules, retention_schedules_version=version)
