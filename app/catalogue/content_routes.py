"""An image's content: uploaded piece by piece, handed out as an attachment only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel

from app.assets.errors import (
    ContentAlreadyThere,
    ContentAwaited,
    UploadDiffers,
    UploadEnded,
    UploadOffset,
)
from app.assets.rules import Claim, Part, parse_content_range, parse_repr_digest
from app.assets.service import asset_for
from app.assets.uploads import Sent, Standing, standing_of
from app.catalogue.downloading import hand_out, original_for
from app.catalogue.errors import ContentChanged, RangeNotThere
from app.catalogue.schemas import Content
from app.catalogue.uploading import receive
from app.kit.db import Database, Db
from app.kit.errors import BodyTooLarge, Malformed, NoSuchResource
from app.kit.refusals import refuses
from app.people.rights import Reader, Uploader
from app.readings.errors import NotYetRead
from app.storage.errors import KeepFull, KeepUnavailable, NotAFile, NotThere, Unreachable

router = APIRouter(prefix="/v1/assets", tags=["content"])
BYTES = {"schema": {"type": "string", "format": "binary"}}
ContentRange = Annotated[
    str | None,
    Header(description="`bytes 0-99/1234`, `bytes 0-99/*`; `bytes */1234` asks how far it is."),
]
ReprDigest = Annotated[
    list[str] | None,
    Header(description="RFC 9530: a claim about the whole content, checked after the reading."),
]
Refused = Annotated[str | None, Header(include_in_schema=False)]


class ContentOut(BaseModel):
    """How far an image's content is."""

    asset_id: UUID
    state: Content
    received_bytes: int
    total_bytes: int | None


@router.put(
    "/{asset_id}/content",
    operation_id="upload_content",
    status_code=201,
    responses={202: {"model": ContentOut, "description": "Taken; more is to come."}},
    openapi_extra={"requestBody": {"required": True, "content": {"*/*": BYTES}}},
)
@refuses(
    BodyTooLarge,
    ContentAlreadyThere,
    KeepFull,
    KeepUnavailable,
    NoSuchResource,
    UploadDiffers,
    UploadEnded,
    UploadOffset,
)
async def upload_content(
    request: Request,
    response: Response,
    caller: Uploader,
    asset_id: UUID,
    content_range: ContentRange = None,
    repr_digest: ReprDigest = None,
    content_digest: Refused = None,
    content_encoding: Refused = None,
    content_length: Annotated[int | None, Header(include_in_schema=False, ge=0)] = None,
) -> ContentOut:
    """Upload the bytes of an image that was registered without a location.

    An XMP sidecar is registered and uploaded likewise, as `name.xmp` or `name.jpg.xmp` beside the
    `source_identifier` `name.jpg` of its image in the same system; it is read with that image.
    Without `Content-Range` the body is the whole content, begun anew. With it the content comes in
    parts, each from where the last one ended; `HEAD` says where that is, also after a broken
    connection. Bytes that are here already do no harm, others in their place are refused. Nothing
    is hashed: `Repr-Digest` is kept as a claim, and checked once the image was read.
    """
    if content_digest is not None:
        raise not_taken("Content-Digest", "send Repr-Digest: nothing is hashed while it comes in")
    if content_encoding not in (None, "identity"):
        raise not_taken("Content-Encoding", "send the bytes as they are")
    part = part_of(content_range)
    if part is not None and content_length not in (None, part.end - part.start):
        raise not_taken("Content-Range", "must name as many bytes as the body has")
    total = content_length if part is None else part.total
    sent = Sent(part, total, claims_of(repr_digest))
    database: Database = request.app.state.database
    standing = await receive(database, caller, asset_id, sent, request.stream())
    response.status_code = 201 if standing.state == "kept" else 202
    tell(response, standing)
    return shown(asset_id, standing)


@router.head("/{asset_id}/content", operation_id="ask_content", response_class=Response)
def ask_content(db: Db, caller: Reader, asset_id: UUID, response: Response) -> Response:
    """Say how far the content is: `Upload-Offset`, `Upload-Complete`, `Upload-Length`."""
    asset_for(db, caller, asset_id)
    tell(response, standing_of(db, asset_id))
    return Response(headers=dict(response.headers))


@router.get(
    "/{asset_id}/content",
    operation_id="read_content",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": BYTES}},
        206: {"content": {"application/octet-stream": BYTES}, "description": "A part of it."},
        304: {"description": "The content that you have."},
    },
)
@refuses(ContentAwaited, ContentChanged, NotAFile, NotThere, NotYetRead, RangeNotThere, Unreachable)
def read_content(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    asked: Annotated[str | None, Header(alias="Range", description="`bytes=0-99`.")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Hand the original out as an attachment, kept or by reference, whole or a range of it.

    Only the bytes that were read leave: a file that changed since is refused. `Repr-Digest` comes
    with it once the image was fingerprinted.
    """
    original = original_for(db, caller, asset_id)
    if if_none_match is not None and original.etag in if_none_match:
        return Response(status_code=304, headers={"ETag": original.etag})
    return hand_out(original, asked if if_range in (None, original.etag) else None)


def tell(response: Response, standing: Standing) -> None:
    """Say in headers how far the content is."""
    whole = standing.state in ("kept", "referenced")
    response.headers["Upload-Complete"] = "?1" if whole else "?0"
    if standing.state != "referenced":
        response.headers["Upload-Offset"] = str(standing.received)
    if standing.total is not None:
        response.headers["Upload-Length"] = str(standing.total)


def shown(asset_id: UUID, standing: Standing) -> ContentOut:
    """Show how far the content is."""
    return ContentOut(
        asset_id=asset_id,
        state=standing.state,
        received_bytes=standing.received,
        total_bytes=standing.total,
    )


def part_of(content_range: str | None) -> Part | None:
    """Read the header; None is the whole.

    Raises:
        Malformed: pointing at it.
    """
    try:
        return None if content_range is None else parse_content_range(content_range)
    except ValueError as error:
        raise not_taken("Content-Range", str(error)) from error


def claims_of(repr_digest: list[str] | None) -> tuple[Claim, ...]:
    """Read the header.

    Raises:
        Malformed: pointing at it.
    """
    try:
        return () if repr_digest is None else parse_repr_digest(",".join(repr_digest))
    except ValueError as error:
        raise not_taken("Repr-Digest", str(error)) from error


def not_taken(header: str, why: str) -> Malformed:
    """Refuse a header."""
    return Malformed(f"The header {header} cannot be taken: {why}.", pointers={f"/{header}": why})
