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


class LookedAlikeRow(Row):
    """All that looks like an image was asked for once by one method, also when nothing did."""

    __tablename__ = "looked_alike"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "visual_id"],
            ["visual_fingerprints.asset_id", "visual_fingerprints.id"],
            name="fk_looked_alike_asset_id_visual_id",
        ),
    )
    visual_id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[UUID]
    nominated: Mapped[int]
    passed_over: Mapped[int]  # nominated, but more than are measured for one image
    looked_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class MeasurementRow(Row):
    """One pair registered and measured by one method; every standard judges from it."""

    __tablename__ = "measurements"
    __table_args__ = (
        UniqueConstraint(
            "a_fingerprint_id", "b_fingerprint_id", "method", name="uq_measurements_pair"
        ),
        _cites("measurements", "a_"),
        _cites("measurements", "b_"),
        Index("ix_measurements_b_fingerprint_id", "b_fingerprint_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    a_asset_id: Mapped[UUID]
    a_fingerprint_id: Mapped[UUID]
    b_asset_id: Mapped[UUID]
    b_fingerprint_id: Mapped[UUID]
    method: Mapped[int]  # raised whenever the same two pictures could measure otherwise
    nominated_by: Mapped[dict[str, Any]]
    outcome: Mapped[str]  # measured, or why not
    measured: Mapped[dict[str, Any] | None]
    difference_map: Mapped[bytes | None]  # a small PNG
    tools: Mapped[dict[str, Any]]
    measured_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class LikenessRow(Row):
    """A direct pair with its evidence; a < b, so that a pair is said once."""

    __tablename__ = "likenesses"
    __table_args__ = (
        UniqueConstraint(
            "a_fingerprint_id",
            "b_fingerprint_id",
            "standard_id",
            "measurement_id",
            "revision",
            name="uq_likenesses_pair",
            postgresql_nulls_not_distinct=True,
        ),
        _cites("likenesses", "a_"),
        _cites("likenesses", "b_"),
        Index(
            "ix_likenesses_measurement_id",
            "measurement_id",
            postgresql_where=text("measurement_id IS NOT NULL"),
        ),
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
    # What a class other than exact_bytes rests on; a trigger sees that it is of this pair.
    measurement_id: Mapped[UUID | None] = mapped_column(ForeignKey("measurements.id"))
    copy_asset_id: Mapped[UUID | None]  # which side might go; None: no direction is known
    score: Mapped[float | None]  # 0 to 1, how sure the class is
    # Raised when other facts about the two make another class of the same measurement.
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    same_object: Mapped[bool]  # one physical object under two names: no copy at all
    evidence: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class JudgedFactsRow(Row):
    """A pair was judged by these facts of its files, also when its class stayed. Append-only."""

    __tablename__ = "judged_facts"
    measurement_id: Mapped[UUID] = mapped_column(ForeignKey("measurements.id"), primary_key=True)
    a_version: Mapped[int] = mapped_column(primary_key=True)  # of the record; 0: it has none
    a_seen: Mapped[UUID] = mapped_column(primary_key=True)  # the event of what stands around it
    b_version: Mapped[int] = mapped_column(primary_key=True)
    b_seen: Mapped[UUID] = mapped_column(primary_key=True)  # zeros: nobody told of anything
    judged_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class DismissedPairRow(Row):
    """A person said of two contents that their likeness need not be shown again. Append-only.

    It holds for what the evidence was then, in the lists of that person's department, and
    authorises nothing.
    """

    __tablename__ = "dismissed_pairs"
    __table_args__ = (
        UniqueConstraint(
            *("a_sha256", "b_sha256", "department", "class", "copy", "method"),
            name="uq_dismissed_pairs_evidence",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    a_sha256: Mapped[bytes]  # the smaller of the two digests
    b_sha256: Mapped[bytes]
    department: Mapped[str] = mapped_column(ForeignKey("departments.code"))
    class_: Mapped[str] = mapped_column("class")
    copy: Mapped[str]  # which of the two digests: a, b, neither
    method: Mapped[int]  # of the measurement
    likeness_id: Mapped[UUID] = mapped_column(ForeignKey("likenesses.id"))
    reason: Mapped[str]
    dismissed_by: Mapped[str]
    dismissed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class RepetitionRow(Row):
    """An image is one of too many identical ones in a sequence: a digitisation fault to look at."""

    __tablename__ = "repetitions"
    __table_args__ = (
        UniqueConstraint(
            "asset_id", "fingerprint_id", name="uq_repetitions_asset_id_fingerprint_id"
        ),
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_repetitions_asset_id_fingerprint_id",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID]
    fingerprint_id: Mapped[UUID]
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("policy_versions.id"))
    sequence: Mapped[str]  # running_number, container
    identical: Mapped[int]  # how many, when it was found
    evidence: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
