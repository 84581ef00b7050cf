"""Eligibility as the contract has it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "not_assessed",
    "blocked_incomplete",
    "blocked_legal",
    "retained_keeper",
    "blocked_no_keeper",
    "candidate",
]
GroupBy = Literal["department", "source_system", "status", "reason", "month"]


class RuleOut(BaseModel):
    """One rule: how it came out and, where it did not pass, why and what would mend it.

    `basis` names the document's version that puts the rule and the place in it, `evidence` the
    address at which the facts can be read, null where your key may not read them; a rule that
    passes has none of these.
    """

    rule: str
    outcome: Literal["pass", "fail", "unknown"]
    reason: str | None
    label: Mapping[str, str] | None
    basis: str | None
    evidence: str | None
    mend: Mapping[str, str] | None


class ReasonOut(BaseModel):
    """One criterion of the ranking with both sides' facts; the first difference decides."""

    criterion: str
    this: Any
    keeper: Any
    decides: bool


class KeeperOut(BaseModel):
    """The copy that would stay, and why it ranks before this one."""

    asset_id: UUID
    reasons: list[ReasonOut]


class EligibilityOut(BaseModel):
    """The answer, computed at `as_of` from what stood at `log_index`; never stored."""

    asset_id: UUID
    department: str
    source_system: str
    status: Status
    deletable: bool
    reasons: list[str]
    rules: list[RuleOut]
    rules_not_yet_built: list[str]
    keeper: KeeperOut | None
    policy: str
    policy_digest: str
    log_index: int
    as_of: datetime


class CheckIn(BaseModel):
    """Up to 1,000 assets to ask about at once."""

    model_config = ConfigDict(extra="forbid")
    asset_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class CheckOut(BaseModel):
    """The answers, and the ids that do not exist for your key."""

    answers: list[EligibilityOut]
    not_found: list[UUID]


class CountOut(BaseModel):
    """One group; a key that was not grouped by is null."""

    department: str | None
    source_system: str | None
    status: Status | None
    reason: str | None
    month: str | None
    assets: int
    bytes: int


class CountsOut(BaseModel):
    """Counts and bytes at one moment, with the rules that are not in them yet."""

    groups: list[CountOut]
    rules_not_yet_built: list[str]
    log_index: int
    as_of: datetime
