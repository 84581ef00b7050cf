"""One asset that always fails costs no other its turn, and ends in a queue for people."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid4

import procrastinate
import pytest
from httpx2 import Client
from procrastinate.job_context import JobContext
from sqlalchemy.exc import OperationalError
from working import at_rest, until, working
from world import World, a_while_later

from app.assets.hindrances import BEGUN, in_hand
from app.assets.setting_aside import release
from app.comparisons.tasks import compare_files, compare_what_was_left
from app.fingerprints.tasks import fingerprint_files, fingerprint_what_was_left
from app.kit.fencing import running
from app.kit.jobs import bind, queue
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.provenance.tasks import adopt, adopt_what_was_left, enter_what_was_left
from app.readings.tasks import read_files, read_what_was_left

Do = Callable[[Sequence[UUID]], None]
STAGES: dict[str, tuple[str, Do, Callable[[], None]]] = {
    "readings": ("readings", read_files, read_what_was_left),
    "fingerprints": ("fingerprints", fingerprint_files, fingerprint_what_was_left),
    "comparisons": ("compared", compare_files, compare_what_was_left),
    "provenance": ("provenance_versions", adopt, adopt_what_was_left),
}
POISON = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.asset_id = '{asset}' THEN {deed}; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION poison();
"""
FAILING = "RAISE EXCEPTION 'poison' USING ERRCODE = 'data_exception'"
SHUT_DOWN = "RAISE EXCEPTION 'the database goes away' USING ERRCODE = 'admin_shutdown'"
CURED = "DROP TRIGGER poison ON {}; DROP FUNCTION poison()"
STRIKES = "SELECT stage, strikes FROM hindrances WHERE asset_id = :id"
DUE = "UPDATE hindrances SET due_at = now() WHERE due_at < 'infinity'"
DONE = "SELECT asset_id FROM {} WHERE asset_id = ANY(:ids)"


@contextmanager
def poisoned(world: World, table: str, asset_id: UUID, deed: str = FAILING) -> Iterator[None]:
    """Let the database do something bad with whatever a stage writes about one asset."""
    world.find(POISON.format(asset=asset_id, table=table, deed=deed), "catalogue_owner")
    yield
    world.find(CURED.format(table), "catalogue_owner")


@pytest.mark.parametrize("stage", STAGES)
def test_one_poisoned_asset_costs_its_batch_nothing_and_is_set_aside(
    world: World, stage: str
) -> None:
    table, do, sweep = STAGES[stage]
    store = world.a_source_system()
    assets = [world.an_asset(store, description=f"Tram {n}") for n in range(4)]
    bad = assets[1]
    bind(world.worker)
    for name, (_, before, _) in STAGES.items():
        if name == stage or (name == "provenance" and stage != "provenance"):
            break
        if not (stage == "provenance" and name != "readings"):
            before(assets)
    world.lose_jobs()
    with poisoned(world, table, bad):
        do(assets)
        assert world.find(STRIKES, id=bad) == [(stage, 1)]
        versions = "SELECT asset_id FROM provenance_versions WHERE version = 2"
        done = versions if stage == "provenance" else DONE.format(table)
        found = {row[0] for row in world.find(done, ids=assets)}
        assert found == set(assets) - {bad}
        with a_while_later():
            for _ in range(3):
                world.lose_jobs()
                sweep()
                world.find(DUE)
    [row] = world.find("SELECT stage, strikes, reason FROM set_aside WHERE asset_id = :id", id=bad)
    assert tuple(row) == (stage, 3, "It failed: DataError.")
    told = "SELECT kind FROM events WHERE asset_id = :id AND kind LIKE 'x:set-aside%'"
    assert world.find(told, id=bad) == [("x:set-aside",)]


def test_what_was_recorded_before_a_failure_is_not_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.readings.parcels.MOST_FILES", 2)
    store = world.a_source_system()
    assets = [world.an_asset(store, description=f"Tram {number}") for number in range(7)]
    bind(world.worker)
    with poisoned(world, "readings", assets[3]):
        read_files(assets)
    counted = world.find("SELECT asset_id, count(*) FROM readings GROUP BY 1")
    assert {tuple(row) for row in counted} == {(one, 1) for one in assets if one != assets[3]}
    told = world.find(
        "SELECT count(*) FROM procrastinate_jobs WHERE args->'asset_ids' ? :first"
        " AND task_name = 'fingerprints.fingerprint_assets'",
        first=str(assets[0]),
    )
    assert told == [(1,)]


