"""An image's readings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from app.assets.service import asset_for
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader
from app.readings import queries
from app.readings.extraction import Outcome

router = APIRouter(prefix="/v1/assets", tags=["readings"])


class ReadingOut(BaseModel):
    """What the file said of itself at one time, by which tool, of which bytes."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    ordinal: int
    outcome: Outcome
    reason: str | None
    tool: str
    tool_version: str
    limited: bool
    format: str | None
    mime: str | None
    size_bytes: int
    byte_token: str
    provenance_version: int
    read_at: datetime
    statements: list[dict[str, Any]]


@router.get("/{asset_id}/readings", operation_id="list_readings")
def list_readings(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReadingOut]:
    """List the image's readings, the newest first; each names its tool and version."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        queries.readings_of(asset_id),
        Listing("readings", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=lambda row: ReadingOut.model_validate(row[0]),
    )
