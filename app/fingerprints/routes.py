"""An image's fingerprints."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.assets.service import asset_for
from app.fingerprints import queries
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader

router = APIRouter(prefix="/v1/assets", tags=["fingerprints"])


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


@router.get("/{asset_id}/fingerprints", operation_id="list_fingerprints")
def list_fingerprints(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[FingerprintOut]:
    """List the image's fingerprints, the newest first; each cites the reading before it."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        queries.fingerprints_of(asset_id),
        Listing("fingerprints", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=lambda row: FingerprintOut(
            id=row[0].id,
            reading_id=row[0].reading_id,
            sha256=row[0].sha256.hex(),
            size_bytes=row[0].size_bytes,
            image_sha256=in_hexadecimal(row[0].image_sha256),
            rendering_sha256=in_hexadecimal(row[0].rendering_sha256),
            trailer_sha256=in_hexadecimal(row[0].trailer_sha256),
            tool=row[0].tool,
            tool_version=row[0].tool_version,
            computed_at=row[0].computed_at,
        ),
    )


def in_hexadecimal(digest: bytes | None) -> str | None:
    """Write a digest, if there is one."""
    return None if digest is None else digest.hex()
