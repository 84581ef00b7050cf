"""Assets and long work as the contract has them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.catalogue.relationships import RelationshipOut
from app.kit.text import Line, Storable
from app.provenance.fields import FIELDS
from app.provenance.schemas import ChangeIn

Content = Literal["referenced", "awaited", "open", "kept", "refused"]
Outcome = Literal["read", "nothing_found", "unreadable"]
OperationState = Literal["receiving", "waiting", "running", "done", "cancelled", "failed"]
ImportOutcome = Literal[
    "registered",
    "already_there",
    "moved",
    "changed",
    "missing",
    "edited",
    "unchanged",
    "refused",
    "cancelled",
]


class RegisteredOut(BaseModel):
    """A registered copy: what its record still lacks, and that nothing was hashed."""

    asset_id: UUID
    provenance_version: int
    complete: bool
    missing: list[str]


class AssetOut(BaseModel):
    """One registered copy as it stands."""

    model_config = ConfigDict(from_attributes=True)
    asset_id: UUID
    source_system: str
    source_identifier: str
    department: str
    original_name: str
    location: str | None
    content: Content
    registered_at: datetime
    provenance_version: int
    legal_status: list[str]
    title: str | None
    creator: str | None
    date_created: str | None
    reading: Outcome | None
    reading_reason: str | None
    format: str | None
    size_bytes: int | None


class AssetRecordOut(AssetOut):
    """One registered copy as it stands, and what it is tied to."""

    relationships: Annotated[list[RelationshipOut], Field(max_length=100)]


class AssetPartOut(BaseModel):
    """What was asked for of one registered copy, and its id."""

    asset_id: UUID
    source_system: str | None = None
    source_identifier: str | None = None
    department: str | None = None
    original_name: str | None = None
    location: str | None = None
    content: Content | None = None
    registered_at: datetime | None = None
    provenance_version: int | None = None
    legal_status: list[str] | None = None
    title: str | None = None
    creator: str | None = None
    date_created: str | None = None
    reading: Outcome | None = None
    reading_reason: str | None = None
    format: str | None = None
    size_bytes: int | None = None


class FacetValueOut(BaseModel):
    """How many images have one value; null is none."""

    value: str | None
    assets: int


class FacetOut(BaseModel):
    """The most frequent values among so many images; `exact`: these were all that was found."""

    values: list[FacetValueOut]
    counted: int
    exact: bool


class AssetPageOut(BaseModel):
    """Some of many images. `partial`: the work of a request ended first, `next` goes on.

    `index_behind`: some records are still to be entered in the index, so that filters, words and
    counts may not find them yet; right after an upgrade alone.
    """

    items: list[AssetOut] | list[AssetPartOut]
    next: str | None
    prev: str | None
    partial: bool
    index_behind: bool
    facets: dict[str, FacetOut]


class ImportProgressOut(BaseModel):
    """How much of an import came, and what became of its lines so far."""

    scan: bool
    received_bytes: int
    received_lines: int
    reception: Literal["open", "complete", "broken", "expired", "refused", "cancelled"]
    registered: int
    already_there: int
    moved: int
    changed: int
    missing: int
    edited: int
    unchanged: int
    refused: int
    cancelled: int
    lines_per_second: float


class OperationOut(BaseModel):
    """Long work and how far it is."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    kind: Literal[
        "import",
        "policy-simulation",
        "record-changes",
        "rehoming",
        "re-reading",
        "series-statements",
    ]
    state: OperationState
    total: int
    done: int
    refused: int
    created_at: datetime
    finished_at: datetime | None
    progress: ImportProgressOut | None = None


class WhichIn(BaseModel):
    """Which records: all that fit everything said here, at least one thing."""

    model_config = ConfigDict(extra="forbid")
    asset_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=20_000)] = None
    source_system: Annotated[Line | None, Field(max_length=63)] = None
    import_id: UUID | None = None
    legal_status: Annotated[Line | None, Field(max_length=100)] = None
    unanswered: Annotated[
        Line | None, Field(max_length=63, description="A field of which nothing is said.")
    ] = None

    @model_validator(mode="after")
    def ask_something(self) -> "WhichIn":
        """Refuse to mean every record there is, and a field that is none."""
        if not self.model_dump(exclude_none=True):
            message = "say at least one thing about the records"
            raise ValueError(message)
        if self.unanswered is not None and self.unanswered not in FIELDS:
            message = f"there is no field {self.unanswered!r}"
            raise ValueError(message)
        return self


class MoveIn(BaseModel):
    """Where assets move to. Prefixes turn their names and places into the new ones."""

    model_config = ConfigDict(extra="forbid")
    to_system: Annotated[Line, Field(max_length=63)]
    reason: Line
    strip_prefix: Annotated[Storable, Field(max_length=2000, description="Of identifiers.")] = ""
    add_prefix: Annotated[Storable, Field(max_length=2000)] = ""
    strip_location: Annotated[Storable, Field(max_length=2000, description="Of locations.")] = ""
    add_location: Annotated[Storable, Field(max_length=2000)] = ""


class AlikeIn(BaseModel):
    """The same change for many records."""

    model_config = ConfigDict(extra="forbid")
    which: WhichIn
    change: ChangeIn
    preview: Annotated[bool, Field(description="Change nothing, and show what would.")]


class RecordChangesOut(BaseModel):
    """Work that changes records: how far it is, and a sample of what it changes."""

    operation: OperationOut
    preview: bool
    sample: list[dict[str, Any]]


class ImportResultOut(BaseModel):
    """What became of one line."""

    model_config = ConfigDict(from_attributes=True)
    line: int
    outcome: ImportOutcome
    asset_id: UUID | None
    problem: dict[str, Any] | None


class EventOut(BaseModel):
    """One thing that happened, and its place in the log once it has one."""

    id: UUID
    kind: str
    agent: str
    recorded_at: datetime
    log_index: int | None
    detail: dict[str, Any]
