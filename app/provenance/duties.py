"""Who may change what of a record (domain: roles and separation of duties)."""

from collections.abc import Iterator

from app.people.errors import RoleMissing
from app.people.roles import DESCRIBING
from app.provenance.changes import Change, follows
from app.provenance.fields import LAW
from app.provenance.projection import Record
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement
from app.provenance.weighing import Weighing

SETTLING = "cataloguer"
OWN_ONLY = frozenset({"registrar"})  # corrects what it said itself, and nothing else


def prove_duty(record: Record, change: Change, speaker: Speaker) -> None:
    """Prove that whoever speaks may make this change.

    Who does not describe, as a legal officer, speaks only of what the policy names that role for. A
    registrar corrects its own statements only; conflicts are settled by cataloguers, those about
    the law by the role that the policy names (as it stands, records managers), whose word about the
    law nobody else takes back.

    Raises:
        RoleMissing: the change needs another role (HTTP 403).
    """
    roles = set(speaker.roles)
    for field in spoken_of(record, change):
        prove_speaking(field, roles, record.weighing)
    for one in change.choices:
        prove_settling(one.field, roles, record.weighing)
    for earlier in taken_back(record, change, speaker):
        prove_following(earlier, speaker, roles, record.weighing.role(earlier.field))


def spoken_of(record: Record, change: Change) -> list[str]:
    """Return the fields that a change says anything about, each once."""
    retracted = {one.statement for one in change.retractions}
    gone = (s.field for s in record.statements if s.id in retracted)
    asserted, chosen = (one.field for one in change.assertions), (c.field for c in change.choices)
    return list(dict.fromkeys([*asserted, *chosen, *gone]))


def prove_speaking(field: str, roles: set[str], weighing: Weighing) -> None:
    """Prove that roles may say anything of a field."""
    named = field in LAW or field in weighing.named
    if not roles & DESCRIBING and not (named and weighing.role(field) in roles):
        raise RoleMissing(f"{field}: the policy does not name {called(', '.join(sorted(roles)))}.")


def prove_settling(field: str, roles: set[str], weighing: Weighing) -> None:
    """Prove that roles may settle a conflict about a field."""
    confirming = weighing.role(field)
    if not roles & {SETTLING, confirming}:
        raise RoleMissing(f"A conflict is settled by a {SETTLING} or a {called(confirming)}.")
    if field in LAW and confirming not in roles:
        raise RoleMissing(f"A conflict about {field} is settled by a {called(confirming)}.")


def prove_following(earlier: Statement, speaker: Speaker, roles: set[str], confirming: str) -> None:
    """Prove that a statement may be taken back, or another put in its place."""
    if roles <= OWN_ONLY and not own(earlier, speaker):
        raise RoleMissing(f"{earlier.field}: a registrar corrects its own statements only.")
    if earlier.field in LAW and confirming in earlier.roles and confirming not in roles:
        raise RoleMissing(f"{earlier.field}: a {called(confirming)} confirmed it.")


def called(role: str) -> str:
    """Write a role as people say it."""
    return role.replace("_", " ")


def own(statement: Statement, speaker: Speaker) -> bool:
    """Tell whether the speaker made a statement: the same person, by whatever key."""
    same_person = statement.person is not None and statement.person == speaker.person
    return same_person or statement.agent == speaker.agent


def taken_back(record: Record, change: Change, speaker: Speaker) -> Iterator[Statement]:
    """Yield the statements that a change retracts, or puts others in the place of."""
    retracted = {one.statement for one in change.retractions}
    for s in record.statements:
        if s.id in retracted or any(follows(one, s, speaker) for one in change.assertions):
            yield s
