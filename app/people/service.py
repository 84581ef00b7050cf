"""Prove keys; add departments, persons and keys."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.kit.db import new_ids
from app.kit.errors import Malformed, NoSuchResource
from app.ledger.agents import Agent
from app.ledger.service import Event, record
from app.people import queries
from app.people.errors import DepartmentTaken, NotAuthenticated, RoleMissing
from app.people.keys import NewKey, draw_key, hash_secret, same_secret, split_key
from app.people.models import ApiKeyRow, DepartmentRow, PersonRow
from app.people.roles import CITYWIDE, Principal, Role
from app.policies.rules.bodies import BodyKind
from app.policies.service import policy_in_force

ENDED = "Send `Authorization: Bearer cat_...` with a key that has not ended."
ROLES = {role.value: role for role in Role}
# Of a living key: the secret's SHA-256, the person, the department or None, the roles.
Kept = tuple[bytes, UUID, str | None, Sequence[str]]


def prove_key(db: Session, written: str) -> Principal:
    """Return who acts, from the key as it was sent.

    Raises:
        NotAuthenticated: the key is not written like one, unknown, ended or revoked (HTTP 401).
    """
    key = read_key(written)
    row = db.scalars(queries.living_key(key.id)).one_or_none()
    kept = (row.secret_sha256, row.person_id, row.department, row.roles) if row else None
    return holder(key, kept)


def read_key(written: str) -> NewKey:
    """Take a key apart that came with a request.

    Raises:
        NotAuthenticated: it is not written like one (HTTP 401).
    """
    key = split_key(written)
    if key is None:
        raise NotAuthenticated(ENDED)
    return key


def holder(key: NewKey, kept: Kept | None) -> Principal:
    """Return who acts by a key, from what the database keeps of it while it lives.

    Raises:
        NotAuthenticated: nothing is kept of such a key, or the secret is another (HTTP 401).
    """
    if kept is None or not same_secret(key.secret, kept[0]):
        raise NotAuthenticated(ENDED)
    _, person_id, department, roles = kept
    return Principal(key.id, person_id, department, frozenset(map(ROLES.__getitem__, roles)))


def prove_role(caller: Principal, allowed: frozenset[Role]) -> None:
    """Prove that someone has one of these roles.

    Raises:
        RoleMissing: none of them (HTTP 403).
    """
    if not caller.roles & allowed:
        named = ", ".join(sorted(allowed))
        raise RoleMissing(f"This needs a key with one of these roles: {named}.")


def add_department(
    db: Session,
    agent: Agent,
    *,
    code: str,
    label: dict[str, str],
    policy_id: str | None,
    body_kind: BodyKind,
) -> tuple[DepartmentRow, bool]:
    """Add a department; a repeat with the same facts finds it (False).

    Raises:
        DepartmentTaken: the code stands for other facts.
        NoPolicyInForce: no version of that policy is in force.
    """
    policy_in_force(db, policy_id)
    within(agent, code)
    there = db.get(DepartmentRow, code)
    if there is not None:
        if (there.label, there.policy_id, there.body_kind) != (label, policy_id, body_kind):
            other = "another label, policy or kind of body"
            raise DepartmentTaken(f"Department {code!r} exists with {other}.")
        return there, False
    detail = {"code": code, "label": label, "policy_id": policy_id, "body_kind": body_kind}
    event_id = record(db, agent, Event("x:department-added", detail, department=code))
    row = DepartmentRow(
        code=code,
        label=label,
        policy_id=policy_id,
        event_id=event_id,
        body_kind=body_kind,
        body_kind_event_id=event_id,
    )
    db.add(row)
    db.flush()
    return row, True


def state_body_kind(
    db: Session, agent: Agent, code: str, body_kind: BodyKind, reason: str
) -> DepartmentRow:
    """State anew what kind of body a department is; the same again changes nothing.

    What it was stays in the events; the database takes a change only with its event.

    Raises:
        NoSuchResource: no such department in the agent's scope (HTTP 404).
    """
    within(agent, code)
    row = db.get(DepartmentRow, code, with_for_update=True, populate_existing=True)
    if row is None:
        raise NoSuchResource(f"There is no department {code!r}.")
    if row.body_kind != body_kind:
        detail = {"body_kind": body_kind, "before": row.body_kind, "reason": reason}
        told = Event("x:body-kind-stated", detail, department=code)
        row.body_kind, row.body_kind_event_id = body_kind, record(db, agent, told)
        db.flush()
    return row


def name_policy(db: Session, code: str, policy_id: str | None) -> None:
    """Say which policy judges a department; the database asks for two persons' signatures."""
    named = update(DepartmentRow).where(DepartmentRow.code == code)
    db.execute(named.values(policy_id=policy_id))


def within(agent: Agent, department: str | None) -> None:
    """Refuse an operator of one department what concerns another, or the whole city.

    Raises:
        NoSuchResource: outside the operator's scope: looks as if it were not there (HTTP 404).
    """
    if agent.department not in (None, department):
        raise NoSuchResource(f"There is no department {department!r} that your key may manage.")


def add_person(db: Session, agent: Agent, name: str) -> UUID:
    """Add a person and return their id."""
    [person_id] = new_ids(db, 1)
    event_id = record(db, agent, Event("x:person-added", {"person": str(person_id)}))
    db.execute(insert(PersonRow).values(id=person_id, name=name, event_id=event_id))
    return person_id


def give_key(
    db: Session,
    agent: Agent,
    *,
    person_id: UUID,
    roles: Collection[Role],
    department: str | None,
    valid_for: timedelta,
) -> NewKey:
    """Give a person a key. The secret is in the answer and nowhere else.

    Raises:
        NoSuchResource: no such person or department (HTTP 404).
        Malformed: a role that acts for a department was asked for without one (HTTP 422).
    """
    if department is None and not CITYWIDE.issuperset(roles):
        raise Malformed("These roles act for one department: name it in `department`.")
    within(agent, department)
    if db.get(PersonRow, person_id) is None:
        raise NoSuchResource(f"There is no person {person_id}.")
    if department is not None and db.get(DepartmentRow, department) is None:
        raise NoSuchResource(f"There is no department {department!r}.")
    key = draw_key()
    named = sorted(roles)
    detail = {"key": key.id, "person": str(person_id), "roles": named}
    event_id = record(db, agent, Event("x:key-given", detail, department=department))
    db.execute(
        insert(ApiKeyRow).values(
            id=key.id,
            secret_sha256=hash_secret(key.secret),
            person_id=person_id,
            department=department,
            roles=named,
            expires_at=func.clock_timestamp() + valid_for,
            event_id=event_id,
        )
    )
    return key


def revoke_key(db: Session, caller: Principal, key_id: str) -> None:
    """End a key at once; a second time changes nothing.

    Raises:
        NoSuchResource: no such key in the caller's scope (HTTP 404).
    """
    row = db.scalar(select(ApiKeyRow).where(ApiKeyRow.id == key_id).with_for_update())
    if row is None or (caller.department not in (None, row.department)):
        raise NoSuchResource(f"There is no key {key_id!r}.")
    if row.revoked_at is None:
        record(db, caller.agent, Event("x:key-revoked", {"key": key_id}, department=row.department))
        db.execute(
            update(ApiKeyRow)
            .where(ApiKeyRow.id == key_id)
            .values(revoked_at=func.clock_timestamp())
        )
