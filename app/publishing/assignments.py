"""Which policy judges a department: proposed by one person, signed by another."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.errors import NoSuchResource
from app.people.models import DepartmentRow
from app.people.roles import Principal
from app.people.service import name_policy
from app.policies.service import policy_in_force
from app.publishing import queries
from app.publishing.errors import AlreadyProposed, AssignmentOvertaken
from app.publishing.models import PolicyProposalRow
from app.publishing.queries import AskedRow
from app.publishing.service import ALONE, keep_approval, keep_proposal


def propose_assignment(
    db: Session, caller: Principal, department: str, policy_id: str | None, reason: str
) -> UUID:
    """Sign first under which policy is to judge a department; none is the city's.

    Raises:
        NoSuchResource: no such department for this caller (HTTP 404).
        NoPolicyInForce: no version of that policy holds today.
        AssignmentOvertaken: it judges the department already.
        AlreadyProposed: the last proposal says the same and waits for another person.
    """
    row = department_for(db, caller, department)
    db.execute(ALONE, {"subject": f"department/{department}"})
    policy_in_force(db, policy_id)
    if row.policy_id == policy_id:
        raise AssignmentOvertaken(f"{said(policy_id)} judges {department} already.")
    last = db.execute(queries.assignments_of(department).limit(1)).one_or_none()
    if last is not None and last[1] is None and last[0].policy_id == policy_id:
        raise AlreadyProposed(f"{said(policy_id)} is proposed for {department}; another signs.")
    detail = {"department": department, "policy_id": policy_id, "reason": reason}
    return keep_proposal(
        db,
        caller,
        "x:policy-assignment-proposed",
        detail,
        reason,
        department=department,
        policy_id=policy_id,
    )


def assign(
    db: Session, caller: Principal, department: str, proposal_id: UUID, reason: str
) -> AskedRow:
    """Sign second, from when on the policy judges the department.

    Raises:
        NoSuchResource: no such department or proposal for this caller (HTTP 404).
        SecondPersonNeeded: the caller proposed it.
        AssignmentOvertaken: it was signed, or another was proposed since.
        NoPolicyInForce: no version of that policy holds today.
    """
    department_for(db, caller, department)
    db.execute(ALONE, {"subject": f"department/{department}"})
    last = db.execute(queries.assignments_of(department).limit(1)).one_or_none()
    proposal = proposal_for(db, department, proposal_id)[0]
    if last is None or last[0].id != proposal_id or last[1] is not None:
        raise AssignmentOvertaken("It was signed already, or another was proposed since.")
    policy_in_force(db, proposal.policy_id)
    detail = {"department": department, "policy_id": proposal.policy_id, "reason": reason}
    keep_approval(db, caller, "x:policy-assigned", proposal, detail, reason)
    name_policy(db, department, proposal.policy_id)
    return proposal_for(db, department, proposal_id)


def proposal_for(db: Session, department: str, proposal_id: UUID) -> AskedRow:
    """Return one proposal of a department with its signature.

    Raises:
        NoSuchResource: there is none (HTTP 404).
    """
    named = queries.assignments_of(department).where(PolicyProposalRow.id == proposal_id)
    found = db.execute(named).one_or_none()
    if found is None:
        raise NoSuchResource(f"There is no proposal {proposal_id} for {department!r}.")
    return found


def department_for(db: Session, caller: Principal, code: str) -> DepartmentRow:
    """Return a department of the caller's scope.

    Raises:
        NoSuchResource: no such department for this caller (HTTP 404).
    """
    row = db.get(DepartmentRow, code)
    if row is None or not caller.sees(code):
        raise NoSuchResource(f"There is no department {code!r}.")
    return row


def said(policy_id: str | None) -> str:
    """Name a policy, or the city's."""
    return policy_id or "The city default"
