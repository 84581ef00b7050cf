"""Tables of names: of registrations that were taken back, and those that assets bore before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class WithdrawalRow(Row):
    """A registration that was a mistake, taken back with a reason. Append-only."""

    __tablename__ = "withdrawals"
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    reason: Mapped[str]
    withdrawn_by: Mapped[str]
    withdrawn_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class FormerIdentityRow(Row):
    """A name that an asset was known by before its collection moved. Append-only."""

    __tablename__ = "former_identities"
    __table_args__ = (Index("ix_former_identities_asset_id", "asset_id"),)
    source_system: Mapped[str] = mapped_column(ForeignKey("source_systems.code"), primary_key=True)
    source_identifier: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"))
    until: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
