"""Tables of assets: one registered copy, where it lies, the system it comes from."""

from datetime import date, datetime
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

from app.kit.db import Row


class SourceSystemRow(Row):
    """Where copies and their identifiers come from; one department owns it."""

    __tablename__ = "source_systems"
    __table_args__ = (
        UniqueConstraint("code", "department", name="uq_source_systems_code_department"),
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    label: Mapped[dict[str, Any]]
    root: Mapped[str]  # a file URI that ends in a slash, links resolved
    custody_kind: Mapped[str]
    failure_domain: Mapped[str]
    removable: Mapped[bool]
    custody_ends_on: Mapped[date | None]  # None: stated to have no end
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class AssetRow(Row):
    """One registered copy, the unit of every decision. Append-only."""

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint(
            "source_system", "source_identifier", name="uq_assets_source_system_source_identifier"
        ),
        ForeignKeyConstraint(
            ["source_system", "department"], ["source_systems.code", "source_systems.department"]
        ),
        Index("ix_assets_department", "department", "id"),
        Index("ix_assets_source_system", "source_system", "id"),
        Index(
            "ix_assets_import_id", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    source_system: Mapped[str]
    source_identifier: Mapped[str]
    department: Mapped[str]
    original_name: Mapped[str]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("operations.id"))  # None: by itself
    registered_facts: Mapped[str]  # digest of the registration record
    registered_by: Mapped[str]
    registered_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(
        ForeignKey("events.id", deferrable=True, initially="DEFERRED")
    )


class LocationRow(Row):
    """Where an asset's bytes lie beneath its system's root; the highest ordinal is today's."""

    __tablename__ = "locations"
    __table_args__ = (
        Index(
            "ix_locations_seen_object",
            "seen_object",
            postgresql_where=text("seen_object IS NOT NULL"),
        ),
        Index("ix_locations_moved_to", "path", postgresql_where=text("ordinal > 1")),
    )
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]  # a relative URI path; of an upload: beneath the root of its keep
    seen_token: Mapped[str | None]  # the byte token that a scan saw there; None: none looked
    seen_object: Mapped[str | None] = mapped_column(
        Computed("substring(seen_token FROM '^fs:[0-9]+:[0-9]+')", persisted=True)
    )


class SightingRow(Row):
    """What was seen of a location that could not be read as expected; the newest counts."""

    __tablename__ = "sightings"
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    detail: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class DecisionLockRow(Row):
    """What a decision about an asset locks; made by trigger with the asset."""

    __tablename__ = "decision_locks"
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)


class HindranceRow(Row):
    """What keeps an asset from passing a stage, and when it is tried again; gone once it passes."""

    __tablename__ = "hindrances"
    __table_args__ = (Index("ix_hindrances_stage_due_at", "stage", "due_at"),)
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    strikes: Mapped[int] = mapped_column(server_default="0")  # it failed, or killed a worker
    looks: Mapped[int] = mapped_column(server_default="0")  # it was missing, away or changing
    reason: Mapped[str]
    due_at: Mapped[datetime]  # infinity: set aside for people
    about: Mapped[str | None]  # what the strikes are of, where a stage tries more than one thing


class SetAsideRow(Row):
    """An asset that nobody but people can get through a stage. Append-only."""

    __tablename__ = "set_aside"
    __table_args__ = (Index("ix_set_aside_asset_id", "asset_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"))
    stage: Mapped[str]
    reason: Mapped[str]
    strikes: Mapped[int]
    since: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class SetAsideReleaseRow(Row):
    """People looked at it and put it back to work. Append-only."""

    __tablename__ = "set_aside_releases"
    set_aside_id: Mapped[UUID] = mapped_column(ForeignKey("set_aside.id"), primary_key=True)
    reason: Mapped[str]
    released_by: Mapped[str]
    released_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class SweepRow(Row):
    """How far the sweeps of one stage have looked, by the ids of what they look at."""

    __tablename__ = "sweeps"
    stage: Mapped[str] = mapped_column(primary_key=True)
    looked_up_to: Mapped[UUID]
    walked_to: Mapped[UUID | None]  # None: no walk over everything is on its way
    judged_by: Mapped[str | None]  # the rules under which everything was looked at last


class KeptObjectRow(Row):
    """One object in the keep; given up first and removed after, in two transactions."""

    __tablename__ = "kept_objects"
    __table_args__ = (
        Index(
            "ix_kept_objects_to_remove",
            "given_up_at",
            postgresql_where=text("given_up_at IS NOT NULL AND removed_at IS NULL"),
        ),
    )
    key: Mapped[UUID] = mapped_column(primary_key=True)  # drawn, never made from the content
    keep: Mapped[str]  # the root URI of the keep that it lies in
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    kept_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    given_up_at: Mapped[datetime | None]  # None: something may refer to it
    removed_at: Mapped[datetime | None]  # None: not known to be gone


class UploadRow(Row):
    """One content on its way in, kept, or given up; at most one of an asset is open or kept."""

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("asset_id", "id", name="uq_uploads_asset_id_id"),
        Index(
            "uq_uploads_living",
            "asset_id",
            unique=True,
            postgresql_where=text("state IN ('open', 'kept')"),
        ),
        Index("uq_uploads_content_key", "content_key", unique=True),
        Index("ix_uploads_last_part_at", "last_part_at", postgresql_where=text("state = 'open'")),
        Index("ix_uploads_set_aside", "settled_at", postgresql_where=text("state = 'refused'")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"))
    state: Mapped[str] = mapped_column(server_default="open")
    total_bytes: Mapped[int | None] = mapped_column(BigInteger)  # None: the client does not know
    received_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    claims: Mapped[list[dict[str, Any]]]
    begun_by: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    last_part_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    content_key: Mapped[UUID | None] = mapped_column(ForeignKey("kept_objects.key"))
    settled_at: Mapped[datetime | None]  # None: open
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id"))  # None: open


class KeptLocationRow(Row):
    """A location that is a content of ours; a location without such a row is by reference."""

    __tablename__ = "kept_locations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "ordinal"],
            ["locations.asset_id", "locations.ordinal"],
            name="fk_kept_locations_asset_id_ordinal",
        ),
        ForeignKeyConstraint(
            ["asset_id", "upload_id"],
            ["uploads.asset_id", "uploads.id"],
            name="fk_kept_locations_asset_id_upload_id",
        ),
    )
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    upload_id: Mapped[UUID] = mapped_column(unique=True)


class UploadPartRow(Row):
    """One piece of an upload; pieces follow each other without a gap."""

    __tablename__ = "upload_parts"
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    start_byte: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[UUID] = mapped_column(ForeignKey("kept_objects.key"), unique=True)
