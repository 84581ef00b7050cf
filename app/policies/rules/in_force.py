"""What was in force when the question was asked, with the versions to cite."""

from dataclasses import dataclass
from uuid import UUID

from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.legal import LegalStatuses
from app.policies.rules.policy import Policy
from app.policies.rules.retention import RetentionSchedules


@dataclass(frozen=True)
class PolicyInForce:
    """One department's policy, base and overlay together.

    `status` is the effective one: that of an overlay on an example is `example`.
    """

    version_id: UUID
    effective: Policy
    id: str
    version: str
    digest: str
    status: str


@dataclass(frozen=True)
class RegisterVersion:
    """Which version of a register was read."""

    version_id: UUID
    id: str
    version: str
    digest: str
    status: str


@dataclass(frozen=True)
class Registers:
    """Legal statuses, instruments and retention schedules, and the version of each."""

    legal_statuses: LegalStatuses
    instruments: LegalInstruments
    legal_statuses_version: RegisterVersion
    instruments_version: RegisterVersion
    retention_schedules: RetentionSchedules
    retention_schedules_version: RegisterVersion

    @property
    def versions(self) -> tuple[RegisterVersion, ...]:
        """Return the version of each register."""
        return (
            self.legal_statuses_version,
            self.instruments_version,
            self.retention_schedules_version,
        )
