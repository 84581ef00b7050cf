"""Recorded documents as typed values; a recorded document never changes, so each is read once."""

from dataclasses import dataclass, field
from functools import lru_cache

from app.policies.documents import (
    Document,
    parse_instruments,
    parse_legal_statuses,
    parse_policy,
    parse_retention_schedules,
    tighten,
)
from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.legal import LegalStatuses
from app.policies.rules.policy import Policy
from app.policies.rules.retention import RetentionSchedules


@dataclass(frozen=True)
class Stored:
    """A recorded document, known by its digest alone: equal digests say the same."""

    digest: str
    document: Document = field(compare=False)


@lru_cache(maxsize=32)
def effective(chain: tuple[Stored, ...]) -> Policy:
    """Return what holds of a base and the overlays over it, the base first."""
    base, *overlays = chain
    policy = parse_policy(base.document)
    for overlay in overlays:
        policy = tighten(policy, overlay.document)
    return policy


@lru_cache(maxsize=8)
def legal_statuses(stored: Stored) -> LegalStatuses:
    """Return the register of legal statuses."""
    return parse_legal_statuses(stored.document)


@lru_cache(maxsize=8)
def legal_instruments(stored: Stored) -> LegalInstruments:
    """Return the register of legal instruments."""
    return parse_instruments(stored.document)


@lru_cache(maxsize=8)
def retention_schedules(stored: Stored) -> RetentionSchedules:
    """Return the register of retention schedules."""
    return parse_retention_schedules(stored.document)
