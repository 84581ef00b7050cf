"""Eligibility as the contract has it."""

from collections.abc import Mapping
from datetime import date, datetime
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


class AskingOut(BaseModel):
    """An instrument of the register that binds the asset, whether anyone verified it, and its asks.

    One that nobody verified, or that has ended, blocks like any other and authorises nothing.
    """

    id: str
    verified: bool
    requires: list[str]


class RetentionReasonOut(BaseModel):
    """Why a record is kept until that day, or why no day can be named; and by which register.

    `schedules`: the longest schedule of its disposal class. `record`: a later day, or the only
    one, that the record itself names. Without a day: `permanent`, `no_date` (a schedule's trigger,
    or the record's own day, has no day that counts), `no_schedule` (of that class), `no_class`.
    """

    code: Literal["schedules", "record", "permanent", "no_date", "no_schedule", "no_class"]
    label: Mapping[str, str]
    basis: str


class EligibilityOut(BaseModel):
    """The answer, computed at `as_of` from what stood at `log_index`; never stored.

    `conditions` is all that legal statuses and instruments ask together, met or not; what fails of
    it is among the rules, but for `external_authority_agreement`, which an approval meets.
    `retention_until` is worked out, also from schedules that may block and never authorise: that
    the day has passed lets nothing go by itself.
    """

    asset_id: UUID
    department: str
    source_system: str
    status: Status
    deletable: bool
    reasons: list[str]
    rules: list[RuleOut]
    rules_not_yet_built: list[str]
    keeper: KeeperOut | None
    conditions: list[str]
    instruments: list[AskingOut]
    retention_until: date | None
    retention_reason: RetentionReasonOut
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
