"""What a caller says when registering one copy; nothing here has a default that decides."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kit.text import Line, Name, Storable
from app.provenance.changes import Assertion
from app.provenance.schemas import RecordStatementIn

MARKS = {"token"}  # what a scan saw is no fact of the copy: it is another one the next time
Term = Annotated[Line, Field(max_length=100)]


class ClaimIn(BaseModel):
    """A digest handed in from outside: kept as a claim, never compared before the reading."""

    model_config = ConfigDict(extra="forbid")
    algorithm: Literal["md5", "sha1", "sha256", "sha512", "blake3"]
    value: Annotated[Storable, Field(pattern=r"^[0-9a-fA-F]{8,128}$")]


class Registration(BaseModel):
    """One copy, by reference or to be uploaded. A file by reference is only ever read."""

    model_config = ConfigDict(extra="forbid")
    source_system: Annotated[Line, Field(max_length=63)]
    source_identifier: Annotated[Name, Field(description="The copy's name in its system.")]
    location: Annotated[
        Storable | None,
        Field(
            min_length=1,
            max_length=12000,
            description="Relative to the system's root; percent-encoded where needed. Without it"
            " the content is to be uploaded.",
        ),
    ] = None
    original_name: Annotated[Line, Field(description="The file's name when it came.")]
    legal_status: Annotated[
        list[Term],
        Field(min_length=1, max_length=20, description="At least one; `undetermined` is one."),
    ]
    statements: Annotated[list[RecordStatementIn], Field(max_length=200)] = []
    claims: Annotated[list[ClaimIn], Field(max_length=20)] = []

    def assertions(self) -> list[Assertion]:
        """Return the legal status and the other statements, as assertions."""
        status = Assertion("legal_status", sorted(set(self.legal_status)))
        return [status, *(one.assertion() for one in self.statements)]

    @property
    def carries_over(self) -> bool:
        """Tell whether any statement is a source catalogue's."""
        return any(one.source is not None for one in self.statements)

    def pointers(self) -> list[str]:
        """Say where each assertion stands."""
        return ["/legal_status", *(f"/statements/{at}" for at in range(len(self.statements)))]

    def seen_token(self) -> str | None:
        """Return what a scan saw of the file's state; nobody else looks."""
        return None

    def facts(self) -> dict[str, Any]:
        """Return the record that tells a repeat from a contradiction."""
        said = self.model_dump(mode="json", exclude=MARKS)
        for one in said["statements"]:
            if one["source"] is None:  # as it was said before there were others
                del one["source"]
        return said | {"legal_status": sorted(set(self.legal_status))}


class Seen(Registration):
    """A file that a scan saw: what is to be registered if nobody knows it, and its state."""

    token: Annotated[
        Storable,
        Field(
            pattern=r"^[a-z0-9]{1,10}:[^\s]{1,1000}$",
            description="As the scan saw the file, `fs:device:inode:size:mtime_ns:ctime_ns`; of an"
            " object `s3list:size:etag`, the ETag with its quotes, percent-encoded.",
        ),
    ]

    def seen_token(self) -> str | None:
        """Return what the scan saw."""
        return self.token
