"""Keys: hashed, ending, revocable, and good for what they were given for."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from world import AGENT, World

from app.kit.errors import Malformed, NoSuchResource
from app.ledger.service import Event, record
from app.people.errors import DepartmentTaken, NotAuthenticated
from app.people.keys import draw_key, hash_secret, same_secret, split_key
from app.people.models import DepartmentRow
from app.people.roles import CITYWIDE, Principal, Role
from app.people.service import add_department, give_key, prove_key, revoke_key
from app.policies.rules.bodies import BODY_KINDS, BodyKind


def proved(world: World, key: str) -> Principal:
    with world.api.transaction() as db:
        return prove_key(db, key)


def test_a_key_is_drawn_and_taken_apart() -> None:
    key = draw_key()
    assert split_key(str(key)) == key
    assert len({draw_key().secret for _ in range(50)}) == 50
    assert len(key.secret) == 43  # 256 bits in base64
    assert same_secret(key.secret, hash_secret(key.secret))
    assert not same_secret(key.secret + "x", hash_secret(key.secret))


@pytest.mark.parametrize(
    "written",
    ["", "cat_", "cat_short_secret", f"cat_{'A' * 12}_{'b' * 43}", f"{draw_key()} "],
    ids=["nothing", "a beginning", "short", "capitals", "a blank behind"],
)
def test_what_is_not_written_like_a_key(written: str) -> None:
    assert split_key(written) is None


def test_only_the_hash_of_a_secret_is_kept(town: World) -> None:
    key = town.a_key("operator")
    secret = key.rpartition("_")[2] if key.count("_") == 2 else key.split("_", 2)[2]
    parts = split_key(key)
    assert parts is not None
    [[kept]] = town.find("SELECT secret_sha256 FROM api_keys WHERE id = :k", k=parts.id)
    assert bytes(kept) == hash_secret(parts.secret)
    for table in ("api_keys", "events", "persons"):
        dump = town.find(f"SELECT string_agg(t::text, '') FROM {table} t")[0][0]  # noqa: S608
        assert secret not in dump
        assert secret.encode().hex() not in dump


def test_a_key_proves_who_acts(town: World) -> None:
    department, person = town.a_department(), town.a_person()
    key = town.a_key("cataloguer", "curator", department=department, person=person)
    who = proved(town, key)
    assert (who.person_id, who.department) == (person, department)
    assert who.roles == {Role.CATALOGUER, Role.CURATOR}
    assert who.agent.name == f"key:{who.key_id}"
    assert who.agent.person_id == person


def test_another_secret_does_not_prove(town: World) -> None:
    one, other = split_key(town.a_key("operator")), split_key(town.a_key("operator"))
    assert one is not None
    assert other is not None
    for wrong in (f"cat_{one.id}_{other.secret}", f"cat_{'a' * 12}_{one.secret}", "nonsense"):
        with pytest.raises(NotAuthenticated):
            proved(town, wrong)


def test_a_key_ends(town: World) -> None:
    with pytest.raises(NotAuthenticated):
        proved(town, town.a_key("operator", valid_for=timedelta(seconds=0)))
    proved(town, town.a_key("operator", valid_for=timedelta(seconds=30)))


def test_a_key_is_revoked_at_once_and_once(town: World) -> None:
    key, operator = town.a_key("operator"), town.someone("operator")
    parts = split_key(key)
    assert parts is not None
    proved(town, key)
    for _ in range(2):
        with town.api.transaction() as db:
            revoke_key(db, operator, parts.id)
    with pytest.raises(NotAuthenticated):
        proved(town, key)
    told = "SELECT count(*) FROM events WHERE kind = 'x:key-revoked' AND agent = :a"
    assert town.find(told, a=operator.agent.name) == [(1,)]


def test_a_key_of_another_department_is_not_revoked(town: World) -> None:
    mine, theirs = town.a_department(), town.a_department()
    key = split_key(town.a_key("registrar", department=theirs))
    operator = town.someone("operator", department=mine)
    assert key is not None
    for key_id in (key.id, "a" * 12):
        with pytest.raises(NoSuchResource, match="There is no key"), town.api.transaction() as db:
            revoke_key(db, operator, key_id)
    proved(town, str(key))


@pytest.mark.parametrize("role", sorted(set(Role) - CITYWIDE))
def test_who_acts_for_a_department_names_it(town: World, role: Role) -> None:
    with pytest.raises(Malformed, match="name it in `department`"):
        town.a_key(role)
    with pytest.raises(IntegrityError, match="ck_api_keys_scope"):
        town.find(
            "INSERT INTO api_keys (id, secret_sha256, person_id, roles, expires_at, event_id)"
            " SELECT :id, sha256(''), p.id, ARRAY[:role], now(), p.event_id FROM persons p LIMIT 1",
            "catalogue_api",
            id=uuid4().hex,
            role=role.value,
        )


def test_a_key_is_for_somebody_who_is_there(town: World) -> None:
    with pytest.raises(NoSuchResource, match="no person"):
        town.a_key("operator", person=uuid4())
    with pytest.raises(NoSuchResource, match="no department"):
        town.a_key("registrar", department="nowhere")


def test_a_department_is_added_once(town: World) -> None:
    code = town.a_department()
    facts: Any = {"label": {"en": code.title()}, "policy_id": None, "body_kind": "other"}
    with town.api.transaction() as db:
        _, new = add_department(db, AGENT, code=code, **facts)
        assert not new
    with pytest.raises(DepartmentTaken), town.api.transaction() as db:
        add_department(db, AGENT, code=code, **(facts | {"label": {"en": "Another"}}))


@pytest.mark.parametrize("kind", BODY_KINDS)
def test_the_database_knows_every_kind_of_body(town: World, kind: BodyKind) -> None:
    code = town.a_department(body_kind=kind)
    assert town.find("SELECT body_kind FROM departments WHERE code = :c", c=code) == [(kind,)]


def test_a_department_is_not_added_again_as_another_kind_of_body(town: World) -> None:
    code = town.a_department(body_kind="charity")
    facts: Any = {"label": {"en": code.title()}, "policy_id": None, "body_kind": "university"}
    with pytest.raises(DepartmentTaken), town.api.transaction() as db:
        add_department(db, AGENT, code=code, **facts)


def become_university(db: Session, code: str, told: Event) -> None:
    """Change the kind of a department's body, with this event for it."""
    event_id = record(db, AGENT, told)
    asked = update(DepartmentRow).where(DepartmentRow.code == code)
    db.execute(asked.values(body_kind="university", body_kind_event_id=event_id))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("x:department-added", "university"), ("x:body-kind-stated", "charity")],
    ids=["an event of another kind", "an event that says another"],
)
def test_only_an_event_that_states_it_changes_a_kind_of_body(
    town: World, kind: str, said: str
) -> None:
    code = town.a_department(body_kind="other")
    told = Event(kind, {"body_kind": said}, department=code)
    with (
        pytest.raises(IntegrityError, match="states this kind of body"),
        town.api.transaction() as db,
    ):
        become_university(db, code, told)