def test_a_database_that_goes_away_is_no_asset_s_fault(world: World) -> None:
    asset_id = world.an_asset()
    bind(world.worker)
    with (
        poisoned(world, "readings", asset_id, SHUT_DOWN),
        pytest.raises(OperationalError),
    ):
        read_files([asset_id])
    assert world.find(STRIKES, id=asset_id) == []
    with (
        poisoned(world, "readings", asset_id, SHUT_DOWN),
        run_again(),
        pytest.raises(OperationalError),
    ):
        in_hand("readings", [asset_id], lambda ids: read_some_of(world, ids), at_once=1)
    assert world.find(STRIKES, id=asset_id) == [("readings", 0)]


def read_some_of(world: World, ids: Sequence[UUID]) -> None:
    world.find(
        "INSERT INTO readings (asset_id, ordinal, provenance_version, outcome, byte_token,"
        " object_key, size_bytes, tool, tool_version, limited, statements, raw, event_id)"
        " SELECT :id, 1, 1, 'read', '', '', 0, '', '', false, '[]', '', id FROM events LIMIT 1",
        id=ids[0],
    )


@contextmanager
def run_again() -> Iterator[None]:
    """Be in the second run of a job that is held; by hand, so nothing is fenced."""
    job = procrastinate.jobs.Job(
        id=1, queue="default", lock=None, queueing_lock=None, task_name="test", attempts=1
    )
    context = JobContext(app=queue, job=job, start_timestamp=0, abort_reason=lambda: None)
    with pytest.MonkeyPatch.context() as held:
        held.setattr("app.kit.jobs.prove_held", lambda *_, **__: None)
        with running(context):
            yield


def test_what_ends_its_worker_three_times_is_set_aside_and_the_rest_is_done(world: World) -> None:
    store = world.a_source_system()
    bad, good = world.an_asset(store), world.an_asset(store)
    done: list[UUID] = []

    def work(ids: Sequence[UUID]) -> None:
        if bad in ids:
            raise SystemExit  # as near to a kill as a test gets without its own end
        done.extend(ids)

    bind(world.worker)
    with run_again():
        for strikes in (1, 2, 3):
            with pytest.raises(SystemExit):
                in_hand("readings", [bad, good], work, at_once=20)
            assert world.find(STRIKES, id=bad) == [("readings", strikes)]
        in_hand("readings", [bad, good], work, at_once=20)
        in_hand("readings", [bad, good], work, at_once=20)
    assert done == [good, good]
    assert world.find("SELECT asset_id, strikes, reason FROM set_aside") == [(bad, 3, BEGUN)]
    assert world.find(STRIKES, id=good) == []


def test_what_fails_in_three_jobs_that_run_again_is_set_aside_with_its_reason(
    world: World,
) -> None:
    bad = world.an_asset()

    def work(_: Sequence[UUID]) -> None:
        raise ValueError

    bind(world.worker)
    with run_again():
        for strikes in (1, 2, 3):
            in_hand("readings", [bad], work, at_once=20)
            assert world.find(STRIKES, id=bad) == [("readings", strikes)]
    told = world.find("SELECT asset_id, strikes, reason FROM set_aside")
    assert told == [(bad, 3, "It failed: ValueError.")]


def test_a_strike_outlives_the_worker_that_was_killed_with_the_asset_in_hand(
    world: World,
) -> None:
    asset_id = world.an_asset()
    world.find("UPDATE procrastinate_jobs SET attempts = 1", "catalogue_owner")
    with poisoned(world, "readings", asset_id, "PERFORM pg_sleep(1)"):
        with working(world, "killed") as killed:
            sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            until(lambda: world.find(sleeping))
            killed.ended(signal.SIGKILL)
        assert world.find(STRIKES, id=asset_id) == [("readings", 1)]
        until(lambda: not world.find(sleeping))
    with working(world, "other"):
        until(lambda: at_rest(world))
    assert world.find("SELECT count(*) FROM readings") == [(1,)]
    assert world.find(STRIKES, id=asset_id) == []


# -- the queue for people ------------------------------------------------------------------------


@pytest.fixture
def aside(world: World) -> UUID:
    """An asset that failed three times in reading."""
    asset_id = world.an_asset()
    bind(world.worker)
    with poisoned(world, "readings", asset_id):
        for _ in range(3):
            read_files([asset_id])
    world.lose_jobs()
    return asset_id


