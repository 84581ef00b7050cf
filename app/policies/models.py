"""The one table: versions of documents, never changed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class PolicyVersionRow(Row):
    """One version of a policy or register, as it was written. Append-only."""

    __tablename__ = "policy_versions"
    __table_args__ = (
        UniqueConstraint("kind", "document_id", "version"),
        CheckConstraint(
            "kind IN ('policy', 'legal_status', 'legal_instruments', 'retention_schedules')",
            name="kind",
        ),
        CheckConstraint("status IN ('draft', 'example', 'published', 'superseded')", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    kind: Mapped[str]
    document_id: Mapped[str]
    version: Mapped[str]
    digest: Mapped[str]
    document: Mapped[dict[str, Any]]
    status: Mapped[str]
    effective_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(
        ForeignKey("events.id", deferrable=True, initially="DEFERRED")
    )
