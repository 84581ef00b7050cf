"""Table of readings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row, Xid8


class ReadingRow(Row):
    """What one file said of itself at one time. Append-only; the highest ordinal is today's."""

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("asset_id", "id", name="uq_readings_asset_id_id"),
        UniqueConstraint("asset_id", "ordinal", name="uq_readings_asset_id_ordinal"),
        ForeignKeyConstraint(
            ["asset_id", "provenance_version"],
            ["provenance_versions.asset_id", "provenance_versions.version"],
            name="fk_readings_asset_id_provenance_version",
        ),
        Index("ix_readings_object_key", "object_key", "asset_id"),
        Index("ix_readings_mountless_token", "mountless_token", "asset_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID]
    ordinal: Mapped[int]
    provenance_version: Mapped[int]  # a reading is of a record that states its legal status
    outcome: Mapped[str]
    reason: Mapped[str | None]  # why unreadable
    byte_token: Mapped[str]
    object_key: Mapped[str]  # the physical object, whatever its names
    mountless_token: Mapped[str] = mapped_column(
        Computed("regexp_replace(byte_token, '^fs:[0-9]+:', 'fs:')", persisted=True)
    )
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    tool: Mapped[str]
    tool_version: Mapped[str]
    limited: Mapped[bool]
    sidecars: Mapped[list[dict[str, Any]]]  # location, byte token, why one says nothing
    readers: Mapped[dict[str, Any]]  # versions of what decides it beside the tool; {}: not noted
    noise: Mapped[dict[str, Any]]  # said on standard error, by reader
    format: Mapped[str | None]  # None: not told
    mime: Mapped[str | None]
    statements: Mapped[list[dict[str, Any]]]
    raw: Mapped[bytes]
    read_at: Mapped[datetime]  # stamped by trigger
    read_xid: Mapped[int | None] = mapped_column(Xid8)  # stamped; unknown: nothing may be hashed
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
