"""An image's readings."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.assets.service import asset_for
from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.people.rights import Reader
from app.readings import queries
from app.readings.extraction import Outcome

router = APIRouter(prefix="/v1/assets", tags=["readings"])


class ReadingStatement(TypedDict):
    """One value of one field from one place in the file, or one derived from it by a rule.

    A text's bytes are `raw_bytes` in base64 (of a list one for each item); where that is null, the
    value written in `raw_charset` gives them back. NULs that end a text are not kept.
    """

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]  # as pydantic reads it
    field: str
    value: Any
    locator: Annotated[str, Field(description="Group and tag; several joined by `+`.")]
    picked: Annotated[bool, Field(description="The one of its field that enters the record.")]
    raw_bytes: str | list[str] | None
    raw_charset: Annotated[str | None, Field(description="A codec's name; null: not known.")]
    note: Annotated[str | None, Field(description="Why it is not picked, or what is uncertain.")]
    source_kind: NotRequired[Literal["extracted", "derived"]]
    charset_origin: NotRequired[Literal["declared", "guessed", "unknown"] | None]
    certainty: NotRequired[
        Annotated[float | None, Field(description="Of a guessed charset, 0 to 1.")]
    ]
    lang: NotRequired[Annotated[str, Field(description="BCP 47, where the file says it.")]]
    shown_as: NotRequired[
        Annotated[Any, Field(description="The value, letters that deceive the eye written out.")]
    ]
    rule: NotRequired[Annotated[str, Field(description="By which a derived value was made.")]]
    inputs: NotRequired[Annotated[list[str], Field(description="Locators of what it was made of.")]]
    rival: NotRequired[
        Annotated[
            bool,
            Field(description="Enters the record beside the picked one, as of another file."),
        ]
    ]
    tool: NotRequired[Annotated[str, Field(description="What derived it.")]]
    tool_version: NotRequired[str]


class SidecarOut(TypedDict):
    """An XMP file beside the image that was read with it, or why it says nothing."""

    location: str
    byte_token: Annotated[str | None, Field(description="null: it could not be opened.")]
    reason: Annotated[
        str | None,
        Field(
            description="`gone`, `not_a_file`, `unreachable`, `changed`, `too_large`, `too_many`,"
            " `not_xmp`, `of_another_file`, or why its parse failed; null: its statements count."
        ),
    ]


class ReadingOut(BaseModel):
    """What the file said of itself at one time, by which tool, of which bytes."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    ordinal: int
    outcome: Outcome
    reason: str | None
    tool: str
    tool_version: str
    limited: bool
    readers: Annotated[
        dict[str, str],
        Field(description="Versions of what decides it beside the tool; {}: not noted then."),
    ]
    noise: Annotated[
        dict[str, str],
        Field(
            description="What readers said on standard error, by reader: at most 2,000 bytes of"
            r" each, `\\`, `\xNN` and `\uNNNN` for a backslash, a stray byte, an unseen letter."
        ),
    ]
    sidecars: list[SidecarOut]
    format: str | None
    mime: str | None
    size_bytes: int
    byte_token: str
    provenance_version: int
    read_at: datetime
    statements: list[ReadingStatement]


@router.get("/{asset_id}/readings", operation_id="list_readings")
def list_readings(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReadingOut]:
    """List the image's readings, the newest first; each names its tool and version."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        queries.readings_of(asset_id),
        Listing("readings", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=lambda row: ReadingOut.model_validate(row[0]),
    )
