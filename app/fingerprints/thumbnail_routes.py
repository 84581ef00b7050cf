"""Small pictures to look at: made anew, never the original."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from app.assets.models import KeptObjectRow
from app.assets.service import asset_for
from app.fingerprints.errors import ThumbnailAwaited, ThumbnailTooLarge, ThumbnailUndecodable
from app.fingerprints.thumbnails import thumbnail_of
from app.kit.db import Db
from app.kit.refusals import refuses
from app.people.rights import Reader
from app.storage.errors import KeepUnavailable
from app.storage.keeping import open_keep

router = APIRouter(prefix="/v1/assets", tags=["content"])
JPEG = "image/jpeg"
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


class ThumbnailOut(BaseModel):
    """A small picture that is being made."""

    asset_id: UUID
    state: Literal["being_made"]


@router.get(
    "/{asset_id}/thumbnail",
    operation_id="read_thumbnail",
    response_class=Response,
    responses={
        200: {"content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}},
        202: {"model": ThumbnailOut, "description": "Being made; ask again."},
        304: {"description": "The small picture that you have."},
    },
)
@refuses(KeepUnavailable, ThumbnailAwaited, ThumbnailTooLarge, ThumbnailUndecodable)
def read_thumbnail(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Show the image in at most 512 pixels, as a JPEG without anything the file says of itself.

    The first to ask has it made: 202, ask again after a second. What has too many pixels, or cannot
    be decoded, has none.
    """
    asset_for(db, caller, asset_id)
    made = thumbnail_of(db, asset_id)
    if made is None or made.key is None:
        being_made = ThumbnailOut(asset_id=asset_id, state="being_made").model_dump_json()
        return Response(being_made, 202, {"Retry-After": "1"}, media_type="application/json")
    tag = f'"{made.key}"'
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=HEADERS | {"ETag": tag})
    kept = db.get_one(KeptObjectRow, made.key)
    content = b"".join(open_keep(kept.keep).read(kept.key, 0, kept.size_bytes))
    return Response(content, headers=HEADERS | {"ETag": tag}, media_type=JPEG)
