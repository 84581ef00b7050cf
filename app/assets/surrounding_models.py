"""Table of what stands around assets where they lie."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class SurroundingsRow(Row):
    """What a look around one asset's file found; without it, or of an older place, unknown."""

    __tablename__ = "surroundings"
    __table_args__ = (
        Index(
            "ix_surroundings_companions",
            "companions",
            postgresql_using="gin",
            postgresql_ops={"companions": "jsonb_path_ops"},
            postgresql_where=text("cardinality(companion_kinds) > 0"),
        ),
    )
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    location_ordinal: Mapped[int]  # where it lay when somebody looked
    companion_kinds: Mapped[list[str]]
    container_kinds: Mapped[list[str]]
    companions: Mapped[list[dict[str, Any]]]
    containers: Mapped[list[dict[str, Any]]]
    looked_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id"))  # None: nothing found