def test_a_key_given_over_http_is_shown_once(town_api: httpx2.Client, town: World) -> None:
    operator = town.headers("operator")
    person = town_api.post("/v1/persons", json={"name": "陳小明"}, headers=operator).json()["id"]
    asked = {"person_id": person, "roles": ["auditor"], "valid_days": 1}
    given = town_api.post("/v1/api-keys", json=asked, headers=operator)
    assert given.status_code == 201
    key = given.json()["key"]
    listed = town_api.get("/v1/api-keys", headers=operator)
    assert key.split("_", 2)[2] not in listed.text
    assert [one["person"] for one in listed.json()["items"] if one["id"] == given.json()["id"]] == [
        "陳小明"
    ]
    holder = {"Authorization": f"Bearer {key}"}
    assert town_api.get("/v1/departments", headers=holder).status_code == 200
    revoked = town_api.post(f"/v1/api-keys/{given.json()['id']}/revoke", headers=operator)
    assert revoked.status_code == 204
    assert town_api.get("/v1/departments", headers=holder).status_code == 401


def test_operators_of_one_department_do_not_give_keys_for_another(
    town_api: httpx2.Client, town: World
) -> None:
    """Otherwise the operator of one department makes themselves the operator of all."""
    mine, theirs = town.a_department(), town.a_department()
    operator = town.headers("operator", department=mine)
    person = str(town.a_person())
    for scope in ({"department": theirs}, {}):
        asked = {"person_id": person, "roles": ["operator"], **scope}
        answer = town_api.post("/v1/api-keys", json=asked, headers=operator)
        assert answer.status_code in {403, 404}, f"{scope}: {answer.status_code}"
    asked = {"person_id": person, "roles": ["operator"], "department": mine}
    assert town_api.post("/v1/api-keys", json=asked, headers=operator).status_code == 201


def test_giving_a_key_needs_an_operator(town: World) -> None:
    person = town.a_person()
    with town.api.transaction() as db:
        key = give_key(
            db,
            AGENT,
            person_id=person,
            roles=[Role.AUDITOR],
            department=None,
            valid_for=timedelta(days=1),
        )
    assert proved(town, str(key)).department is None


def test_a_department_added_again_is_there_already(town_api: httpx2.Client, town: World) -> None:
    operator = town.headers("operator")
    facts = {"code": "twice-added", "label": {"en": "Twice"}, "body_kind": "charity"}
    answers = [town_api.post("/v1/departments", json=facts, headers=operator) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
