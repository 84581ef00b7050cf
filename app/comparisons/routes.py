"""An image's likenesses, one pair with its evidence, and its dismissal."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.assets.service import asset_for
from app.comparisons import dismissing, pair_queries, showing
from app.comparisons.errors import AlreadyDismissed, ExactIsNoOpinion
from app.comparisons.schemas import DismissalIn, DismissalOut, LikenessOut
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.revisions import etag, tagged
from app.people.rights import Reader, Reviewer
from app.policies.rules.standard import ClassName

router = APIRouter(prefix="/v1", tags=["likenesses"])
PNG = "image/png"
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}
Classes = Annotated[
    list[ClassName] | None,
    Query(alias="class", max_length=12, description="Only these; `unrelated` when named only."),
]
Dismissed = Annotated[bool, Query(description="Also what your department dismissed.")]


@router.get("/assets/{asset_id}/likenesses", operation_id="list_likenesses")
def list_likenesses(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    classes: Classes = None,
    dismissed: Dismissed = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LikenessOut]:
    """List the pairs that the image is part of, the newest first, with their evidence.

    Each stands as the standard in force judges it. What was found unrelated is remembered, and
    listed when `class` names it; what your department dismissed is left out until its evidence
    changes. Of another department's image only the kind of holder is told.
    """
    asset_for(db, caller, asset_id)
    wanted = sorted(set(classes or ()))
    return read_page(
        db,
        pair_queries.pairs_of(caller, asset_id, wanted, also_dismissed=dismissed),
        Listing("likenesses", (asset_id, caller.department, *wanted, dismissed)),
        limit=limit,
        cursor=cursor,
        show=lambda row: showing.show(caller, row, asset_id),
    )


@router.get("/likenesses/{likeness_id}", operation_id="read_likeness")
def read_likeness(db: Db, caller: Reader, likeness_id: UUID) -> LikenessOut:
    """Show one pair with its evidence, from the side that you see; its standard may be older."""
    return showing.show(caller, showing.pair_for(db, caller, likeness_id))


@router.get(
    "/likenesses/{likeness_id}/difference",
    operation_id="read_difference",
    response_class=Response,
    responses={200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}},
)
@tagged
def read_difference(db: Db, caller: Reader, likeness_id: UUID) -> Response:
    """Show where the two pictures differ once they lie over each other, as a small PNG.

    404 where nothing was drawn, or where one of the pictures is another department's.
    """
    measurement_id, drawn = showing.difference_of(db, caller, likeness_id)
    return Response(drawn, headers=HEADERS | {"ETag": etag(measurement_id)}, media_type=PNG)


@router.post("/likenesses/{likeness_id}/dismissal", operation_id="dismiss_likeness")
@refuses(AlreadyDismissed, ExactIsNoOpinion)
def dismiss_likeness(
    db: Db, caller: Reviewer, likeness_id: UUID, said: DismissalIn
) -> DismissalOut:
    """Leave a likeness out of your department's lists until its evidence changes.

    It is remembered by the two contents, so that copies registered later do not bring it back.
    Nothing is decided or allowed by it.
    """
    made = dismissing.dismiss(db, caller, likeness_id, said.reason)
    return DismissalOut.model_validate(made)
