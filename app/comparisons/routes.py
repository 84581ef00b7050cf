"""An image's likenesses."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from app.assets.service import asset_for
from app.comparisons import queries
from app.comparisons.models import LikenessRow
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader

router = APIRouter(prefix="/v1/assets", tags=["likenesses"])


class LikenessOut(BaseModel):
    """A direct pair and its evidence; the class is a proposal, never a verdict."""

    id: UUID
    other_asset_id: UUID
    proposed_class: Literal["exact_bytes"]
    same_object: bool
    evidence: dict[str, Any]
    found_at: datetime


def show(row: LikenessRow, asset_id: UUID) -> LikenessOut:
    """Show a pair from one of its sides."""
    return LikenessOut(
        id=row.id,
        other_asset_id=row.b_asset_id if row.a_asset_id == asset_id else row.a_asset_id,
        proposed_class="exact_bytes",
        same_object=row.same_object,
        evidence=row.evidence,
        found_at=row.found_at,
    )


@router.get("/{asset_id}/likenesses", operation_id="list_likenesses")
def list_likenesses(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[LikenessOut]:
    """List the pairs that the image is part of, the newest first, with their evidence."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        queries.likenesses_of(asset_id),
        Listing("likenesses", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=lambda row: show(row[0], asset_id),
    )
