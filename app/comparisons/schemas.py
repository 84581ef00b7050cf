"""What is shown of pairs, groups and faults."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.kit.text import Line
from app.policies.rules.standard import ClassName

Direction = Literal["this_is_the_copy", "other_is_the_copy"]


class SideOut(BaseModel):
    """One side of a pair; of another department's only the kind of holder is told."""

    asset_id: UUID | None
    department: str | None
    source_system: str | None
    custody_kind: str
    captured: Annotated[str | None, Field(description="EDTF; null where nothing says when.")]


class MeasuredOut(BaseModel):
    """What a class other than `exact_bytes` rests on."""

    method: int
    outcome: str
    measured: Mapping[str, Any] | None
    tools: Mapping[str, Any]
    measured_at: datetime
    difference: Annotated[str | None, Field(description="Where the difference map is read.")]


class LikenessOut(BaseModel):
    """A direct pair and its evidence; the class is a proposal, never a verdict.

    `score` says from 0 to 1 how sure the class is. Evidence and measures of a pair whose other side
    is another department's are left out, for they tell of its image.
    """

    id: UUID
    other_asset_id: Annotated[UUID | None, Field(description="null: another department's.")]
    proposed_class: ClassName
    direction: Direction | None
    score: float | None
    same_object: bool
    standard: Annotated[str, Field(description="The policy version that judged it.")]
    evidence: Mapping[str, Any]
    measurement: MeasuredOut | None
    this: SideOut
    other: SideOut
    dismissed: bool
    found_at: datetime


class DismissalIn(BaseModel):
    """Why the likeness need not be shown again."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[Line, Field(description="A sentence that others will understand.")]


class DismissalOut(BaseModel):
    """A likeness that is not shown again while its evidence stays the same."""

    model_config = ConfigDict(from_attributes=True)
    likeness_id: UUID
    department: str
    reason: str
    dismissed_by: str
    dismissed_at: datetime


class EdgeOut(BaseModel):
    """A direct pair within a group."""

    likeness_id: UUID
    a_asset_id: UUID
    b_asset_id: UUID
    proposed_class: ClassName
    copy_asset_id: UUID | None


class ElsewhereOut(BaseModel):
    """How many images of other departments one in the group is like, by kind of holder."""

    custody_kind: str
    images: int


class GroupOut(BaseModel):
    """Images that hang together by direct pairs, put side by side to be looked at.

    Nothing is decided by a group: two of its images need not be alike, and it is made anew for
    each answer. `more`: it goes on, and only its nearest images are shown.
    """

    id: Annotated[UUID, Field(description="The first of its images.")]
    asset_ids: list[UUID]
    pairs: list[EdgeOut]
    elsewhere: list[ElsewhereOut]
    more: bool
    decides: Annotated[Literal["nothing"], Field(description="For display only.")]


class FaultOut(BaseModel):
    """An image that is one of too many identical ones in a sequence: perhaps a page is missing."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    asset_id: UUID
    department: str
    source_system: str
    original_name: str
    reason: Literal["repetition"]
    sequence: Literal["running_number", "container"]
    identical: Annotated[int, Field(description="How many were identical when it was found.")]
    evidence: Mapping[str, Any]
    found_at: datetime
