"""What the room answers over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.kit.db import unit_of_work
from app.kit.problems import install_problems
from app.policies.documents import parse_policy
from app.policies.packaged import packaged_documents
from app.policies.routes import router
from app.policies.service import load_packaged


@pytest.fixture
def client(db: Session) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(router)
    install_problems(app)
    app.dependency_overrides[unit_of_work] = lambda: db
    load_packaged(db)
    with TestClient(app) as client:
        yield client


def test_the_policies_in_force_are_listed_by_name(client: TestClient) -> None:
    page = client.get("/v1/policies").json()
    ids = [item["id"] for item in page["items"]]
    assert ids == sorted(ids)
    assert {"hk-city-default", "hk-film-archive", "newsroom"} <= set(ids)
    film = page["items"][ids.index("hk-film-archive")]
    assert film["extends"] == "hk-city-default@1.0.0"
    assert film["status"] == "example"
    assert film["label"]["zh-Hant"] == "電影資料館附加標準(較嚴)"


def test_a_listed_policy_carries_the_document_as_recorded(client: TestClient) -> None:
    items = client.get("/v1/policies").json()["items"]
    (city,) = [item for item in items if item["id"] == "hk-city-default"]
    assert city["document"] == packaged_documents()[0]
    assert parse_policy(city["document"]).header.version == city["version"]


def test_policies_come_a_page_at_a_time(client: TestClient) -> None:
    first = client.get("/v1/policies", params={"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == ["hk-city-default"]
    second = client.get("/v1/policies", params={"limit": 1, "cursor": first["next"]}).json()
    assert [item["id"] for item in second["items"]] == ["hk-film-archive"]


def test_versions_of_one_policy_are_listed(client: TestClient) -> None:
    page = client.get("/v1/policies/newsroom/versions").json()
    assert [item["version"] for item in page["items"]] == ["1.0.0"]
    assert (page["next"], page["prev"]) == (None, None)


def test_a_policy_that_nobody_recorded_is_not_found(client: TestClient) -> None:
    answer = client.get("/v1/policies/unheard-of/versions")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"
    assert answer.json()["detail"] == "No policy is called unheard-of."


def test_legal_statuses_are_listed_with_their_register(client: TestClient) -> None:
    answer = client.get("/v1/legal-statuses").json()
    assert answer["register_version"]["id"] == "legal-status"
    assert len(answer["items"]) == 14
    (deposit,) = [item for item in answer["items"] if item["code"] == "legal_deposit"]
    assert deposit == {
        "code": "legal_deposit",
        "effect": "forbids",
        "conditions": [],
        "release": None,
        "to": None,
        "label": {
            "en": "Statutory deposit copy",
            "zh-Hant": "法定送存本",
            "zh-Hans": "法定缴存本",
        },
    }


def test_legal_instruments_are_listed_with_wrong_citations(client: TestClient) -> None:
    answer = client.get("/v1/legal-instruments").json()
    privacy = next(item for item in answer["items"] if item["id"] == "hk-cap-486-s26")
    assert privacy["verified"] is None
    assert privacy["applies_to"] == {
        "body_kinds": [],
        "when": {"field": "personal_data_status", "in": ["present", "sensitive"]},
    }
    assert answer["rejected_citations"][0]["cites"] == "Public Records Ordinance, Cap. 480"


def test_retention_schedules_are_listed_with_their_register(client: TestClient) -> None:
    answer = client.get("/v1/retention-schedules").json()
    assert answer["register_version"]["id"] == "retention-schedules"
    listed = {one["id"]: one for one in answer["items"]}
    assert listed.keys() == {"example-event-photographs", "example-works-photographs"}
    events = listed["example-event-photographs"]
    assert (events["duration"], events["action"]) == ("P7Y", "destroy")
    assert events["mandate"] == ["hk-gc-2-2009"]


def test_every_field_of_an_answer_is_required_in_the_contract(client: TestClient) -> None:
    contract = client.get("/openapi.json").json()
    operations = [path["get"]["operationId"] for path in contract["paths"].values()]
    assert operations == [
        "list_policies",
        "list_policy_versions",
        "list_legal_statuses",
        "list_legal_instruments",
        "list_retention_schedules",
    ]
    for name, schema in contract["components"]["schemas"].items():
        if name.endswith("Out"):
            assert set(schema["required"]) == set(schema["properties"]), name
