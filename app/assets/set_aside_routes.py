"""What was set aside for people, and its release."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.assets import setting_aside
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.text import Line
from app.people.rights import Tender, Watcher

InStage = Annotated[
    Line | None,
    Query(description="One queue only: `readings`, `readings.stopped`, `fingerprints`, ..."),
]

router = APIRouter(prefix="/v1/set-aside", tags=["set aside"])


class SetAsideOut(BaseModel):
    """An asset that people must look at: it failed, or ended a worker, three times in a stage."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    asset_id: UUID
    department: str
    source_system: str
    stage: str
    reason: str
    strikes: int
    since: Annotated[datetime, Field(description="When it was tried last, and failed so.")]
    released_at: datetime | None


class ReleaseIn(BaseModel):
    """Why the asset may be worked on again."""

    model_config = ConfigDict(extra="forbid")
    reason: Line


@router.get("", operation_id="list_set_aside")
def list_set_aside(
    db: Db, caller: Watcher, stage: InStage = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[SetAsideOut]:
    """List what waits for people, the longest waiting first. Nothing else works on it meanwhile.

    `readings.stopped` is the queue of images whose metadata reading a limit or a crash stopped
    three times.
    """
    setting_aside.prove_queue(db, stage)
    return read_page(
        db,
        setting_aside.waiting_for_people(caller, stage),
        Listing("set-aside", [caller.department, stage]),
        limit=limit,
        cursor=cursor,
        show=SetAsideOut.model_validate,
    )


@router.post("/{set_aside_id}/release", operation_id="release_set_aside")
def release_set_aside(db: Db, caller: Tender, set_aside_id: UUID, said: ReleaseIn) -> SetAsideOut:
    """Put an asset back to work, saying why: within a minute or two it is tried again.

    The same request again changes nothing.
    """
    released = setting_aside.release(db, caller, set_aside_id, said.reason)
    return SetAsideOut.model_validate(released)
