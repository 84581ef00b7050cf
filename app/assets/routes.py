"""Source systems: where copies and their identifiers come from."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.assets import queries, service
from app.assets.errors import RootsOverlap, SourceSystemTaken
from app.assets.models import SourceSystemRow
from app.assets.service import SourceSystem
from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.text import Label, Line
from app.people.rights import Counter, Operator
from app.storage.errors import LocationMalformed, NotAFile, NotThere, OutsideRoots, Unreachable

router = APIRouter(prefix="/v1", tags=["source systems"])
Code = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="A short lasting name.")
]
CustodyKind = Literal[
    "archive", "library_or_museum_repository", "department", "contracted_platform"
]


class SourceSystemIn(BaseModel):
    """A system that holds copies. Nothing has a default: each fact decides what may be kept."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    department: Code
    label: Label
    root: Annotated[
        Line,
        Field(
            description="`file:///srv/photos/`, within CATALOGUE_ALLOWED_ROOTS, or"
            " `s3://bucket/prefix/`, its bucket in CATALOGUE_ALLOWED_BUCKETS."
        ),
    ]
    custody_kind: CustodyKind
    failure_domain: Annotated[
        Line, Field(description="What fails together: a building, a platform.")
    ]
    removable: Annotated[bool, Field(description="A disk or card that can be taken away.")]
    custody_ends_on: Annotated[date | Literal["none"], Field(description="A date, or `none`.")]


class SourceSystemOut(BaseModel):
    """A source system's facts."""

    code: str
    department: str
    label: dict[str, str]
    root: str
    custody_kind: CustodyKind
    failure_domain: str
    removable: bool
    custody_ends_on: date | Literal["none"]


def show_system(row: SourceSystemRow) -> SourceSystemOut:
    """Show a row as the contract has it."""
    facts = {name: getattr(row, name) for name in SourceSystemOut.model_fields}
    return SourceSystemOut.model_validate(
        facts | {"custody_ends_on": row.custody_ends_on or "none"}
    )


@router.post(
    "/source-systems",
    operation_id="add_source_system",
    status_code=201,
    responses={200: {"model": SourceSystemOut, "description": "There already."}},
)
@refuses(
    SourceSystemTaken,
    RootsOverlap,
    OutsideRoots,
    NotThere,
    NotAFile,
    Unreachable,
    LocationMalformed,
    NoSuchResource,
)
def add_source_system(
    db: Db, caller: Operator, system: SourceSystemIn, response: Response
) -> SourceSystemOut:
    """Add a source system and its storage root. The same request again answers 200."""
    facts = system.model_dump()
    if facts["custody_ends_on"] == "none":
        facts["custody_ends_on"] = None
    row, new = service.add_source_system(db, caller.agent, SourceSystem(**facts))
    response.status_code = 201 if new else 200
    return show_system(row)


@router.get("/source-systems", operation_id="list_source_systems")
def list_source_systems(
    db: Db, caller: Counter, limit: Limit = 50, cursor: Cursor = None
) -> Page[SourceSystemOut]:
    """List the source systems that your key may know of, by code."""
    asked = queries.visible_systems(caller)
    listing = Listing("source-systems", (caller.department,))
    return read_page(
        db, asked, listing, limit=limit, cursor=cursor, show=lambda row: show_system(row[0])
    )
