"""Series: what was said once for all of their assets."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.revisions import IfMatch, etag, required_revision, tagged
from app.kit.text import Label, Name, Storable
from app.people.rights import Describer, Reader
from app.policies.errors import NoPolicyInForce
from app.policies.service import registers_in_force
from app.provenance import membership
from app.provenance.errors import NoSuchStatement, SeriesTaken, StatementMalformed
from app.provenance.schemas import SeriesIn, SeriesOut
from app.provenance.series import (
    NamedSeries,
    add_series,
    series_for,
    state_for_series,
    stated_so_far,
)

router = APIRouter(prefix="/v1/series", tags=["series"])
Kind = Annotated[Literal["series", "source-system", "import"], Path()]
SeriesName = Annotated[Storable, Path(max_length=63)]
Code = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="A short lasting name.")
]


class NamedSeriesIn(BaseModel):
    """A series of an archive: all copies of one system whose identifiers begin alike."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    source_system: Annotated[str, Field(max_length=63)]
    identifier_prefix: Annotated[Name, Field(description="Such as `HKRS-156-1-`.")]
    label: Label


class NamedSeriesOut(BaseModel):
    """A named series."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    department: str
    source_system: str
    identifier_prefix: str
    label: dict[str, str]


class ListedSeriesOut(BaseModel):
    """A series of which anything is named or said."""

    series: str
    department: str


class StatedOut(BaseModel):
    """One time that something was said of a series, or taken back."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    recorded_at: datetime
    recorded_by: str
    event_id: UUID
    operation_id: UUID
    statements: list[dict[str, Any]]
    retracted: list[dict[str, Any]]


class SeriesRecordOut(BaseModel):
    """What holds of a series now, and everything that was ever said of it, oldest first."""

    series: str
    department: str
    revision: int
    statements: list[dict[str, Any]]
    stated: list[StatedOut]


@router.get("", operation_id="list_series")
def list_series(
    db: Db, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[ListedSeriesOut]:
    """List the series that have a name, and the systems and imports of which anything was said."""

    def show(row: Row[*tuple[Any, ...]]) -> ListedSeriesOut:
        return ListedSeriesOut(series=row.series, department=row.department)

    asked, listing = (
        membership.series_within(caller.department),
        Listing("series", [caller.department]),
    )
    return read_page(db, asked, listing, limit=limit, cursor=cursor, show=show)


@router.post(
    "",
    operation_id="add_series",
    status_code=201,
    responses={200: {"model": NamedSeriesOut, "description": "There already."}},
)
@refuses(SeriesTaken, NoSuchResource)
def add_named_series(
    db: Db, caller: Describer, series: NamedSeriesIn, response: Response
) -> NamedSeriesOut:
    """Name a series. Copies registered later belong to it too. The same again answers 200."""
    facts = NamedSeries(series.source_system, series.identifier_prefix, dict(series.label))
    row, new = add_series(db, caller, series.code, facts)
    response.status_code = 201 if new else 200
    return NamedSeriesOut.model_validate(row)


@router.get("/{kind}/{name}/provenance", operation_id="read_series_provenance")
@tagged
def read_series_provenance(
    db: Db, caller: Reader, kind: Kind, name: SeriesName, response: Response
) -> SeriesRecordOut:
    """Show what holds of a series, who said so when, and what was taken back."""
    series = series_for(db, caller, kind, name)
    revision, now = stated_so_far(db, series.name)
    rows = db.scalars(membership.series_statements([series.name])).all()
    response.headers["ETag"] = etag(revision)
    return SeriesRecordOut(
        series=series.name,
        department=series.department,
        revision=revision,
        statements=[s.document() for s in now.statements],
        stated=[StatedOut.model_validate(row) for row in rows],
    )


@router.patch("/{kind}/{name}/provenance", operation_id="state_for_series", status_code=202)
@refuses(NoPolicyInForce, StatementMalformed, NoSuchStatement)
def patch_series(
    db: Db,
    caller: Describer,
    kind: Kind,
    name: SeriesName,
    change: SeriesIn,
    response: Response,
    if_match: IfMatch = None,
) -> SeriesOut:
    """State once what holds for every asset of a series, a source system or an import.

    Made against the revision that you read; it is entered in every record by an operation, and in
    those registered later. An asset's own statement beats it, unless this one alone is confirmed by
    the role that the policy names. What is retracted goes from every record that still holds it.
    """
    series = series_for(db, caller, kind, name)
    revision = required_revision(if_match)
    statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
    operation = state_for_series(
        db,
        caller,
        series,
        change.change(statuses),
        revision=revision,
        taken_back=change.taken_back(),
    )
    response.headers["Location"] = f"/v1/operations/{operation}"
    response.headers["Retry-After"] = "1"
    response.headers["ETag"] = etag(revision + 1)
    return SeriesOut(operation_id=str(operation), series=series.name)
