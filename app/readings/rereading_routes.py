"""Read images again after the reader was upgraded, and what that changed."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.assets.service import asset_for
from app.kit.db import Db
from app.kit.operations import FINISHED, OperationRow
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.text import Line
from app.kit.words import fault_of_word
from app.people.rights import Reader, Tender, Watcher
from app.people.roles import Principal
from app.readings import rereading
from app.readings.compute import WHY_UNREADABLE
from app.readings.differing import differences
from app.readings.errors import AuthoritiesUnreadable, RereadingOver
from app.readings.extraction import Outcome
from app.readings.models import ReadingRow
from app.readings.rereading import Asked

router = APIRouter(prefix="/v1", tags=["readings"])
State = Literal["waiting", "running", "done", "cancelled", "failed"]


def known_reason(word: str | None) -> str | None:
    """Refuse a reason for which no file is called unreadable."""
    if word is not None and word not in WHY_UNREADABLE:
        raise ValueError(fault_of_word(word, WHY_UNREADABLE))
    return word


class ChoiceIn(BaseModel):
    """Which images: those whose newest reading fits everything that is said here."""

    model_config = ConfigDict(extra="forbid")
    source_system: Line | None = None
    department: Line | None = None
    not_tool_version: Annotated[
        Line | None, Field(description="Read last by another version than this one.")
    ] = None
    outcome: Outcome | None = None
    unreadable_because: Annotated[
        Line | None,
        AfterValidator(known_reason),
        Field(description="`timed_out`, `crashed`, `out_of_memory`, ..."),
    ] = None
    limited: Annotated[
        bool | None, Field(description="Read last by the fallback reader, which knows less.")
    ] = None

    outdated: Annotated[
        bool | None,
        Field(
            description="Read last by other versions than today's of what decides a reading beside"
            " the tool: charsets, Content Credentials and the authorities that are trusted, rules."
        ),
    ] = None

    def asked(self) -> Asked:
        """Return it as the service takes it."""
        return Asked(**{name: getattr(self, name) for name in ChoiceIn.model_fields})


class RereadingIn(ChoiceIn):
    """Which images are read again, and why."""

    reason: Line


class CountByToolOut(BaseModel):
    """How many of the images a version of a tool read last."""

    model_config = ConfigDict(from_attributes=True)
    tool: str
    tool_version: str
    assets: int


class PreviewOut(BaseModel):
    """What would be read again; nothing was begun."""

    assets: int
    by_tool: list[CountByToolOut]


class FieldCountOut(BaseModel):
    """In how many images a field was added, removed or changed."""

    model_config = ConfigDict(from_attributes=True)
    field: str
    kind: Literal["added", "removed", "changed"]
    assets: int


class RereadingOut(BaseModel):
    """A re-reading: what was asked, how far it is, and what it changed so far."""

    id: UUID
    state: State
    asked: dict[str, Any]
    reason: str
    created_at: datetime
    finished_at: datetime | None
    assets: int
    waiting: int
    read_again: int
    same: int
    not_reached: int
    fields: list[FieldCountOut]


class DifferenceOut(BaseModel):
    """One field: the sources that only the earlier or only the later reading has."""

    model_config = ConfigDict(from_attributes=True)
    field: str
    kind: Literal["added", "removed", "changed"]
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]


class SideOut(BaseModel):
    """One of the two readings that are compared."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    ordinal: int
    outcome: Outcome
    reason: str | None
    tool: str
    tool_version: str
    limited: bool
    format: str | None
    byte_token: str
    read_at: datetime


class ReadingDiffOut(BaseModel):
    """What a later reading says otherwise than an earlier one."""

    asset_id: UUID
    before: SideOut
    after: SideOut
    same_bytes: bool
    same_tool: bool
    differences: list[DifferenceOut]


def show_diff(before: ReadingRow, after: ReadingRow) -> ReadingDiffOut:
    """Compare two readings of one asset."""
    found = differences(before.statements, after.statements)
    tools = [(side.tool, side.tool_version) for side in (before, after)]
    return ReadingDiffOut(
        asset_id=after.asset_id,
        before=SideOut.model_validate(before),
        after=SideOut.model_validate(after),
        same_bytes=before.byte_token == after.byte_token,
        same_tool=tools[0] == tools[1],
        differences=[DifferenceOut.model_validate(one) for one in found],
    )


