"""What the room asks its tables."""

from sqlalchemy import Row, Select, select

from app.publishing.models import PolicyApprovalRow, PolicyDraftRow, PolicyProposalRow

SIGNED = PolicyApprovalRow.proposal_id == PolicyProposalRow.id
Followed = tuple[PolicyDraftRow, PolicyProposalRow | None, PolicyApprovalRow | None]
Asked = tuple[PolicyProposalRow, PolicyApprovalRow | None]
FollowedRow = Row[*Followed]
AskedRow = Row[*Asked]


def drafts_of(document_id: str) -> Select[*Followed]:
    """Select a document's drafts with the signatures under each, the last first."""
    return (
        select(PolicyDraftRow, PolicyProposalRow, PolicyApprovalRow)
        .outerjoin(PolicyProposalRow, PolicyProposalRow.draft_id == PolicyDraftRow.id)
        .outerjoin(PolicyApprovalRow, SIGNED)
        .where(PolicyDraftRow.document_id == document_id)
        .order_by(PolicyDraftRow.id.desc())
    )


def draft_of(document_id: str, version: str, digest: str) -> Select[*Followed]:
    """Select one draft, by what its digest says."""
    return drafts_of(document_id).where(
        PolicyDraftRow.version == version, PolicyDraftRow.digest == digest
    )


def assignments_of(department: str) -> Select[*Asked]:
    """Select what was proposed for a department, the last first."""
    return (
        select(PolicyProposalRow, PolicyApprovalRow)
        .outerjoin(PolicyApprovalRow, SIGNED)
        .where(PolicyProposalRow.department == department)
        .order_by(PolicyProposalRow.id.desc())
    )
