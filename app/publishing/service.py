"""Draft, propose, sign: a policy or register holds once two different persons have signed it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from app.kit.db import new_ids
from app.kit.errors import NoSuchResource
from app.ledger.canonical import digest_of
from app.ledger.service import Event, record
from app.people.errors import RoleMissing
from app.people.roles import Principal
from app.policies.documents import Document, header_in
from app.policies.errors import PolicyMalformed
from app.policies.queries import numbers_of
from app.policies.service import check_document, published_versions, record_document
from app.publishing import queries
from app.publishing.errors import (
    AlreadyProposed,
    AlreadySigned,
    EffectiveInThePast,
    SecondPersonNeeded,
    VersionNotHigher,
)
from app.publishing.models import PolicyApprovalRow, PolicyDraftRow, PolicyProposalRow
from app.publishing.queries import FollowedRow

# One signature after the other, so that the second sees what the first published.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('publishing/' || :subject, 3))")


def edition_of(document: Document) -> dict[str, Any]:
    """Return a draft as it would be published, which is what its digest is of.

    Raises:
        PolicyMalformed: it says to be an example or superseded, or has no header.
    """
    edition = deepcopy(dict(document))
    at, header = header_in(edition)
    if header.get("status") not in {"draft", "published"}:
        fault = "a draft says `draft`, or `published` as it would be once two persons have signed"
        raise PolicyMalformed(str(header.get("id")), {f"{at}/status": fault})
    header["status"] = "published"
    return edition


def prove_citywide(caller: Principal) -> None:
    """Let only an officer of the whole city change what holds for all departments.

    Raises:
        RoleMissing: the key is one department's (HTTP 403).
    """
    if caller.department is not None:
        raise RoleMissing("Policies and registers are the whole city's; your key is a department's")


def keep_draft(
    db: Session, caller: Principal, edition: dict[str, Any]
) -> tuple[PolicyDraftRow, bool]:
    """Keep a draft; the same again finds it (False).

    Raises:
        PolicyMalformed, PolicyLoosens: naming each fault, each rule that loosens.
        VersionNotHigher: as high a version was published.
    """
    prove_citywide(caller)
    kind, header = check_document(db, edition)
    db.execute(ALONE, {"subject": header.id})
    prove_higher(db, header.id, header.version)
    digest = digest_of(edition)
    there = db.execute(queries.draft_of(header.id, header.version, digest)).one_or_none()
    if there is not None:
        return there[0], False
    [draft_id] = new_ids(db, 1)
    detail = {"document": f"{header.id}@{header.version}", "digest": digest, "draft": str(draft_id)}
    row = PolicyDraftRow(
        id=draft_id,
        kind=kind,
        document_id=header.id,
        version=header.version,
        digest=digest,
        document=edition,
        person_id=caller.person_id,
        event_id=record(db, caller.agent, Event("x:policy-drafted", detail)),
    )
    db.add(row)
    db.flush()
    return row, True


def prove_heard_of(db: Session, document_id: str) -> None:
    """Let nobody take a name that was never drafted for a policy without drafts.

    Raises:
        NoSuchResource: no version of it was recorded, and none drafted (HTTP 404).
    """
    known = (numbers_of(document_id), queries.drafts_of(document_id))
    if not any(db.scalar(select(one.exists())) for one in known):
        raise NoSuchResource(f"No policy or register is called {document_id}.")


def draft_for(db: Session, document_id: str, version: str, digest: str) -> FollowedRow:
    """Return a draft with the signatures under it.

    Raises:
        NoSuchResource: nobody drafted that version with that digest (HTTP 404).
    """
    found = db.execute(queries.draft_of(document_id, version, digest)).one_or_none()
    if found is None:
        raise NoSuchResource(f"Nobody drafted {document_id}@{version} with the digest {digest}.")
    return found


def propose(db: Session, caller: Principal, draft: PolicyDraftRow, reason: str) -> None:
    """Sign first under a draft.

    Raises:
        AlreadyProposed: somebody did.
    """
    prove_citywide(caller)
    db.execute(ALONE, {"subject": draft.document_id})
    _, there, _ = draft_for(db, draft.document_id, draft.version, draft.digest)
    if there is not None:
        raise AlreadyProposed(f"{draft.document_id}@{draft.version} is proposed; another signs.")
    detail = {"draft": str(draft.id), "digest": draft.digest, "reason": reason}
    keep_proposal(db, caller, "x:policy-proposed", detail, reason, draft_id=draft.id)


def keep_proposal(
    db: Session,
    caller: Principal,
    kind: str,
    detail: Mapping[str, Any],
    reason: str,
    **subject: object,
) -> UUID:
    """Write the first signature with its event; `subject`: the columns that say under what."""
    [proposal_id] = new_ids(db, 1)
    said = {**detail, "proposal": str(proposal_id)}
    event_id = record(db, caller.agent, Event(kind, said))
    row = {"id": proposal_id, "person_id": caller.person_id, "reason": reason}
    db.execute(insert(PolicyProposalRow).values(**row, **subject, event_id=event_id))
    return proposal_id


def publish(db: Session, caller: Principal, draft: PolicyDraftRow, reason: str) -> UUID:
    """Sign second, which publishes; return the version that holds from its day on.

    Raises:
        NoSuchResource: nobody has proposed it (HTTP 404).
        SecondPersonNeeded: the caller proposed it.
        AlreadySigned: two persons have signed it.
        VersionNotHigher, EffectiveInThePast: it would not hold, or from before today on.
        PolicyMalformed, PolicyLoosens: what it extends moved on since it was drafted.
    """
    prove_citywide(caller)
    db.execute(ALONE, {"subject": draft.document_id})
    _, proposal, approval = draft_for(db, draft.document_id, draft.version, draft.digest)
    if approval is not None:
        raise AlreadySigned(f"{draft.document_id}@{draft.version} was signed by two persons.")
    if proposal is None:
        raise NoSuchResource(f"Nobody has proposed {draft.document_id}@{draft.version} yet.")
    prove_higher(db, draft.document_id, draft.version)
    effective = header_in(draft.document)[1]["effective_from"]
    today = db.scalar(select(func.current_date()))
    if effective < str(today):
        raise EffectiveInThePast(f"It says effective_from {effective}, and today is {today}.")
    detail = {"draft": str(draft.id), "digest": draft.digest, "reason": reason}
    keep_approval(db, caller, "x:policy-published", proposal, detail, reason)
    return record_document(db, draft.document, caller.agent)


def keep_approval(
    db: Session,
    caller: Principal,
    kind: str,
    proposal: PolicyProposalRow,
    detail: Mapping[str, Any],
    reason: str,
) -> None:
    """Write the second signature with its event.

    Raises:
        SecondPersonNeeded: it is the first signer's own.
    """
    if proposal.person_id == caller.person_id:
        raise SecondPersonNeeded("You proposed this yourself; a second person signs.")
    said = {**detail, "proposal": str(proposal.id), "proposed_by": str(proposal.person_id)}
    signed = {
        "proposal_id": proposal.id,
        "proposed_by": proposal.person_id,
        "approved_by": caller.person_id,
        "reason": reason,
        "event_id": record(db, caller.agent, Event(kind, said)),
    }
    db.execute(insert(PolicyApprovalRow).values(signed))


def prove_higher(db: Session, document_id: str, version: str) -> None:
    """Refuse a version that would never hold, for a higher one was published.

    Raises:
        VersionNotHigher: naming the highest.
    """
    highest = max(map(as_numbers, published_versions(db, document_id)), default=None)
    if highest is not None and as_numbers(version) <= highest:
        named = ".".join(map(str, highest))
        raise VersionNotHigher(f"{document_id}@{named} was published; {version} is not higher.")


def as_numbers(version: str) -> tuple[int, ...]:
    """Read a version as it is ordered."""
    return tuple(map(int, version.split(".")))
