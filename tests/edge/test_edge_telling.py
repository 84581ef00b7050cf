"""What a request leaves behind: one line without secrets, a count, and a trace id."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from world import World

from app.kit import metrics

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    written = [one.msg for one in caplog.records if one.name == "app.requests"]
    # What the product's own set-up of logs hands to its formatter is not written out yet.
    return [one if isinstance(one, dict) else json.loads(one) for one in written]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("DEBUG")
    return caplog


def test_a_request_leaves_one_line(
    town_api: httpx2.Client, town: World, told: pytest.LogCaptureFixture
) -> None:
    asset = town.an_asset()
    key = town.a_key("auditor")
    told.clear()
    answer = town_api.get(f"/v1/assets/{asset}", headers={"Authorization": f"Bearer {key}"})
    [line] = lines(told)
    assert line.pop("duration_ms") > 0
    assert (
        line.items()
        >= {
            "event": "request",
            "method": "GET",
            "route": "/v1/assets/{asset_id}",
            "status": 200,
            "key_id": key.split("_")[1],
        }.items()
    )
    assert answer.headers["X-Trace-Id"]
    town_api.get("/nowhere")
    assert lines(told)[-1]["route"] == "(none)"


def test_no_secret_and_no_words_of_a_request_are_logged(
    api: httpx2.Client, world: World, told: pytest.LogCaptureFixture
) -> None:
    key = world.a_key("operator")
    secret = key.split("_", 2)[2]
    encoded = b64encode(f"operator:{key}".encode()).decode()
    manners = [
        *(f"Bearer {key}", f"bearer {key}", f"Bearer  {key}", f"Bearer: {key}", f"Bearer {key}x"),
        *(key, f"Token {key}", f"Basic {encoded}", f"Bearer {key}, Bearer {key}", f'"{key}"'),
        f"Bearer {key.upper()}",
    ]
    given = ""
    for manner in manners:
        sent = {"Authorization": manner, "X-Api-Key": key, "Cookie": f"key={key}"}
        api.get(f"/v1/assets?source_system=unutterable&key={quote(key)}", headers=sent)
        api.get(f"/v1/{quote(key)}", headers=sent)
        answer = api.post("/v1/persons", json={"name": "unutterable", "key": key}, headers=sent)
        assert secret not in answer.text
        sent |= {"Idempotency-Key": manner}
        api.post("/v1/persons", json={"name": "unutterable"}, headers=sent)
    person = str(world.a_person())
    body = {"person_id": person, "roles": ["auditor"]}
    headers = {"Authorization": f"Bearer {key}"}
    given = api.post("/v1/api-keys", json=body, headers=headers).json()["key"].split("_", 2)[2]
    world.find("ALTER TABLE persons RENAME COLUMN name TO words", "catalogue_owner")
    broken = api.post("/v1/persons", json={"name": "unutterable"}, headers=headers)
    assert broken.status_code == 500
    ours = [one for one in told.records if not one.name.startswith(("httpx", "httpcore"))]
    written = "\n".join(one.getMessage() for one in ours)
    assert len(lines(told)) >= 4 * len(manners)
    assert "unforeseen" in written
    for word in (secret, secret.upper(), encoded, given, "unutterable"):
        assert word not in written


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", True),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-00f067aa0ba902b7", False),
        ("\u201c", False),
        ("x" * 1000, False),
    ],
)
def test_a_callers_trace_goes_on(town_api: httpx2.Client, sent: str, taken: bool) -> None:
    answer = town_api.get("/nowhere", headers=[(b"traceparent", sent.encode())])
    assert (answer.headers["X-Trace-Id"] == TRACE) is taken
    assert answer.json()["trace_id"] == answer.headers["X-Trace-Id"]
    assert len(answer.headers["X-Trace-Id"]) == 32


# -- figures ---------------------------------------------------------------------------------------


def figures(api: httpx2.Client) -> dict[str, float]:
    answer = api.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    rows = [line.rpartition(" ") for line in answer.text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in rows}


def readings(seen: dict[str, float]) -> float:
    return sum(value for name, value in seen.items() if name.startswith("catalogue_readings{"))


def test_figures_tell_what_waits_and_what_became_of_it(api: httpx2.Client, world: World) -> None:
    asset = world.an_asset()
    seen = figures(api)
    waiting = [name for name in seen if name.startswith("catalogue_jobs{")]
    assert all('status="todo"' in name for name in waiting)
    assert [name for name in waiting if 'task="readings.' in name]
    assert seen["catalogue_oldest_waiting_job_seconds"] > 0
    assert api.get("/readyz").json()["oldest_waiting_job_seconds"] > 0
    assert seen["catalogue_events_unnumbered"] > 0
    assert seen["catalogue_database_up"] == 1
    assert seen["process_resident_memory_bytes"] > 1e6
    world.work()
    after = figures(api)
    assert readings(after) == 1
    assert after["catalogue_events_unnumbered"] == 0
    assert world.find("SELECT 1 FROM readings WHERE asset_id = :a", a=asset)


def test_many_readings_are_estimated_and_not_counted(
    api: httpx2.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.an_asset()
    world.work()
    monkeypatch.setattr("app.readings.metrics.MOST_COUNTED", 1)
    world.find("ANALYZE readings", "catalogue_owner")
    assert readings(figures(api)) == 3
    world.find("UPDATE pg_class SET reltuples = 3e6 WHERE relname = 'readings'", "postgres")
    assert readings(figures(api)) == 3e6


def test_requests_are_counted_by_template(town_api: httpx2.Client, town: World) -> None:
    headers = town.headers("auditor")
    for _ in range(3):
        town_api.get("/v1/assets/00000000-0000-7000-8000-000000000001", headers=headers)
        town_api.get("/v1/assets/00000000-0000-7000-8000-000000000002", headers=headers)
    name = '{method="GET",route="/v1/assets/{asset_id}",status="404"}'
    seen = figures(town_api)
    assert seen[f"catalogue_http_requests_total{name}"] >= 6
    assert not [name for name in seen if "00000000-0000" in name]
    for number in range(20):
        town_api.request(f"WEIRD{number}", "/v1/assets")
        town_api.get(f"/nowhere/{number}")
    fewer = [name for name in figures(town_api) if name.startswith("catalogue_http_requests_total")]
    assert not [name for name in fewer if "WEIRD" in name or "nowhere" in name]


def test_without_a_database_the_process_still_tells_of_itself(
    api: httpx2.Client, world: World
) -> None:
    world.find("REVOKE SELECT ON events FROM catalogue_api", "catalogue_owner")
    seen = figures(api)
    assert seen["catalogue_database_up"] == 0
    assert seen["process_resident_memory_bytes"] > 1e6


def test_the_version_is_told(town_api: httpx2.Client, town: World) -> None:
    found = town_api.get("/v1/version").json()
    [[revision]] = town.find("SELECT version_num FROM alembic_version")
    assert found["revision"] == revision
    assert found["version"]


def test_labels_are_few() -> None:
    metrics.count_request("NONSENSE", "(none)", 404, 0.1)
    series = [s for family in metrics.REQUESTS.collect() for s in family.samples]
    assert not [s for s in series if s.labels.get("method") == "NONSENSE"]
