"""An image's fingerprints."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.assets.service import asset_for
from app.fingerprints import queries
from app.fingerprints.models import FingerprintRow, PixelDigestRow, VisualFingerprintRow
from app.kit.db import Db, Row
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader

router = APIRouter(prefix="/v1/assets", tags=["fingerprints"])


class VisualOut(BaseModel):
    """What a file looks like; nothing here is proof that two images are the same."""

    method: int = Field(description="Raised whenever the same bytes could give other values.")
    outcome: str = Field(description="`decoded`, `undecodable` or `too_large`.")
    reason: str | None = Field(description="Why not decoded.")
    width: int | None = Field(description="Pixels across, upright, before any scaling.")
    height: int | None = Field(description="Pixels down, upright, before any scaling.")
    frames: int | None = Field(description="Frames or pages.")
    bit_depth: int | None = Field(description="Bits a channel as they are stored.")
    colour: str | None = Field(description="The decoder's name: L, RGB, CMYK, I;16 and so on.")
    alpha: bool | None = Field(description="Whether parts may be transparent.")
    orientation: int | None = Field(description="As the file states it, 1 to 8 (Exif).")
    colour_space: str | None = Field(description="What the file declares beside a profile.")
    auxiliary: int | None = Field(
        description="Images beside the main one (gain map, depth, MPO, motion); null: not known."
    )
    icc_sha256: str | None = Field(description="Of the embedded ICC profile.")
    phash: str | None = Field(description="imagehash's pHash, 64 bits in hexadecimal.")
    dhash: str | None = Field(description="imagehash's dHash, 64 bits in hexadecimal.")
    pdq: str | None = Field(
        description="PDQ of the picture brought to 64 times 64 pixels by averaging, 256 bits."
    )
    pdq_quality: int | None = Field(description="0 to 100; below 50 it nominates nothing.")
    low_information: str | None = Field(
        description="`blank` or `two_tone`: nothing is said of it by likeness."
    )
    tools: dict[str, Any] = Field(description="Decoder and hash libraries with their versions.")
    computed_at: datetime


class PixelsOut(BaseModel):
    """Every sample of every frame at full depth, as one digest."""

    pixels_sha256: str | None
    reason: str | None = Field(description="Why there is none.")
    frames: int | None
    trailing_bytes: int | None = Field(
        description="Bytes behind the end of the image; null: where it ends is not known."
    )
    decoder: str | None
    decoder_version: str | None
    computed_at: datetime


class FingerprintOut(BaseModel):
    """What the bytes of one reading hash to."""

    id: UUID
    reading_id: UUID
    sha256: str
    size_bytes: int
    image_sha256: str | None = Field(
        description="Of the encoded image without metadata; null: the format's build is not known"
        " (JPEG, PNG, APNG and WebP are), the file is broken, or over 64 MiB."
    )
    rendering_sha256: str | None = Field(
        description="Of tables, profiles and frames: with another one the same image data would"
        " look otherwise."
    )
    trailer_sha256: str | None = Field(description="Of what hangs behind the end of the image.")
    tool: str
    tool_version: str
    computed_at: datetime
    visual: VisualOut | None = Field(description="What it looks like; null: not looked at yet.")
    pixels: PixelsOut | None = Field(
        description="Made at once where a file is decoded in full anyway; of JPEG when a pair asks."
    )


@router.get("/{asset_id}/fingerprints", operation_id="list_fingerprints")
def list_fingerprints(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[FingerprintOut]:
    """List the image's fingerprints, the newest first; each cites the reading before it."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        queries.looks_of(asset_id),
        Listing("fingerprints", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=lambda row: shown(*row),
    )


def shown(
    hashed: FingerprintRow, seen: VisualFingerprintRow | None, digested: PixelDigestRow | None
) -> FingerprintOut:
    """Show one fingerprint with what is known of its looks and its samples."""
    return FingerprintOut(
        **columns(FingerprintOut, hashed),
        visual=VisualOut(**columns(VisualOut, seen)) if seen else None,
        pixels=PixelsOut(**columns(PixelsOut, digested)) if digested else None,
    )


def columns(model: type[BaseModel], row: Row) -> dict[str, Any]:
    """Return what a model shows of a row, digests in hexadecimal."""
    return {
        name: in_hexadecimal(getattr(row, name))
        for name in model.model_fields
        if hasattr(row, name)
    }


def in_hexadecimal(value: object) -> object:
    """Write bytes so that JSON can hold them."""
    return value.hex() if isinstance(value, bytes) else value
