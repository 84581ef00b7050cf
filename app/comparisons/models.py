"""Tables of comparisons: that an asset was compared, and direct pairs with their evidence."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


def _cites(table: str, side: str = "") -> ForeignKeyConstraint:
    columns = [f"{side}asset_id", f"{side}fingerprint_id"]
    name = "_".join(["fk", table, *columns])
    return ForeignKeyConstraint(columns, ["fingerprints.asset_id", "fingerprints.id"], name=name)


class ComparedRow(Row):
    """An asset was compared with all others under one standard, also when nothing was found."""

    __tablename__ = "compared"
    __table_args__ = (_cites("compared"),)
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint_id: Mapped[UUID] = mapped_column(primary_key=True)
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("policy_versions.id"), primary_key=True)
    compared_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class LikenessRow(Row):
    """A direct pair with its evidence; a < b, so that a pair is said once."""

    __tablename__ = "likenesses"
    __table_args__ = (
        UniqueConstraint(
            "a_fingerprint_id",
            "b_fingerprint_id",
            "standard_id",
            "class",
            name="uq_likenesses_pair",
        ),
        _cites("likenesses", "a_"),
        _cites("likenesses", "b_"),
        Index("ix_likenesses_a_asset_id_b_asset_id", "a_asset_id", "b_asset_id"),
        Index("ix_likenesses_b_asset_id_a_asset_id", "b_asset_id", "a_asset_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    a_asset_id: Mapped[UUID]
    a_fingerprint_id: Mapped[UUID]
    b_asset_id: Mapped[UUID]
    b_fingerprint_id: Mapped[UUID]
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("policy_versions.id"))
    class_: Mapped[str] = mapped_column("class")
    same_object: Mapped[bool]  # one physical object under two names: no copy at all
    evidence: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
