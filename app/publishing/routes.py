"""Drafts, their two signatures, stamps on instruments, and which policy judges a department."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Response

from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.problems import ProblemPlace
from app.kit.refusals import refuses
from app.ledger.canonical import digest_of
from app.people.errors import RoleMissing
from app.people.rights import Counter, Officer, authenticated
from app.policies.errors import NoPolicyInForce, PolicyLoosens, PolicyMalformed, VersionImmutable
from app.policies.service import check_document
from app.publishing import assignments, queries, service, stamps
from app.publishing.errors import (
    AlreadyProposed,
    AlreadySigned,
    AssignmentOvertaken,
    EffectiveInThePast,
    SecondPersonNeeded,
    VersionNotHigher,
)
from app.publishing.models import PolicyDraftRow
from app.publishing.schemas import (
    AssignmentIn,
    AssignmentOut,
    AssignmentSignatureIn,
    DraftOut,
    SignatureIn,
    StampIn,
    ValidationOut,
)

router = APIRouter(prefix="/v1", tags=["policies"])
SLUG = r"^[a-z][a-z0-9-]*$"
DocumentId = Annotated[str, Path(max_length=80, pattern=SLUG)]
Version = Annotated[str, Path(max_length=20, pattern=r"^\d+\.\d+\.\d+$")]
Code = Annotated[str, Path(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
Document = Annotated[
    dict[str, Any], Body(description="A policy, an overlay or a register, whole (docs/domain.md).")
]


@router.post(
    "/policies/validations",
    operation_id="validate_policy",
    dependencies=[Depends(authenticated)],
)
def validate_policy(db: Db, document: Document) -> ValidationOut:
    """Say whether a draft could be proposed, and what is wrong with it or loosens.

    Nothing is kept. Faults are named by JSON Pointer into the document.
    """
    try:
        edition = service.edition_of(document)
        kind, _ = check_document(db, edition)
        if kind == "legal_instruments":
            stamps.prove_unstamped(db, edition)
    except (PolicyMalformed, PolicyLoosens) as refusal:
        faults = [ProblemPlace(pointer=at, detail=why) for at, why in refusal.pointers.items()]
        said = {"valid": False, "code": refusal.code, "faults": faults, "digest": None}
        return ValidationOut.model_validate(said)
    return ValidationOut(valid=True, code=None, faults=[], digest=digest_of(edition))


@router.post(
    "/policies",
    operation_id="draft_policy",
    status_code=201,
    responses={200: {"model": DraftOut, "description": "There already."}},
)
@refuses(PolicyMalformed, PolicyLoosens, VersionNotHigher, RoleMissing, NoPolicyInForce)
def draft_policy(db: Db, caller: Officer, document: Document, response: Response) -> DraftOut:
    """Keep a draft of a policy, an overlay or a register; it changes nothing that holds.

    It is kept as it would be published, and its digest is what both persons sign. A draft cannot
    be changed: draft again, under the same version too, until one of them is published.
    """
    edition = service.edition_of(document)
    service.prove_citywide(caller)
    kind, _ = check_document(db, edition)
    if kind == "legal_instruments":
        stamps.prove_unstamped(db, edition)
    row, new = service.keep_draft(db, caller, edition)
    response.status_code = 201 if new else 200
    return shown(db, row)


@router.get("/policies/{policy_id}/drafts", operation_id="list_policy_drafts")
def list_policy_drafts(
    db: Db, caller: Counter, policy_id: DocumentId, limit: Limit = 50, cursor: Cursor = None
) -> Page[DraftOut]:
    """List the drafts of a policy or register with who has signed each, the last first."""
    service.prove_heard_of(db, policy_id)
    listing = Listing("policy-drafts", (policy_id,))
    asked = queries.drafts_of(policy_id)
    return read_page(
        db,
        asked,
        listing,
        limit=limit,
        cursor=cursor,
        show=DraftOut.of_row,
    )


@router.post(
    "/policies/{policy_id}/versions/{version}/proposals",
    operation_id="propose_policy",
    status_code=201,
)
@refuses(AlreadyProposed, RoleMissing)
def propose_policy(
    db: Db, caller: Officer, policy_id: DocumentId, version: Version, said: SignatureIn
) -> DraftOut:
    """Sign a draft as the first of two persons."""
    draft = service.draft_for(db, policy_id, version, said.digest)[0]
    service.propose(db, caller, draft, said.reason)
    return shown(db, draft)


@router.post(
    "/policies/{policy_id}/versions/{version}/approvals",
    operation_id="approve_policy",
    status_code=201,
)
@refuses(
    AlreadySigned,
    EffectiveInThePast,
    PolicyLoosens,
    PolicyMalformed,
    RoleMissing,
    SecondPersonNeeded,
    VersionImmutable,
    VersionNotHigher,
)
def approve_policy(
    db: Db, caller: Officer, policy_id: DocumentId, version: Version, said: SignatureIn
) -> DraftOut:
    """Sign a draft as the second of two different persons, which publishes it.

    It holds from its `effective_from` on and can never be changed. What held before is superseded;
    seals under it go stale and complete records are sealed again by themselves.
    """
    draft = service.draft_for(db, policy_id, version, said.digest)[0]
    service.publish(db, caller, draft, said.reason)
    return shown(db, draft)


@router.post(
    "/legal-instruments/{instrument_id}/stamps",
    operation_id="stamp_instrument",
    status_code=201,
)
@refuses(AlreadyProposed, NoPolicyInForce, RoleMissing, VersionNotHigher)
def stamp_instrument(
    db: Db,
    caller: Officer,
    instrument_id: Annotated[str, Path(max_length=80, pattern=SLUG)],
    said: StampIn,
) -> DraftOut:
    """Say that you checked citation and text of an instrument.

    The answer is a draft of the register's next version with your stamp, proposed by you. Until a
    second person approves it the instrument may block and never authorise.
    """
    return shown(db, stamps.stamp(db, caller, instrument_id, **said.model_dump()))


@router.post(
    "/departments/{code}/policy-proposals",
    operation_id="propose_department_policy",
    status_code=201,
)
@refuses(AlreadyProposed, AssignmentOvertaken, NoPolicyInForce)
def propose_department_policy(
    db: Db, caller: Officer, code: Code, said: AssignmentIn
) -> AssignmentOut:
    """Sign, as the first of two persons, under which policy is to judge a department."""
    made = assignments.propose_assignment(db, caller, code, said.policy_id, said.reason)
    return AssignmentOut.of(*assignments.proposal_for(db, code, made))


@router.post(
    "/departments/{code}/policy-approvals",
    operation_id="approve_department_policy",
    status_code=201,
)
@refuses(AssignmentOvertaken, NoPolicyInForce, SecondPersonNeeded)
def approve_department_policy(
    db: Db, caller: Officer, code: Code, said: AssignmentSignatureIn
) -> AssignmentOut:
    """Sign as the second person: from now on that policy judges the department.

    Only the last proposal for a department can be signed.
    """
    return AssignmentOut.of(*assignments.assign(db, caller, code, said.proposal_id, said.reason))


@router.get("/departments/{code}/policy-proposals", operation_id="list_department_policies")
def list_department_policies(
    db: Db, caller: Counter, code: Code, limit: Limit = 50, cursor: Cursor = None
) -> Page[AssignmentOut]:
    """List what was proposed for a department and who signed it, the last first."""
    assignments.department_for(db, caller, code)
    listing = Listing("department-policies", (code,))
    asked = queries.assignments_of(code)
    return read_page(
        db,
        asked,
        listing,
        limit=limit,
        cursor=cursor,
        show=AssignmentOut.of_row,
    )


def shown(db: Db, draft: PolicyDraftRow) -> DraftOut:
    """Show a draft with the signatures under it now."""
    return DraftOut.of(*service.draft_for(db, draft.document_id, draft.version, draft.digest))
