"""What a list of images may be asked for, by name and type."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic_core import PydanticCustomError

from app.catalogue.schemas import Outcome
from app.disposals.schemas import Status
from app.kit.paging import Cursor, Limit
from app.kit.text import Line, Name
from app.provenance.searched import NO_SIZE

SortKey = Literal[
    "id",
    "-id",
    "date_created",
    "-date_created",
    "title",
    "-title",
    "original_name",
    "-original_name",
    "size",
    "-size",
    "identifier",
    "-identifier",
]
FacetName = Literal[
    "department",
    "source_system",
    "format",
    "reading",
    "legal_status",
    "digital_source_type",
    "custodian_kind",
    "year",
    "status",
    "missing",
    "reason",
]
FieldName = Literal[
    "asset_id",
    "source_system",
    "source_identifier",
    "department",
    "original_name",
    "location",
    "content",
    "registered_at",
    "provenance_version",
    "legal_status",
    "title",
    "creator",
    "date_created",
    "reading",
    "reading_reason",
    "format",
    "size_bytes",
]
LONGEST_QUERY = 1_000  # characters
MOST_BYTES = NO_SIZE - 1
NOT_FILTERS = {"limit", "cursor", "fields", "facets"}


def comma_separated(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Take `a,b` for two values."""
    if not isinstance(value, list):
        return value
    return [part for one in value for part in (one.split(",") if isinstance(one, str) else [one])]


Several = BeforeValidator(comma_separated)


def each_once(keys: list[SortKey]) -> list[SortKey]:
    """Refuse to sort by the same twice, be it the other way round."""
    names = [key.removeprefix("-") for key in keys]
    if len(set(names)) < len(names):
        raise PydanticCustomError("sorted_twice", "each key once, in one direction")
    return keys


class AssetQuery(BaseModel):
    """Filters all of which must hold, the order, and what of the answer is wanted."""

    model_config = ConfigDict(extra="forbid")
    department: Line | None = None
    source_system: Line | None = None
    import_id: Annotated[UUID | None, Field(description="Registered by this import.")] = None
    status: Annotated[Status | None, Field(description="Computed now, for this answer.")] = None
    missing: Annotated[Line | None, Field(description="A field that the record lacks.")] = None
    reason: Annotated[Line | None, Field(description="A reason of its status.")] = None
    complete: Annotated[
        bool | None, Field(description="Whether the record lacks nothing, judged now.")
    ] = None
    conflict: Annotated[
        Line | None, Field(description="A field whose sources disagree; `any` for any.")
    ] = None
    legal_status: Line | None = None
    format: Annotated[Line | None, Field(description="As read from the content.")] = None
    mime: Line | None = None
    reading: Literal["unread", Outcome] | None = None
    digital_source_type: Annotated[
        Line | None, Field(description="The term, or its URI's last segment.")
    ] = None
    custodian_kind: Line | None = None
    creator: Annotated[Name | None, Field(description="One creator's whole name.")] = None
    created_from: Annotated[
        date | None, Field(description="May have been made on this day or later.")
    ] = None
    created_to: Annotated[
        date | None, Field(description="May have been made on this day or earlier.")
    ] = None
    registered_from: AwareDatetime | None = None
    registered_to: Annotated[AwareDatetime | None, Field(description="Before this moment.")] = None
    size_min: Annotated[int | None, Field(ge=0, le=MOST_BYTES, description="Bytes.")] = None
    size_max: Annotated[int | None, Field(ge=0, le=MOST_BYTES, description="Bytes.")] = None
    original_name: Annotated[
        Line | None, Field(description="How the file's name begins; case does not count.")
    ] = None
    identifier: Annotated[
        Name | None, Field(description="In its source system, or any other it bears; exactly.")
    ] = None
    q: Annotated[
        Line | None,
        Field(
            max_length=LONGEST_QUERY,
            description='Words in Lucene\'s syntax: `title:(香港 AND "文化博物館") NOT tram*`.'
            " Without a field every word must stand in one of the texts. Traditional finds"
            " simplified and the reverse.",
        ),
    ] = None
    sort: Annotated[
        list[SortKey],
        Several,
        AfterValidator(each_once),
        Field(
            min_length=1,
            max_length=6,
            description="By the first key, among equals by the next: `-date_created,id`. `-` turns"
            " a key round; `id` is the order of registration and breaks the ties that are left.",
        ),
    ] = ["id"]
    fields: Annotated[
        list[FieldName],
        Several,
        Field(max_length=20, description="Only these of each image, and its id."),
    ] = []
    facets: Annotated[
        list[FacetName],
        Several,
        Field(max_length=10, description="Count what was found by these."),
    ] = []
    limit: Limit = 50
    cursor: Cursor = None

    def binding(self) -> tuple[object, ...]:
        """Return what a cursor is bound to: every filter and the sort."""
        said = self.model_dump(exclude=NOT_FILTERS)
        return tuple(moment(value) for value in said.values())

    @property
    def judged(self) -> bool:
        """Tell whether the answer depends on what is computed and never stored."""
        asked = (self.status, self.missing, self.reason, self.complete)
        return any(one is not None for one in asked)


def moment(value: object) -> object:
    """Write a moment in one form."""
    return value.timestamp() if isinstance(value, datetime) else value
