"""What PostgreSQL sacrifices is done again inside the request, also when it is known at commit."""

import httpx2
import pytest
from world import World

SACRIFICED = """
CREATE SEQUENCE attempts;
GRANT USAGE ON SEQUENCE attempts TO catalogue_api;
CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A sequence counts what a rollback takes back.
  IF nextval('attempts') <= {times} THEN
    RAISE EXCEPTION 'sacrificed' USING ERRCODE = '{state}';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER refuse_some AFTER INSERT ON {table} DEFERRABLE INITIALLY {when}
  FOR EACH ROW EXECUTE FUNCTION refuse_some();
"""
DEPARTMENT = {"code": "parks", "label": {"en": "Parks"}, "body_kind": "other"}


def sacrifice(world: World, *, times: int, table: str = "departments", **how: str) -> None:
    how = {"state": "40P01", "when": "DEFERRED"} | how
    world.find(SACRIFICED.format(times=times, table=table, **how), "catalogue_owner")


def attempts(world: World) -> int:
    [[count]] = world.find("SELECT last_value FROM attempts", "catalogue_owner")
    return int(count)


@pytest.mark.parametrize("state", ["40P01", "40001"])
@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
def test_a_victim_is_done_again_and_once(
    api: httpx2.Client, world: World, state: str, when: str
) -> None:
    headers = world.headers("operator") | {"Idempotency-Key": "k"}
    sacrifice(world, times=2, state=state, when=when)
    answer = api.post("/v1/departments", json=DEPARTMENT, headers=headers)
    assert (answer.status_code, attempts(world)) == (201, 3)
    happened = "SELECT count(*) FROM events WHERE kind = 'x:department-added'"
    assert world.find(happened) == [(1,)]
    assert world.find("SELECT status FROM idempotency_keys") == [(201,)]


def test_the_third_time_is_the_last(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator") | {"Idempotency-Key": "k"}
    sacrifice(world, times=100)
    answer = api.post("/v1/departments", json=DEPARTMENT, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert answer.headers["Retry-After"]
    assert attempts(world) == 3
    assert world.find("SELECT 1 FROM departments") == []
    assert world.find("SELECT 1 FROM idempotency_keys") == []


def test_what_is_no_conflict_is_tried_once(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator")
    sacrifice(world, times=100, state="23514")
    answer = api.post("/v1/departments", json=DEPARTMENT, headers=headers)
    assert (answer.json()["code"], attempts(world)) == ("refused-by-database", 1)


def test_a_body_that_was_streamed_is_gone_and_not_tried_again(
    api: httpx2.Client, world: World
) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    headers["Content-Type"] = "application/x-ndjson"
    sacrifice(world, times=3, table="operations")  # as often as one step of it is done again
    answer = api.post("/v1/imports", content=b"{}\n", headers=headers)
    assert (answer.status_code, attempts(world)) == (503, 3)
    again = api.post("/v1/imports", content=b"{}\n", headers=headers)
    assert again.status_code == 202