def show_pair(row: Row[*tuple[Any, ...]]) -> ReadingDiffOut:
    """Compare the two readings that stand beside an asset."""
    return show_diff(row[1], row[2])


def show(db: Session, caller: Principal, rereading_id: UUID) -> RereadingOut:
    """Show a re-reading of the caller's scope."""
    row = rereading.rereading_for(db, caller, rereading_id)
    operation = db.get_one(OperationRow, rereading_id, populate_existing=True)
    counts = rereading.counted(db, rereading_id)
    return RereadingOut(
        id=row.id,
        state=cast(State, operation.state),
        asked=row.asked,
        reason=row.reason,
        created_at=operation.created_at,
        finished_at=operation.finished_at,
        assets=operation.total,
        **{name: counts.get(name, 0) for name in ("waiting", "read_again", "same", "not_reached")},
        fields=[FieldCountOut.model_validate(one) for one in rereading.fields_of(db, row.id)],
    )


@router.get("/assets/{asset_id}/readings/diff", operation_id="compare_readings")
def compare_readings(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    before: Annotated[int | None, Query(ge=1, description="Ordinal; absent: the last.")] = None,
    after: Annotated[int | None, Query(ge=1, description="Ordinal; absent: the newest.")] = None,
) -> ReadingDiffOut:
    """Compare two readings of an image field by field: after an upgrade, or after bytes changed."""
    asset_for(db, caller, asset_id)
    return show_diff(*rereading.two_readings(db, asset_id, before, after))


@router.get("/rereadings/preview", operation_id="preview_rereading")
@refuses(AuthoritiesUnreadable)
def preview_rereading(db: Db, caller: Watcher, choice: Annotated[ChoiceIn, Query()]) -> PreviewOut:
    """Count what a re-reading would read, by the tool and version that read it last."""
    rows = rereading.preview(db, caller, choice.asked())
    by_tool = [CountByToolOut.model_validate(row) for row in rows]
    return PreviewOut(assets=sum(one.assets for one in by_tool), by_tool=by_tool)


@router.post("/rereadings", operation_id="begin_rereading", status_code=202)
@refuses(AuthoritiesUnreadable)
def begin_rereading(db: Db, caller: Tender, said: RereadingIn, response: Response) -> RereadingOut:
    """Have images read again, behind all other work. What people said of them stays as it is.

    A reading of the same bytes by the same version is the same reading and changes nothing.
    """
    rereading_id = rereading.begin(db, caller, said.asked(), said.reason)
    response.headers["Location"] = f"/v1/rereadings/{rereading_id}"
    response.headers["Retry-After"] = "1"
    return show(db, caller, rereading_id)


@router.get("/rereadings/{rereading_id}", operation_id="read_rereading")
def read_rereading(db: Db, caller: Watcher, rereading_id: UUID, response: Response) -> RereadingOut:
    """Show how far a re-reading is, and in how many images each field came out otherwise."""
    shown = show(db, caller, rereading_id)
    if shown.state not in FINISHED:
        response.headers["Retry-After"] = "1"
    return shown


@router.get("/rereadings/{rereading_id}/differences", operation_id="list_rereading_differences")
def list_differences(
    db: Db, caller: Reader, rereading_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReadingDiffOut]:
    """List the images whose fields came out otherwise, each with both values and their places."""
    rereading.rereading_for(db, caller, rereading_id)
    return read_page(
        db,
        rereading.differing(rereading_id),
        Listing("rereading-differences", (rereading_id,)),
        limit=limit,
        cursor=cursor,
        show=show_pair,
    )


@router.post("/rereadings/{rereading_id}/cancel", operation_id="cancel_rereading", status_code=202)
@refuses(RereadingOver)
def cancel_rereading(
    db: Db, caller: Tender, rereading_id: UUID, response: Response
) -> RereadingOut:
    """Stop a re-reading: what was read again stays, the rest is left as it was."""
    rereading.cancel(db, caller, rereading_id)
    response.headers["Retry-After"] = "1"
    return show(db, caller, rereading_id)
