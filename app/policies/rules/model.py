"""What every part of a document has in common: closed, frozen, strict, labelled."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.policies.rules.joins import FREE, RISE, WEAKEST_STATUS

# PostgreSQL stores no NUL in jsonb, so no text of a document may hold one.
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(max_length=80, pattern=r"^[a-z][a-z0-9_]*$")]
Slug = Annotated[str, Field(max_length=80, pattern=r"^[a-z][a-z0-9-]*$")]
# Six digits a part fit PostgreSQL's integer, in which versions are ordered.
Version = Annotated[str, Field(pattern=r"^(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}$")]
Status = Literal["draft", "example", "published", "superseded"]


class Frozen(BaseModel):
    """A part of a document. A key it does not know is refused, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True)


class Label(Frozen):
    """One text in the three scripts the product speaks, always all three."""

    en: Text
    zh_hant: Text = Field(alias="zh-Hant")
    zh_hans: Text = Field(alias="zh-Hans")


class DocumentHeader(Frozen):
    """What names a version of a document and says from when, and how firmly, it holds."""

    id: Annotated[Slug, FREE]
    version: Annotated[Version, FREE]
    effective_from: Annotated[date, RISE]
    status: Annotated[Status, WEAKEST_STATUS]
