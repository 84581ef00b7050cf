"""Tables of fingerprints and of what others claimed them to be."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row, Xid8


class FingerprintRow(Row):
    """What one committed reading's bytes hash to. Append-only, and not unique on purpose."""

    __tablename__ = "fingerprints"
    __table_args__ = (
        UniqueConstraint("asset_id", "id", name="uq_fingerprints_asset_id_id"),
        ForeignKeyConstraint(
            ["asset_id", "reading_id"],
            ["readings.asset_id", "readings.id"],
            name="fk_fingerprints_asset_id_reading_id",
        ),
        Index("ix_fingerprints_asset_id_reading_id", "asset_id", "reading_id", "id"),
        Index("ix_fingerprints_sha256_size_bytes", "sha256", "size_bytes"),
        Index(
            "ix_fingerprints_image_sha256",
            "image_sha256",
            postgresql_where=text("image_sha256 IS NOT NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID]  # a NULL in any part of the key would switch the foreign key off
    reading_id: Mapped[UUID]
    sha256: Mapped[bytes]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the image without what only tells of it; None: the format's anatomy is not known.
    image_sha256: Mapped[bytes | None]
    rendering_sha256: Mapped[bytes | None]
    trailer_sha256: Mapped[bytes | None]  # None with an image: the file ends where it does
    byte_token: Mapped[str]
    object_key: Mapped[str]
    tool: Mapped[str]
    tool_version: Mapped[str]
    computed_at: Mapped[datetime]  # stamped by trigger
    computed_xid: Mapped[int | None] = mapped_column(Xid8)  # stamped by trigger
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class VisualFingerprintRow(Row):
    """What a fingerprinted file looks like, or why that is not known. Append-only.

    Perceptual hashes are of the upright picture; `turned_*` hold its eight turned and mirrored
    forms one after the other, the upright one first. They only ever nominate pairs.
    """

    __tablename__ = "visual_fingerprints"
    __table_args__ = (
        UniqueConstraint("asset_id", "id", name="uq_visual_fingerprints_asset_id_id"),
        UniqueConstraint(
            "fingerprint_id", "method", name="uq_visual_fingerprints_fingerprint_id_method"
        ),
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_visual_fingerprints_asset_id_fingerprint_id",
        ),
        Index("ix_visual_fingerprints_computed_xid", "computed_xid"),
        Index(
            "ix_visual_fingerprints_pixels_sha256",
            "pixels_sha256",
            postgresql_where=text("pixels_sha256 IS NOT NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    asset_id: Mapped[UUID]
    fingerprint_id: Mapped[UUID]
    method: Mapped[int]  # raised whenever the same bytes could give other values
    outcome: Mapped[str]  # decoded, undecodable, too_large
    reason: Mapped[str | None]  # why not decoded
    width: Mapped[int | None]  # pixels, upright, before any scaling
    height: Mapped[int | None]
    frames: Mapped[int | None]  # frames or pages
    bit_depth: Mapped[int | None]  # bits a channel
    colour: Mapped[str | None]  # the decoder's name: L, RGB, CMYK, I;16 and so on
    alpha: Mapped[bool | None]
    orientation: Mapped[int | None]  # as the file states it, 1 to 8
    colour_space: Mapped[str | None]  # as the file declares it beside a profile
    auxiliary: Mapped[int | None]  # images beside the main one: gain map, depth, MPO, motion
    icc_sha256: Mapped[bytes | None]
    pixels_sha256: Mapped[bytes | None]  # every frame at full depth, with alpha
    phash: Mapped[bytes | None]  # 64 bits
    dhash: Mapped[bytes | None]  # 64 bits
    pdq: Mapped[bytes | None]  # 256 bits
    pdq_quality: Mapped[int | None]  # 0 to 100
    turned_phash: Mapped[bytes | None]  # 8 times 64 bits
    turned_pdq: Mapped[bytes | None]  # 8 times 256 bits
    low_information: Mapped[str | None]  # blank, two_tone; None: enough to tell it by its looks
    words: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))  # of its local features
    measures: Mapped[dict[str, Any]]
    tools: Mapped[dict[str, Any]]
    computed_at: Mapped[datetime]  # stamped by trigger
    computed_xid: Mapped[int | None] = mapped_column(Xid8)  # stamped by trigger
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class PixelDigestRow(Row):
    """Every sample of a fingerprinted image as one digest, or why there is none. Append-only.

    Made at once where a picture is decoded in full anyway, else when a pair asks for it.
    """

    __tablename__ = "pixel_digests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_pixel_digests_asset_id_fingerprint_id",
        ),
        Index(
            "ix_pixel_digests_pixels_sha256",
            "pixels_sha256",
            postgresql_where=text("pixels_sha256 IS NOT NULL"),
        ),
    )
    fingerprint_id: Mapped[UUID] = mapped_column(primary_key=True)
    method: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[UUID]
    pixels_sha256: Mapped[bytes | None]
    reason: Mapped[str | None]  # why there is none
    frames: Mapped[int | None]
    trailing_bytes: Mapped[int | None]  # behind the end of the image; None: that is not known
    decoder: Mapped[str | None]
    decoder_version: Mapped[str | None]
    computed_at: Mapped[datetime]  # stamped by trigger
    computed_xid: Mapped[int | None] = mapped_column(Xid8)  # stamped by trigger
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class ClaimCheckRow(Row):
    """How a digest from outside compares with ours. Append-only."""

    __tablename__ = "claim_checks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_claim_checks_asset_id_fingerprint_id",
        ),
        Index(
            "ix_claim_checks_differs",
            "fingerprint_id",
            postgresql_where=text("outcome = 'differs'"),
        ),
    )
    asset_id: Mapped[UUID]
    fingerprint_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str] = mapped_column(primary_key=True)
    claimed: Mapped[str] = mapped_column(primary_key=True)
    computed: Mapped[str | None]  # None: an algorithm that we do not compute
    outcome: Mapped[str] = mapped_column(
        Computed(
            "CASE WHEN computed IS NULL THEN 'unchecked'"
            " WHEN computed = claimed THEN 'matches' ELSE 'differs' END",
            persisted=True,
        )
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class ThumbnailRequestRow(Row):
    """Somebody wants to see what was fingerprinted."""

    __tablename__ = "thumbnail_requests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_thumbnail_requests_asset_id_fingerprint_id",
        ),
        Index("ix_thumbnail_requests_requested_at", "requested_at"),
    )
    fingerprint_id: Mapped[UUID] = mapped_column(primary_key=True)
    asset_id: Mapped[UUID]
    requested_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class ThumbnailRow(Row):
    """What came of making a small picture; one that was made lies in the keep."""

    __tablename__ = "thumbnails"
    __table_args__ = (
        ForeignKeyConstraint(
            ["asset_id", "fingerprint_id"],
            ["fingerprints.asset_id", "fingerprints.id"],
            name="fk_thumbnails_asset_id_fingerprint_id",
        ),
    )
    fingerprint_id: Mapped[UUID] = mapped_column(
        ForeignKey("thumbnail_requests.fingerprint_id"), primary_key=True
    )
    asset_id: Mapped[UUID]
    outcome: Mapped[str]
    reason: Mapped[str | None]  # why undecodable
    key: Mapped[UUID | None] = mapped_column(ForeignKey("kept_objects.key"), unique=True)
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
