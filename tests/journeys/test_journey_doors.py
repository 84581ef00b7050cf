"""What a stranger meets first: is it alive, is it ready, what does it promise, what is wrong."""

import pytest
from fastapi.testclient import TestClient
from httpx2 import Client
from world import World

from app.kit.settings import settings
from app.main import create_app


def test_a_process_is_alive_without_asking_anybody(api: Client) -> None:
    assert api.get("/livez").json() == {"status": "alive"}


def test_a_process_is_ready_where_its_database_is_at_its_own_revision(
    api: Client, world: World
) -> None:
    found = api.get("/readyz").json()
    [[revision]] = world.find("SELECT version_num FROM alembic_version")
    nothing_waits = {"oldest_waiting_job_seconds": None}
    assert found == {"status": "ready", "revision": revision} | nothing_waits
    older = "UPDATE alembic_version SET version_num = 'older'"
    world.ground.administer(older, database=world.database)
    late = api.get("/readyz")
    assert (late.status_code, late.json()["code"]) == (503, "database-unavailable")
    assert "catalogue db upgrade" in late.json()["detail"]


def test_the_contract_names_our_problems_and_is_shown_from_our_own_files(api: Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    assert "Problem" in schemas
    assert "HTTPValidationError" not in schemas
    page = api.get("/docs")
    assert "/docs-assets/" in page.text
    assert "https://" not in page.text
    assert api.get("/docs-assets/swagger-ui.css").status_code == 200


def test_the_bare_address_leads_to_the_contract(api: Client) -> None:
    page = api.get("/", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/docs")


def test_every_problem_has_a_page_and_other_addresses_have_none(api: Client) -> None:
    assert "<code>not-found</code>" in api.get("/problems/not-found").text
    for path in ("/problems/unheard-of", "/nowhere"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert answer.headers["content-type"] == "application/problem+json"
    assert api.delete("/livez").json()["code"] == "method-not-allowed"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b'{"department": "\\ud800"}'])
def test_what_cannot_be_read_is_malformed(api: Client, world: World, body: bytes) -> None:
    key = world.headers("operator") | {"Content-Type": "application/json"}
    answer = api.post("/v1/departments", content=body, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-request")


def test_a_process_opens_the_database_that_it_was_told_of_and_closes_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALOGUE_DATABASE_URL", world.urls("catalogue_api"))
    settings.cache_clear()
    with TestClient(create_app()) as client:
        assert client.get("/readyz").json()["status"] == "ready"
    settings.cache_clear()
