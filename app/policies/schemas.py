"""What the room answers; every field is always there."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel

from app.policies.models import PolicyVersionRow
from app.policies.rules.conditions import WrittenCondition
from app.policies.rules.in_force import Registers, RegisterVersion
from app.policies.rules.instruments import Instrument, RejectedCitation
from app.policies.rules.legal import Effect
from app.policies.rules.model import Label, Status
from app.policies.rules.retention import Action, RetentionSchedule, Trigger


class PolicyVersionOut(BaseModel):
    """One version of a policy; `digest` is the SHA-256 of the document's canonical JSON."""

    version_id: UUID
    id: str
    version: str
    extends: str | None
    status: Status
    effective_from: date
    label: Label
    digest: str
    recorded_at: datetime
    document: dict[str, Any]

    @classmethod
    def of(cls, row: PolicyVersionRow) -> Self:
        """Show a recorded version."""
        return cls.model_validate(
            {
                "version_id": row.id,
                "id": row.document_id,
                "version": row.version,
                "extends": row.document["policy"]["extends"],
                "status": row.status,
                "effective_from": row.effective_from,
                "label": row.document["policy"]["label"],
                "digest": row.digest,
                "recorded_at": row.recorded_at,
                "document": row.document,
            }
        )


class RegisterVersionOut(BaseModel):
    """Which version of a register is shown; one with the status `example` never authorises."""

    version_id: UUID
    id: str
    version: str
    digest: str
    status: Status

    @classmethod
    def of(cls, version: RegisterVersion) -> Self:
        """Show a version."""
        return cls.model_validate(version, from_attributes=True)


class LegalStatusOut(BaseModel):
    """One legal status: its effect, and what must be recorded before it lets anything go."""

    code: str
    effect: Effect
    conditions: list[str]
    release: str | None
    to: str | None
    label: Label


class LegalStatusesOut(BaseModel):
    """The register of legal statuses."""

    register_version: RegisterVersionOut
    items: list[LegalStatusOut]

    @classmethod
    def of(cls, registers: Registers) -> Self:
        """Show the register in force, by code."""
        items = [
            LegalStatusOut(
                code=code,
                effect=status.effect,
                conditions=list(status.conditions),
                release=status.release,
                to=status.to,
                label=status.label,
            )
            for code, status in sorted(registers.legal_statuses.statuses.items())
        ]
        version = RegisterVersionOut.of(registers.legal_statuses_version)
        return cls(register_version=version, items=items)


class VerifiedOut(BaseModel):
    """Who at the institution checked citation and text, and when."""

    by: str
    on: date
    note: str


class AppliesToOut(BaseModel):
    """Whom an instrument binds, or which images."""

    body_kinds: list[str]
    when: WrittenCondition | None


class InstrumentOut(BaseModel):
    """One text that a legal status may rest on; not verified, it may block and never authorise."""

    id: str
    kind: str
    jurisdiction: str
    citation: Label
    applies_to: AppliesToOut
    requires: list[str]
    effective_from: date | None
    effective_to: date | None
    document_digest: str | None
    verified: VerifiedOut | None

    @classmethod
    def of(cls, instrument: Instrument) -> Self:
        """Show an instrument."""
        return cls.model_validate(instrument, from_attributes=True)


class RejectedCitationOut(BaseModel):
    """A citation that is known to be wrong, and why."""

    cites: str
    match_any: list[str]
    unless_any: list[str]
    why: Label

    @classmethod
    def of(cls, citation: RejectedCitation) -> Self:
        """Show a rejected citation."""
        return cls.model_validate(citation, from_attributes=True)


class LegalInstrumentsOut(BaseModel):
    """The register of legal instruments and of citations known to be wrong."""

    register_version: RegisterVersionOut
    items: list[InstrumentOut]
    rejected_citations: list[RejectedCitationOut]

    @classmethod
    def of(cls, registers: Registers) -> Self:
        """Show the register in force."""
        register = registers.instruments
        return cls(
            register_version=RegisterVersionOut.of(registers.instruments_version),
            items=[InstrumentOut.of(one) for one in register.instruments],
            rejected_citations=[RejectedCitationOut.of(one) for one in register.rejected_citations],
        )


class RetentionScheduleOut(BaseModel):
    """One item: records of these classes stay so long after the trigger, then comes the action."""

    id: str
    version: str
    title: Label
    mandate: list[str]
    scope_notes: Label
    series: str | None
    subject: str | None
    disposal_classes: list[str]
    cut_off: Label
    trigger_field: Trigger
    duration: str
    action: Action
    storage_place: str | None
    kind: Literal["administrative", "programme"]

    @classmethod
    def of(cls, schedule: RetentionSchedule) -> Self:
        """Show a schedule."""
        return cls.model_validate(schedule, from_attributes=True)


class RetentionSchedulesOut(BaseModel):
    """The register of retention schedules."""

    register_version: RegisterVersionOut
    items: list[RetentionScheduleOut]

    @classmethod
    def of(cls, registers: Registers) -> Self:
        """Show the register in force."""
        return cls(
            register_version=RegisterVersionOut.of(registers.retention_schedules_version),
            items=list(map(RetentionScheduleOut.of, registers.retention_schedules.schedules)),
        )
