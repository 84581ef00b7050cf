"""What each role may do, and that a department is all that its keys know of."""

import re
from typing import Any

import httpx2
import pytest
from world import World

from app.main import create_app
from app.people import roles
from app.people.roles import CITYWIDE, Role
from app.policies.packaged import packaged_documents

ID = "00000000-0000-7000-8000-000000000000"

# Method, path, body, and who may; everybody else is answered 403.
MATRIX: list[tuple[str, str, Any, frozenset[Role]]] = [
    ("POST", "/v1/departments", {}, roles.OPERATING),
    ("GET", "/v1/departments", None, roles.COUNTING),
    ("POST", "/v1/departments/x/body-kind", {}, roles.OPERATING),
    ("POST", "/v1/persons", {}, roles.OPERATING),
    ("POST", "/v1/api-keys", {}, roles.OPERATING),
    ("GET", "/v1/api-keys", None, roles.OPERATING),
    ("POST", f"/v1/api-keys/{'a' * 12}/revoke", None, roles.OPERATING),
    ("POST", "/v1/source-systems", {}, roles.OPERATING),
    ("GET", "/v1/source-systems", None, roles.COUNTING),
    ("POST", "/v1/assets", {}, roles.REGISTERING),
    ("GET", "/v1/assets", None, roles.READING),
    ("GET", f"/v1/assets/{ID}", None, roles.READING),
    ("DELETE", f"/v1/assets/{ID}", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/events", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/provenance", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/provenance/versions", None, roles.READING),
    ("PATCH", f"/v1/assets/{ID}/provenance", {}, roles.SPEAKING),
    ("PATCH", "/v1/series/source-system/x/provenance", {}, roles.DESCRIBING),
    ("POST", f"/v1/assets/{ID}/withdraw", {}, roles.WITHDRAWING),
    ("POST", "/v1/rehomings", {}, roles.WITHDRAWING),
    ("POST", "/v1/record-changes", None, roles.DESCRIBING),
    ("POST", "/v1/record-changes/alike", {}, roles.DESCRIBING),
    ("GET", "/v1/series", None, roles.READING),
    ("POST", "/v1/series", {}, roles.DESCRIBING),
    ("GET", f"/v1/assets/{ID}/readings", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/fingerprints", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/likenesses", None, roles.READING),
    ("GET", f"/v1/assets/{ID}/eligibility", None, roles.COUNTING),
    ("GET", "/v1/policies", None, frozenset(Role)),
]


@pytest.fixture(scope="module")
def keys(town: World) -> dict[Role, dict[str, str]]:
    """What a request of each role carries, all of one department."""
    department = town.a_department()
    return {role: town.headers(role, department=department) for role in Role}


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"), MATRIX, ids=[f"{m} {p}" for m, p, _, _ in MATRIX]
)
def test_each_route_lets_its_roles_pass_and_no_other(
    town_api: httpx2.Client,
    keys: dict[Role, dict[str, str]],
    method: str,
    path: str,
    body: dict[str, Any] | None,
    allowed: frozenset[Role],
) -> None:
    for role, headers in keys.items():
        answer = town_api.request(method, path, json=body, headers=headers)
        assert (answer.status_code != 403) == (role in allowed), f"{role}: {answer.text}"
        assert answer.status_code < 500
    assert town_api.request(method, path, json=body).status_code == 401


def test_every_route_needs_a_key(town_api: httpx2.Client) -> None:
    """Also those that nobody has written yet; only health is told to everybody."""
    asked = 0
    for template, methods in create_app().openapi()["paths"].items():
        if not template.startswith("/v1/") or template == "/v1/version":
            continue
        path = re.sub(r"{[^}]*}", ID, template)
        for method in methods.keys() & {"get", "put", "post", "patch", "delete"}:
            answer = town_api.request(method.upper(), path)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            asked += 1
    assert asked >= 20


