"""A record's history: versions, two of them compared, the one that stood, one value's story."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from app.assets.service import asset_for
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.text import Storable
from app.people.rights import Reader
from app.provenance.history import Numbered, compare, story_of, version_at, version_for
from app.provenance.queries import numbered_versions
from app.provenance.schemas import VersionOut

router = APIRouter(prefix="/v1/assets/{asset_id}/provenance", tags=["provenance"])
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


class DifferingOut(BaseModel):
    """What two versions say otherwise of one field; `changed` holds `before` and `after`."""

    model_config = ConfigDict(from_attributes=True)
    field: str
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    displayed_before: Any
    displayed_after: Any
    conflict_before: bool
    conflict_after: bool


class ComparedOut(BaseModel):
    """Two versions of a record, and everything that they differ in."""

    before: int
    after: int
    fields: list[DifferingOut]
    resolutions_added: list[dict[str, Any]]
    resolutions_removed: list[dict[str, Any]]


class MomentOut(BaseModel):
    """When it was, by which version and event."""

    model_config = ConfigDict(from_attributes=True)
    version: int
    recorded_at: datetime
    recorded_by: str
    event_id: UUID
    log_index: int | None


class ToldOut(BaseModel):
    """One statement with its sources, when it was made, and how it ended, if it did."""

    model_config = ConfigDict(from_attributes=True)
    statement: dict[str, Any]
    said: MomentOut
    ended: MomentOut | None
    how: Literal["superseded", "retracted", "read_again"] | None
    superseded_by: str | None
    reason: str | None


class StoryOut(BaseModel):
    """Everything that was ever said of a field, oldest first, and every answer to its conflicts."""

    field: str
    statements: list[ToldOut]
    resolutions: list[dict[str, Any]]


def show_version(row: Numbered) -> VersionOut:
    """Show a version with its number in the log."""
    version = row[0]
    facts = {name: getattr(version, name, None) for name in VersionOut.model_fields}
    return VersionOut(**facts | {"event_id": str(version.event_id), "log_index": row[1]})


@router.get("/versions", operation_id="list_provenance_versions")
def list_provenance_versions(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[VersionOut]:
    """List every version of the record, the newest first: nothing said is ever lost."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        numbered_versions(asset_id),
        Listing("provenance-versions", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=show_version,
    )


@router.get("/versions/{version}", operation_id="read_provenance_version")
def read_provenance_version(db: Db, caller: Reader, asset_id: UUID, version: Version) -> VersionOut:
    """Show one version as it was written; it never changes."""
    asset_for(db, caller, asset_id)
    return show_version(version_for(db, asset_id, version))


@router.get("/versions/{version}/compare/{other}", operation_id="compare_provenance_versions")
def compare_provenance_versions(
    db: Db, caller: Reader, asset_id: UUID, version: Version, other: Version
) -> ComparedOut:
    """Compare two versions, in whichever order: what was added, removed and changed, by field."""
    asset_for(db, caller, asset_id)
    before, after = (version_for(db, asset_id, one)[0] for one in (version, other))
    return ComparedOut(
        before=version,
        after=other,
        fields=[DifferingOut.model_validate(one) for one in compare(before, after)],
        resolutions_added=[r for r in after.resolutions if r not in before.resolutions],
        resolutions_removed=[r for r in before.resolutions if r not in after.resolutions],
    )


@router.get("/as-of", operation_id="read_provenance_as_of")
def read_provenance_as_of(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    time: Annotated[datetime | None, Query(description="RFC 3339, with its offset.")] = None,
    log_index: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> VersionOut:
    """Show the version that stood at a time, or under a number of the log that answers carry."""
    asset_for(db, caller, asset_id)
    return show_version(version_at(db, asset_id, time=time, log_index=log_index))


@router.get("/fields/{field}/history", operation_id="read_field_history")
def read_field_history(
    db: Db,
    caller: Reader,
    asset_id: UUID,
    field: Annotated[Storable, Path(max_length=63)],
) -> StoryOut:
    """Tell the whole story of a field: each statement, what followed it, what was taken back."""
    asset_for(db, caller, asset_id)
    told, answers = story_of(db, asset_id, field)
    return StoryOut(
        field=field, statements=[ToldOut.model_validate(t) for t in told], resolutions=answers
    )
