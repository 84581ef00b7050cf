"""Stamps: who checked the text of a legal instrument, a new version of its register each time."""

from copy import deepcopy
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.errors import NoSuchResource
from app.people.models import PersonRow
from app.people.roles import Principal
from app.policies.documents import Document
from app.policies.errors import PolicyMalformed
from app.policies.service import document_in_force, recorded_versions
from app.publishing.models import PolicyDraftRow
from app.publishing.service import as_numbers, keep_draft, propose

REGISTER = "legal-instruments"


def prove_unstamped(db: Session, edition: Document) -> None:
    """Refuse a drafted register that brings a stamp of its own, or keeps one on another text.

    Raises:
        PolicyMalformed: naming each such stamp.
    """
    known = {one["id"]: one for one in document_in_force(db, "legal_instruments", REGISTER)[KEY]}
    fault = f"a stamp is set by POST /v1/{REGISTER}/{{id}}/stamps, and ends with a change of text"
    faults = {
        f"/{KEY}/{at}/verified": fault
        for at, one in enumerate(edition[KEY])
        if one["verified"] is not None and one != known.get(one["id"])
    }
    if faults:
        raise PolicyMalformed(REGISTER, faults)


def stamp(
    db: Session,
    caller: Principal,
    instrument_id: str,
    *,
    note: str,
    document_digest: str | None,
    reason: str,
) -> PolicyDraftRow:
    """Say that the caller checked an instrument; it counts once a second person has signed.

    Raises:
        NoSuchResource: the register in force knows no such instrument (HTTP 404).
    """
    register = deepcopy(dict(document_in_force(db, "legal_instruments", REGISTER)))
    named = [one for one in register[KEY] if one["id"] == instrument_id]
    if not named:
        raise NoSuchResource(f"The register in force knows no instrument {instrument_id!r}.")
    today = str(db.scalar(select(func.current_date())))
    name = db.get_one(PersonRow, caller.person_id).name
    named[0]["verified"] = {"by": name, "on": today, "note": note}
    if document_digest is not None:
        named[0]["document_digest"] = document_digest
    register["register"] |= next_edition(db, today)
    draft, _ = keep_draft(db, caller, register)
    propose(db, caller, draft, reason)
    return draft


def next_edition(db: Session, today: str) -> dict[str, Any]:
    """Return what a new version of the register says in its header."""
    major, minor, patch = max(map(as_numbers, recorded_versions(db, REGISTER)))
    version = f"{major}.{minor}.{patch + 1}"
    return {"version": version, "status": "published", "effective_from": today}


KEY = "instruments"
