"""What hangs together for the eye, and what looks like a fault of digitisation."""

from uuid import UUID

from fastapi import APIRouter

from app.comparisons import groups, repetitions
from app.comparisons.schemas import FaultOut, GroupOut
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader

router = APIRouter(prefix="/v1", tags=["likenesses"])


@router.get("/groups", operation_id="list_groups")
def list_groups(db: Db, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[GroupOut]:
    """List images that hang together by direct pairs, for display only: nothing is decided by it.

    Each page is made anew from the pairs as they are judged now, without what was dismissed, is
    unrelated or undetermined. A page may hold fewer groups than asked for and go on at `next`.
    """
    return groups.list_groups(db, caller, limit=limit, cursor=cursor)


@router.get("/groups/{asset_id}", operation_id="read_group")
def read_group(db: Db, caller: Reader, asset_id: UUID) -> GroupOut:
    """Show the group that an image is in, by the id of any of its images; nothing is decided by it.

    404 where the image hangs together with none.
    """
    return groups.group_for(db, caller, asset_id)


@router.get("/faults", operation_id="list_faults")
def list_faults(db: Db, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[FaultOut]:
    """List what may be a fault of digitisation, the newest first: never candidates for disposal.

    More identical images follow one another in a sequence than the policy's `repetition_alarm`
    allows: a repeated frame may stand where a page is missing.
    """
    return read_page(
        db,
        repetitions.faults(caller),
        Listing("faults", (caller.department,)),
        limit=limit,
        cursor=cursor,
        show=FaultOut.model_validate,
    )
