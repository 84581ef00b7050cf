"""Tables of publishing: drafts, what was proposed, and who else signed it. All append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row, Xid8

NOW = text("clock_timestamp()")
DRAWN = text("uuidv7()")


class PolicyDraftRow(Row):
    """A policy or register as it would be published; its digest is what is signed."""

    __tablename__ = "policy_drafts"
    __table_args__ = (
        UniqueConstraint("document_id", "version", "digest"),
        CheckConstraint(
            "kind IN ('policy', 'legal_status', 'legal_instruments', 'retention_schedules')",
            name="kind",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=DRAWN)
    kind: Mapped[str]
    document_id: Mapped[str]
    version: Mapped[str]
    digest: Mapped[str]
    document: Mapped[dict[str, Any]]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    drafted_at: Mapped[datetime] = mapped_column(server_default=NOW)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class PolicyProposalRow(Row):
    """The first signature: under a draft, or under which policy is to judge a department."""

    __tablename__ = "policy_proposals"
    __table_args__ = (
        UniqueConstraint("draft_id"),
        UniqueConstraint("id", "person_id"),
        CheckConstraint("(draft_id IS NULL) <> (department IS NULL)", name="subject"),
        CheckConstraint("policy_id IS NULL OR department IS NOT NULL", name="policy_id"),
        Index("ix_policy_proposals_department", "department", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=DRAWN)
    draft_id: Mapped[UUID | None] = mapped_column(ForeignKey("policy_drafts.id"))
    department: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    policy_id: Mapped[str | None]  # None, of a department: the city default
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    reason: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(server_default=NOW)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class PolicyApprovalRow(Row):
    """The second signature, never of the person who gave the first."""

    __tablename__ = "policy_approvals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["proposal_id", "proposed_by"],
            ["policy_proposals.id", "policy_proposals.person_id"],
            name="fk_policy_approvals_proposal_id_proposed_by",
        ),
        CheckConstraint("approved_by <> proposed_by", name="two_persons"),
    )
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposed_by: Mapped[UUID]
    approved_by: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    reason: Mapped[str]
    approved_at: Mapped[datetime] = mapped_column(server_default=NOW)
    approved_xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
