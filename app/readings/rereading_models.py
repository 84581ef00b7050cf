"""Tables of readings that people asked for anew."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class RereadingRow(Row):
    """What was asked for beside its operation. Append-only."""

    __tablename__ = "rereadings"
    id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    asked: Mapped[dict[str, Any]]
    reason: Mapped[str]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class RereadAssetRow(Row):
    """One asset of a re-reading: the reading it had, and what came of reading it again."""

    __tablename__ = "reread_assets"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "before_reading_id"],
            ["readings.asset_id", "readings.id"],
            name="fk_reread_assets_asset_id_before_reading_id",
        ),
        Index(
            "ix_reread_assets_waiting",
            "rereading_id",
            "asset_id",
            postgresql_where=text("done_at IS NULL"),
        ),
    )
    rereading_id: Mapped[UUID] = mapped_column(ForeignKey("rereadings.id"), primary_key=True)
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    before_reading_id: Mapped[UUID]
    after_reading_id: Mapped[UUID | None] = mapped_column(ForeignKey("readings.id"))
    result: Mapped[str | None]  # None: still to be read
    changes: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    done_at: Mapped[datetime | None]  # None: still to be read
