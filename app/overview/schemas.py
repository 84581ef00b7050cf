"""Simulations as the contract has them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.disposals.schemas import Status
from app.kit.text import Line

State = Literal["waiting", "running", "done", "cancelled", "failed"]
Newly = Literal["complete", "incomplete"]


class SimulationIn(BaseModel):
    """What is supposed to hold: a draft, or a version that was recorded or drafted before."""

    model_config = ConfigDict(extra="forbid")
    document: Annotated[
        dict[str, Any] | None, Field(description="A draft of the policy, whole.")
    ] = None
    version: Annotated[
        Line | None, Field(description="A recorded version, in the place of a document.")
    ] = None
    departments: Annotated[
        list[Line],
        Field(max_length=200, description="As if these named it; none: those that do."),
    ] = []


class SideOut(BaseModel):
    """So many images, and their bytes."""

    assets: int
    bytes: int


class NewlyOut(SideOut):
    """Records of a department that would become complete or incomplete."""

    department: str
    newly: Newly


class MovedOut(SideOut):
    """Images of a department whose status would change."""

    department: str
    was: Status
    becomes: Status


class ReasonMovedOut(BaseModel):
    """A reason that images of a department would gain or lose."""

    department: str
    reason: str
    gained: SideOut
    lost: SideOut


class SimulationOut(BaseModel):
    """What a policy would change, so far; whole once `state` is `done`.

    Both sides count as sealed whatever is complete, as the sweep would leave it. Each part was
    judged at a moment of its own: the first and the last are named.
    """

    id: UUID
    state: State
    total: int
    done: int
    policy: str
    policy_digest: str
    departments: list[str]
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    newly: list[NewlyOut]
    statuses: list[MovedOut]
    reasons: list[ReasonMovedOut]
    listed: int
    rules_not_yet_built: list[str]
    first_log_index: int | None
    last_log_index: int | None
    first_as_of: datetime | None
    last_as_of: datetime | None


class SimulationChangeOut(BaseModel):
    """One image that would be judged otherwise; a null status stays as it is."""

    model_config = ConfigDict(from_attributes=True)
    asset_id: UUID
    department: str
    was: Status | None
    becomes: Status | None
    newly: Newly | None
    gained: list[str]
    lost: list[str]