def test_every_role_that_a_policy_names_is_in_the_register() -> None:
    """But the external authority: it has no key, a records manager records what it agreed to."""
    named = set()
    for document in packaged_documents():
        policy = document.get("disposal", {}), document.get("completeness", {}).get("fields", {})
        named |= {one["role"] for one in policy[0].get("approvals", [])}
        named |= {
            rule["confirmed_by_role"] for rule in policy[1].values() if "confirmed_by_role" in rule
        }
    assert named - {"external_authority"} == {
        *("curator", "conservator", "picture_editor", "records_manager", "legal_officer")
    }
    assert named - {"external_authority"} <= {*Role}


def test_who_signs_reads_and_the_law_gives_no_verdict() -> None:
    for role in (Role.CONSERVATOR, Role.PICTURE_EDITOR, Role.LEGAL_OFFICER):
        assert role in roles.READING & roles.COUNTING
        assert role not in roles.DESCRIBING | roles.WITHDRAWING | roles.TENDING | CITYWIDE
        assert (role in roles.REVIEWING) == (role is not Role.LEGAL_OFFICER)
        assert (role in roles.SPEAKING) == (role is Role.LEGAL_OFFICER)


def codes(api: httpx2.Client, path: str, headers: dict[str, str]) -> set[str]:
    """Read every page of a list."""
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(path, params={"cursor": cursor} if cursor else {}, headers=headers).json()
        found |= {one["code"] for one in page["items"]}
        cursor = page["next"]
    return found


@pytest.mark.parametrize("role", sorted(Role))
def test_departments_and_systems_of_others_are_not_listed(
    town: World, town_api: httpx2.Client, role: Role
) -> None:
    if role not in roles.COUNTING:
        return
    mine, theirs = town.a_source_system(), town.a_source_system()
    headers = town.headers(role, department=mine.department)
    for path, own, other in (
        ("/v1/departments", mine.department, theirs.department),
        ("/v1/source-systems", mine.code, theirs.code),
    ):
        listed = codes(town_api, path, headers)
        assert listed == {own}
        if role in CITYWIDE:
            every = codes(town_api, path, town.headers(role))
            assert {own, other} <= every


def test_assets_of_others_are_not_listed(town: World, town_api: httpx2.Client) -> None:
    mine, theirs = town.a_source_system(), town.a_source_system()
    own, other = town.an_asset(mine), town.an_asset(theirs)
    headers = town.headers("auditor", department=mine.department)
    for query in ("", f"?department={theirs.department}", f"?source_system={theirs.code}"):
        items = town_api.get(f"/v1/assets{query}", headers=headers).json()["items"]
        assert str(other) not in {one["asset_id"] for one in items}
        assert query or [one["asset_id"] for one in items] == [str(own)]


def test_a_copy_is_registered_in_ones_own_systems_only(
    town: World, town_api: httpx2.Client
) -> None:
    theirs = town.a_source_system()
    headers = town.headers("registrar", department=town.a_department())
    said = {
        "source_identifier": "x",
        "location": "x",
        "original_name": "x",
        "legal_status": ["undetermined"],
    }
    told = []
    for system in (theirs.code, "nowhere"):
        answer = town_api.post("/v1/assets", json=said | {"source_system": system}, headers=headers)
        assert answer.status_code == 404
        told.append(answer.json()["detail"].replace(system, ""))
    assert told[0] == told[1]


def test_operators_of_one_department_add_nothing_to_another(
    town: World, town_api: httpx2.Client
) -> None:
    """A storage root is a right to read files: it is not given in another department's name."""
    mine, theirs = town.a_department(), town.a_department()
    headers = town.headers("operator", department=mine)
    folder = town.folder / "taken"
    folder.mkdir(exist_ok=True)
    system = {
        "code": f"taken-{theirs}",
        "department": theirs,
        "label": {"en": "x"},
        "root": f"{folder.as_uri()}/",
        "custody_kind": "department",
        "failure_domain": "x",
        "removable": False,
        "custody_ends_on": "none",
    }
    answer = town_api.post("/v1/source-systems", json=system, headers=headers)
    assert answer.status_code in {403, 404}
    added = {"code": f"new-{mine}", "label": {"en": "x"}, "body_kind": "other"}
    assert town_api.post("/v1/departments", json=added, headers=headers).status_code == 404
