"""Tables of provenance: immutable versions, the head, statements made once for a series, seals."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row
from app.provenance.fields import FIELDS


class ProvenanceVersionRow(Row):
    """One asset's statements as they stood; what is judged stands in columns of its own."""

    __tablename__ = "provenance_versions"
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    statements: Mapped[list[dict[str, Any]]]
    resolutions: Mapped[list[dict[str, Any]]]
    change: Mapped[dict[str, Any]]
    legal_status: Mapped[list[str]]
    legal_basis: Mapped[list[str]]
    rights_statement: Mapped[str | None]  # None: not answered, as with the others below
    title: Mapped[str | None]
    creator: Mapped[str | None]
    date_created: Mapped[str | None]
    extracted_title: Mapped[str | None]
    extracted_description: Mapped[str | None]
    extracted_creator: Mapped[str | None]
    extracted_date_created: Mapped[str | None]
    extracted_software: Mapped[str | None]
    codes: Mapped[list[str]]
    confirmed: Mapped[list[str]]
    asserted_count: Mapped[int]
    latest_days: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # How the policy of that day weighed them: the columns above are what it made of the statements.
    weighed_by: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(
        ForeignKey("events.id", deferrable=True, initially="DEFERRED")
    )


VERSIONS = cast(Table, ProvenanceVersionRow.__table__)
for _name in FIELDS:  # bits: see BITS, UNKNOWN_SHIFT and CONFLICT in projection.py
    VERSIONS.append_column(
        Column(f"{_name}_answer", SmallInteger, nullable=False, server_default="0")
    )


class ProvenanceHeadRow(Row):
    """Which version of an asset's record is today's; it moves one step at a time."""

    __tablename__ = "provenance_heads"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "version"],
            ["provenance_versions.asset_id", "provenance_versions.version"],
            name="fk_provenance_heads_asset_id_version",
        ),
    )
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


class SeriesRow(Row):
    """A series of an archive: the assets of one system whose identifiers begin alike."""

    __tablename__ = "series"
    __table_args__ = (
        ForeignKeyConstraint(
            ["source_system", "department"], ["source_systems.code", "source_systems.department"]
        ),
        Index("ix_series_source_system", "source_system"),
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    department: Mapped[str]
    source_system: Mapped[str]
    identifier_prefix: Mapped[str]
    label: Mapped[dict[str, Any]]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class SeriesStatementsRow(Row):
    """Statements made once, or taken back, for a series, a source system or an import."""

    __tablename__ = "series_statements"
    __table_args__ = (
        Index("ix_series_statements_series", "series", "id"),
        Index("ix_series_statements_department", "department", "series", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    series: Mapped[str]
    department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    statements: Mapped[list[dict[str, Any]]]
    retracted: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    operation_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"))
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class SealRow(Row):
    """This version is complete under this policy version. Append-only; stale by itself."""

    __tablename__ = "seals"
    __table_args__ = (
        UniqueConstraint(
            "asset_id",
            "provenance_version",
            "policy_version_id",
            "reading_id",
            name="uq_seals_what_is_sealed",
        ),
        ForeignKeyConstraint(
            ["asset_id", "provenance_version"],
            ["provenance_versions.asset_id", "provenance_versions.version"],
            name="fk_seals_asset_id_provenance_version",
        ),
        ForeignKeyConstraint(
            ["asset_id", "reading_id"],
            ["readings.asset_id", "readings.id"],
            name="fk_seals_asset_id_reading_id",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID]
    provenance_version: Mapped[int]
    reading_id: Mapped[UUID]
    policy_version_id: Mapped[UUID] = mapped_column(ForeignKey("policy_versions.id"))
    sealed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
