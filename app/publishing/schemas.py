"""What the room takes and answers; every field of an answer is always there."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from app.kit.problems import ProblemPlace
from app.kit.text import Line
from app.policies.documents import header_in
from app.publishing.models import PolicyApprovalRow, PolicyDraftRow, PolicyProposalRow

Digest = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the document's canonical JSON.")
]
Reason = Annotated[Line, Field(description="Why, for whoever looks back.")]
Kind = Literal["policy", "legal_status", "legal_instruments", "retention_schedules"]


class SignatureIn(BaseModel):
    """A signature under one draft, named by what it says."""

    model_config = ConfigDict(extra="forbid")
    digest: Digest
    reason: Reason


class StampIn(BaseModel):
    """What was checked of an instrument, and of which text."""

    model_config = ConfigDict(extra="forbid")
    note: Annotated[Line, Field(description="What was checked, and against what.")]
    document_digest: Annotated[
        Digest | None, Field(description="Of the text that was read; absent: as it is recorded.")
    ] = None
    reason: Reason


class AssignmentIn(BaseModel):
    """Which policy is to judge a department."""

    model_config = ConfigDict(extra="forbid")
    policy_id: Annotated[Line | None, Field(description="Null: the city default.")]
    reason: Reason


class AssignmentSignatureIn(BaseModel):
    """The second signature under what was proposed for a department."""

    model_config = ConfigDict(extra="forbid")
    proposal_id: UUID
    reason: Reason


class SignatureOut(BaseModel):
    """Who signed, when and why."""

    person_id: UUID
    at: datetime
    reason: str

    @classmethod
    def first(cls, row: PolicyProposalRow | None) -> Self | None:
        """Show a proposal."""
        if row is None:
            return None
        return cls(person_id=row.person_id, at=row.proposed_at, reason=row.reason)

    @classmethod
    def second(cls, row: PolicyApprovalRow | None) -> Self | None:
        """Show an approval."""
        if row is None:
            return None
        return cls(person_id=row.approved_by, at=row.approved_at, reason=row.reason)


class DraftOut(BaseModel):
    """A draft as it would be published, and who has signed it; with both it is published."""

    draft_id: UUID
    kind: Kind
    id: str
    version: str
    digest: str
    effective_from: date
    drafted_by: UUID
    drafted_at: datetime
    proposed: SignatureOut | None
    approved: SignatureOut | None
    document: dict[str, Any]

    @classmethod
    def of(
        cls,
        draft: PolicyDraftRow,
        proposal: PolicyProposalRow | None,
        approval: PolicyApprovalRow | None,
    ) -> Self:
        """Show a draft with its signatures."""
        return cls.model_validate(
            {
                "draft_id": draft.id,
                "kind": draft.kind,
                "id": draft.document_id,
                "version": draft.version,
                "digest": draft.digest,
                "effective_from": header_in(draft.document)[1]["effective_from"],
                "drafted_by": draft.person_id,
                "drafted_at": draft.drafted_at,
                "proposed": SignatureOut.first(proposal),
                "approved": SignatureOut.second(approval),
                "document": draft.document,
            }
        )

    @classmethod
    def of_row(cls, found: Row[*tuple[Any, ...]]) -> Self:
        """Show a draft of a list."""
        return cls.of(found[0], found[1], found[2])


class AssignmentOut(BaseModel):
    """Which policy is to judge a department (null: the city default), and who has signed it."""

    proposal_id: UUID
    department: str
    policy_id: str | None
    proposed: SignatureOut
    approved: SignatureOut | None

    @classmethod
    def of(cls, proposal: PolicyProposalRow, approval: PolicyApprovalRow | None) -> Self:
        """Show a proposal with its signature."""
        return cls.model_validate(
            {
                "proposal_id": proposal.id,
                "department": proposal.department,
                "policy_id": proposal.policy_id,
                "proposed": SignatureOut.first(proposal),
                "approved": SignatureOut.second(approval),
            }
        )

    @classmethod
    def of_row(cls, found: Row[*tuple[Any, ...]]) -> Self:
        """Show a proposal of a list."""
        return cls.of(found[0], found[1])


class ValidationOut(BaseModel):
    """Whether a draft could be proposed, and by JSON Pointer what is wrong with it or loosens."""

    valid: bool
    code: Literal["policy-malformed", "policy-loosens"] | None
    faults: list[ProblemPlace]
    digest: str | None  # of the draft as it would be published; none of one that is not valid
