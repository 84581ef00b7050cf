"""By real HTTP: what the database refuses at commit reaches the client, and so does every problem.

FastAPI's default scope answers 201 first and commits afterwards (trap 1); a transport inside the
process would not show it.
"""

import json
import socket
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from world import World

MALFORMED = "malformed-request"
REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'too late' USING ERRCODE = 'check_violation', CONSTRAINT = 'refused_at_commit';
END $$;
CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION refuse_late();
"""
DEPARTMENT = {"code": "parks", "label": {"en": "Parks"}, "body_kind": "other"}


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Return a problem's body after checking what every problem says."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"] == str(response.request.url.join(f"/problems/{code}"))
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["errors"], list)
    assert body["trace_id"] == response.headers["X-Trace-Id"]
    return body


# -- commit before the answer leaves ---------------------------------------------------------------


def test_what_is_refused_at_commit_reaches_the_client(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator")
    world.find(REFUSE_AT_COMMIT.format(table="departments"), "catalogue_owner")
    events = world.find("SELECT count(*) FROM events")
    answer = api.post("/v1/departments", json=DEPARTMENT, headers=headers)
    assert "refused_at_commit" in problem(answer, 409, "refused-by-database")["detail"]
    assert world.find("SELECT code FROM departments") == []
    assert world.find("SELECT count(*) FROM events") == events


def test_a_registration_refused_at_commit_leaves_nothing(api: httpx2.Client, world: World) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    world.find(REFUSE_AT_COMMIT.format(table="provenance_heads"), "catalogue_owner")
    answer = api.post("/v1/assets", json=registration(system.code), headers=headers)
    problem(answer, 409, "refused-by-database")
    counted = "SELECT (SELECT count(*) FROM assets), (SELECT count(*) FROM procrastinate_jobs)"
    assert world.find(counted) == [(0, 0)]


def test_what_was_answered_is_stored_when_the_answer_is_there(
    town_api: httpx2.Client, town: World
) -> None:
    system = town.a_source_system()
    headers = town.headers("registrar", department=system.department)
    for number in range(10):
        said = registration(system.code, str(number))
        answer = town_api.post("/v1/assets", json=said, headers=headers)
        assert answer.status_code == 201
        asset_id = answer.json()["asset_id"]
        assert town.find("SELECT 1 FROM assets WHERE id = :a", a=asset_id)
        assert town.find("SELECT 1 FROM events WHERE asset_id = :a AND kind = 'ing'", a=asset_id)


def registration(system: str, name: str = "one") -> dict[str, Any]:
    return {
        "source_system": system,
        "source_identifier": name,
        "location": f"{name}.jpg",
        "original_name": f"{name}.jpg",
        "legal_status": ["institution_owned_non_record"],
    }


# -- who asks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer cat_{'a' * 12}_{'b' * 43}"},
        {"Authorization": "Basic b3BlcmF0b3I6b3BlcmF0b3I="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/assets", "/v1/departments", "/v1/policies"])
def test_without_a_key_that_holds(
    town_api: httpx2.Client, path: str, headers: dict[str, str]
) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = town_api.get(path, headers=raw)
    problem(answer, 401, "not-authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_was_not_given_for_this(town_api: httpx2.Client, town: World) -> None:
    department = town.a_department()
    headers = town.headers("auditor", department=department)
    answer = town_api.post("/v1/departments", json=DEPARTMENT, headers=headers)
    assert "operator" in problem(answer, 403, "role-missing")["detail"]


ASSET_PATHS = ("", "/provenance", "/provenance/versions", "/readings", "/fingerprints", "/events")


@pytest.mark.parametrize("below", [*ASSET_PATHS, "/eligibility", "/likenesses"])
def test_another_departments_asset_looks_like_none(
    town_api: httpx2.Client, town: World, below: str
) -> None:
    theirs = town.an_asset()
    headers = town.headers("auditor", department=town.a_department())
    told = [
        problem(town_api.get(f"/v1/assets/{asset}{below}", headers=headers), 404, "not-found")
        for asset in (theirs, uuid4())
    ]
    for body in told:
        body.pop("trace_id")
    there, nowhere = (json.dumps(body) for body in told)
    assert there.replace(str(theirs), "") == nowhere.replace(nowhere_id(nowhere), "")
    city = town.headers("auditor")
    assert town_api.get(f"/v1/assets/{theirs}{below}", headers=city).status_code == 200


def nowhere_id(text: str) -> str:
    """Return the asset id that a refusal names."""
    detail: str = json.loads(text)["detail"]
    return detail.removeprefix("There is no asset ").rstrip(".")


def test_another_departments_asset_is_not_changed(town_api: httpx2.Client, town: World) -> None:
    theirs = town.an_asset()
    headers = town.headers("records_manager", department=town.a_department())
    change = {"assert": [{"field": "title", "value": "Mine"}]}
    for asset in (theirs, uuid4()):
        answer = town_api.patch(
            f"/v1/assets/{asset}/provenance", json=change, headers={**headers, "If-Match": '"1"'}
        )
        problem(answer, 404, "not-found")
    version = "SELECT max(version) FROM provenance_versions WHERE asset_id = :a"
    assert town.find(version, a=theirs) == [(1,)]


# -- what was asked --------------------------------------------------------------------------------


def test_nothing_there(town_api: httpx2.Client, town: World) -> None:
    problem(town_api.get("/v1/nothing"), 404, "not-found")
    problem(town_api.get("/nothing"), 404, "not-found")
    problem(
        town_api.get(f"/v1/operations/{uuid4()}", headers=town.headers("auditor")), 404, "not-found"
    )


def test_a_method_that_is_not_known_here(town_api: httpx2.Client) -> None:
    answer = town_api.put("/v1/departments")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"]


def test_nothing_is_deleted_by_address(town_api: httpx2.Client, town: World) -> None:
    asset = town.an_asset()
    answer = town_api.delete(f"/v1/assets/{asset}", headers=town.headers("auditor"))
    detail = problem(answer, 405, "deletion-not-here")["detail"]
    assert "disposal case" in detail
    assert f"/v1/assets/{asset}/eligibility" in detail
    assert "Allow" in answer.headers
    assert town.find("SELECT 1 FROM assets WHERE id = :a", a=asset)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"code": "parks"}, "/label"),
        ({"code": "Not A Code", "label": {"en": "x"}}, "/code"),
        ({"code": "parks", "label": {"xx": "x"}}, "/label"),
        ({"code": "parks", "label": {"en": "x"}}, "/body_kind"),
        (DEPARTMENT | {"body_kind": "company"}, "/body_kind"),
        (DEPARTMENT | {"more": 1}, "/more"),
        (DEPARTMENT | {"label": {"en": "a\0b"}}, "/label/en"),
    ],
)
def test_each_part_that_does_not_fit_is_named(
    town_api: httpx2.Client, town: World, body: dict[str, Any], pointer: str
) -> None:
    answer = town_api.post("/v1/departments", json=body, headers=town.headers("operator"))
    errors = problem(answer, 422, "malformed-request")["errors"]
    assert any(error["pointer"].startswith(pointer) for error in errors), errors
    assert all(error["detail"] for error in errors)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"code": "parks", "label": {"en": NaN}}',
        b"[" * 20_000,
        b'{"code": "parks", "label": {"en": "\\ud800"}}',
        b'{"code": "parks", "label": {"en": "\\u0000"}}',
        b'{"code": "parks", "label": {"en": "\xed\xa0\x80"}}',
        b'{"\\ud800": 1}',
    ],
)
def test_a_body_that_cannot_be_read(town_api: httpx2.Client, town: World, body: bytes) -> None:
    headers = town.headers("operator") | {"Content-Type": "application/json"}
    answer = town_api.post("/v1/departments", content=body, headers=headers)
    problem(answer, 422, "malformed-request")
    assert not town.find("SELECT 1 FROM departments WHERE code = 'parks'")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "a\\udfffb"])
@pytest.mark.parametrize("field", ["source_identifier", "location", "original_name"])
def test_text_that_cannot_be_stored_is_refused(
    town_api: httpx2.Client, town: World, field: str, text: str
) -> None:
    system = town.a_source_system()
    headers = town.headers("registrar", department=system.department)
    said = json.dumps(registration(system.code) | {field: "MARK"}).replace("MARK", text)
    headers |= {"Content-Type": "application/json"}
    answer = town_api.post("/v1/assets", content=said.encode(), headers=headers)
    problem(answer, 422, answer.json()["code"] if field == "location" else MALFORMED)


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_a_statement_that_cannot_be_stored_is_refused(
    town_api: httpx2.Client, town: World, text: str
) -> None:
    asset = town.an_asset()
    [[department]] = town.find("SELECT department FROM assets WHERE id = :a", a=asset)
    headers = town.headers("cataloguer", department=department)
    headers |= {"If-Match": '"1"', "Content-Type": "application/json"}
    for value in (f'"{text}"', f'{{"key": "{text}"}}', f'{{"{text}": 1}}', f'["{text}"]'):
        said = f'{{"assert": [{{"field": "title", "value": {value}}}]}}'
        answer = town_api.patch(
            f"/v1/assets/{asset}/provenance", content=said.encode(), headers=headers
        )
        problem(answer, 422, "malformed-request")


def test_addresses_that_cannot_be_stored(town_api: httpx2.Client, town: World) -> None:
    headers = town.headers("auditor")
    for query in ("source_system=%00", "department=a%00b", "missing=%00", "limit=0", "limit=x"):
        problem(town_api.get(f"/v1/assets?{query}", headers=headers), 422, "malformed-request")
    problem(town_api.get("/v1/assets?cursor=forged", headers=headers), 400, "cursor-unknown")
    problem(town_api.get("/v1/assets/not-a-uuid", headers=headers), 422, "malformed-request")
    answer = town_api.post("/v1/api-keys/%00/revoke", headers=town.headers("operator"))
    assert answer.status_code in {404, 422}


def test_an_address_that_is_no_text(town_api: httpx2.Client, town: World) -> None:
    """Sent byte for byte, since a client would mend it."""
    [name, value] = next(iter(town.headers("auditor").items()))
    place = urlsplit(str(town_api.base_url))
    for query in (b"department=%ff%fe", b"department=\xed\xa0\x80"):
        with socket.create_connection((place.hostname, place.port), timeout=10) as sent:
            request = (
                b"GET /v1/assets?%b HTTP/1.1\r\nHost: x\r\n%b: %b\r\nConnection: close\r\n\r\n"
            )
            sent.sendall(request % (query, name.encode(), value.encode()))
            with sent.makefile("rb") as answer:
                status = answer.readline()
        assert status.split()[1] in {b"200", b"400", b"422"}, status


def test_a_change_says_what_it_was_made_against(town_api: httpx2.Client, town: World) -> None:
    asset = town.an_asset()
    [[department]] = town.find("SELECT department FROM assets WHERE id = :a", a=asset)
    headers = town.headers("cataloguer", department=department)
    change = {"assert": [{"field": "title", "value": "A tram"}]}
    path = f"/v1/assets/{asset}/provenance"
    problem(town_api.patch(path, json=change, headers=headers), 428, "revision-required")
    stale = town_api.patch(path, json=change, headers={**headers, "If-Match": '"7"'})
    problem(stale, 412, "revision-stale")
    done = town_api.patch(path, json=change, headers={**headers, "If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"][:3]) == (200, '"2.')


def test_a_place_is_written_as_the_caller_wrote_it(town_api: httpx2.Client, town: World) -> None:
    asset = town.an_asset()
    [[department]] = town.find("SELECT department FROM assets WHERE id = :a", a=asset)
    headers = town.headers("cataloguer", department=department) | {"If-Match": '"1"'}
    change = {"assert": [{"field": "title", "value": "x" * 30_000, "evidence": "x" * 3_000}]}
    answer = town_api.patch(f"/v1/assets/{asset}/provenance", json=change, headers=headers)
    told = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert told == {
        "/assert/0/value": "must hold at most 20000 characters",
        "/assert/0/evidence": "String should have at most 2000 characters"
        ", or: Input should be a valid list",
    }


def test_every_problem_explains_itself(town_api: httpx2.Client) -> None:
    for code in ("not-found", "refused-by-database", "malformed-request", "not-authenticated"):
        page = town_api.get(f"/problems/{code}")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    problem(town_api.get("/problems/never-heard-of"), 404, "not-found")


def test_a_fault_of_ours_says_its_number_and_nothing_else(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator")
    world.find("ALTER TABLE departments RENAME COLUMN label TO words", "catalogue_owner")
    body = problem(api.get("/v1/departments", headers=headers), 500, "unforeseen")
    assert body["trace_id"] in body["detail"]
    assert "label" not in json.dumps(body)


def test_a_database_that_is_gone_is_said_to_be(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator")
    world.close()
    world.ground.administer(f"ALTER DATABASE {world.database} ALLOW_CONNECTIONS false")
    world.ground.drop(world.database)
    answer = api.get("/v1/departments", headers=headers)
    problem(answer, 503, "database-unavailable")
    assert answer.headers["Retry-After"]