def test_people_see_what_was_set_aside_and_put_it_back_to_work(
    world: World, api: Client, aside: UUID
) -> None:
    [[department]] = world.find("SELECT department FROM assets WHERE id = :id", id=aside)
    manager = world.headers("records_manager", department=department)
    [item] = api.get("/v1/set-aside", headers=manager).json()["items"]
    assert (item["asset_id"], item["stage"], item["strikes"]) == (str(aside), "readings", 3)
    judged = api.get(f"/v1/assets/{aside}/eligibility", headers=manager).json()
    assert judged["status"] == "not_assessed"
    assert "processing:struck_out" in judged["reasons"]
    [rule] = [r for r in judged["rules"] if r["reason"] == "processing:struck_out"]
    assert "release" in rule["mend"]["en"]
    read_files([aside])
    assert world.find("SELECT count(*) FROM readings") == [(0,)], "it waits for people"
    path = f"/v1/set-aside/{item['id']}/release"
    assert api.post(path, headers=manager, json={}).status_code == 422
    for _ in range(2):
        answer = api.post(path, headers=manager, json={"reason": "The file was mended."})
        assert answer.status_code == 200
        assert answer.json()["released_at"] is not None
    assert api.get("/v1/set-aside", headers=manager).json()["items"] == []
    told = "SELECT count(*) FROM events WHERE kind = 'x:set-aside-released' AND asset_id = :id"
    assert world.find(told, id=aside) == [(1,)]
    bind(world.worker)
    read_what_was_left()
    assert world.find("SELECT count(*) FROM readings") == [(1,)]
    reasons = api.get(f"/v1/assets/{aside}/eligibility", headers=manager).json()["reasons"]
    assert "processing:struck_out" not in reasons


def test_another_department_neither_sees_nor_releases_it(
    world: World, api: Client, aside: UUID
) -> None:
    stranger = world.headers("records_manager", department=world.a_department())
    assert api.get("/v1/set-aside", headers=stranger).json()["items"] == []
    [[set_aside]] = world.find("SELECT id FROM set_aside")
    path, why = f"/v1/set-aside/{set_aside}/release", {"reason": "Mine."}
    assert api.post(path, headers=stranger, json=why).status_code == 404
    city = world.headers("operator")
    assert len(api.get("/v1/set-aside", headers=city).json()["items"]) == 1
    assert api.post(f"/v1/set-aside/{uuid4()}/release", headers=city, json=why).status_code == 404
    assert api.post(path, headers=city, json=why).status_code == 200


def test_seeing_and_releasing_ask_for_their_roles(world: World, api: Client, aside: UUID) -> None:
    [[set_aside]] = world.find("SELECT id FROM set_aside")
    path, why = f"/v1/set-aside/{set_aside}/release", {"reason": "So."}
    assert api.get("/v1/set-aside", headers=world.headers("dashboard")).status_code == 403
    assert api.post(path, headers=world.headers("auditor"), json=why).status_code == 403
    assert len(world.find("SELECT 1 FROM hindrances WHERE due_at = 'infinity'")) == 1


def test_a_series_is_not_done_while_one_of_its_records_failed_and_waits(world: World) -> None:
    store = world.a_source_system()
    bad, good = world.an_asset(store), world.an_asset(store)
    caller = world.someone("records_manager", department=store.department)
    with world.api.transaction() as db:
        series = series_for(db, caller, "source-system", store.code)
        state_for_series(db, caller, series, Change([Assertion("custodian", "Unit 3")]))
    world.lose_jobs()
    bind(world.worker)
    heads = "SELECT asset_id FROM provenance_heads WHERE version = 2"
    with poisoned(world, "provenance_versions", bad), a_while_later():
        for state in ("waiting", "waiting", "done"):
            enter_what_was_left()
            assert world.find("SELECT state FROM operations") == [(state,)]
            assert world.find(heads) == [(good,)]
            world.find(DUE)
    [[waiting]] = world.find("SELECT id FROM set_aside WHERE asset_id = :id", id=bad)
    with world.api.transaction() as db:
        release(db, caller, waiting, "Mended.")
    enter_what_was_left()
    assert {row[0] for row in world.find(heads)} == {bad, good}
    assert world.find("SELECT * FROM hindrances") == []
