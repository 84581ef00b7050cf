"""Tables of the ledger: append-only, numbered behind the transaction horizon."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row, Xid8


class EventRow(Row):
    """One thing that happened, in the transaction of the state it tells of."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_xid", "cluster", "xid"),
        Index("ix_events_asset_id", "asset_id", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    kind: Mapped[str]  # a code of PREMIS eventType, or a local one that begins with x:
    asset_id: Mapped[UUID | None]  # None: not about one asset
    department: Mapped[str | None]  # None: not one department's
    agent: Mapped[str]
    person_id: Mapped[UUID | None]  # None: a process
    document: Mapped[bytes]  # canonical JSON
    recorded_at: Mapped[datetime]  # stamped by trigger
    xid: Mapped[int] = mapped_column(Xid8)  # stamped by trigger
    cluster: Mapped[int] = mapped_column(BigInteger)  # stamped by trigger


class LogEntryRow(Row):
    """An event's place in the log; a gap or a second place cannot be written."""

    __tablename__ = "log_entries"
    log_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"), unique=True)


class LogWatermarkRow(Row):
    """Up to which transaction id, exclusive, the events of one cluster are numbered."""

    __tablename__ = "log_watermarks"
    cluster: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    xid: Mapped[int] = mapped_column(Xid8)
