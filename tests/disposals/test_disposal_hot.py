"""The hot reads: what they answer is the statement's, whoever asks, whatever happens meanwhile."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from httpx2 import Client
from psycopg import DataError, OperationalError
from quarter import Quarter
from served import Server

from app.disposals import hot
from app.disposals.answering import explain, written
from app.disposals.eligibility import Question
from app.disposals.hot import Asking
from app.disposals.naming import closed_to
from app.disposals.schemas import EligibilityOut
from app.disposals.service import ask
from app.kit.errors import DatabaseUnavailable
from app.kit.reads import Connection, Reads
from app.people.errors import NotAuthenticated
from app.people.roles import Role
from app.people.service import read_key
from app.provenance.changes import Assertion

BROKEN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND query LIKE '%catalogue.asked%' AND pid <> pg_backend_pid()
"""


@pytest.fixture(scope="module")
def pair(quarter: Quarter) -> tuple[UUID, UUID]:
    """A keeper and its candidate."""
    made = quarter.a_pair()
    quarter.work()
    quarter.complete(*made)
    return made


@pytest.fixture
def question(quarter: Quarter) -> Question:
    """The question of today."""
    with quarter.world.api.transaction() as db:
        return ask(db)


def headers(quarter: Quarter, *roles: str, department: str | None = None) -> dict[str, str]:
    """Return a new key's headers."""
    return quarter.world.headers(*roles, department=department)


def read(api: Client, asset_id: UUID, key: dict[str, str]) -> EligibilityOut:
    """Ask for one asset by HTTP."""
    answer = api.get(f"/v1/assets/{asset_id}/eligibility", headers=key)
    assert answer.status_code == 200, answer.text
    return EligibilityOut.model_validate_json(answer.content)


def in_snapshot(answer: EligibilityOut) -> dict[str, object]:
    """Return an answer without its moment."""
    return answer.model_dump(exclude={"log_index", "as_of"})


def test_the_json_is_what_the_value_says_byte_for_byte(
    quarter: Quarter, pair: tuple[UUID, UUID], question: Question
) -> None:
    quarter.world.an_asset(quarter.one, b"no image", name="words.txt")
    quarter.work()
    rows = quarter.rows(list(quarter.rows()))
    assert {rows[one].status for one in pair} == {"candidate", "retained_keeper"}
    for row, closed in product(rows.values(), (frozenset(), closed_to(frozenset({Role.OPERATOR})))):
        told = explain(question, row, closed)
        assert written(question, row, closed) == told.model_dump_json().encode()


def test_by_http_everyone_is_told_what_the_service_says(
    quarter: Quarter, pair: tuple[UUID, UUID], town_api: Client
) -> None:
    key = headers(quarter, "auditor")
    for asset_id in (*pair, quarter.world.an_asset(quarter.one)):
        assert in_snapshot(read(town_api, asset_id, key)) == in_snapshot(quarter.of(asset_id))


def test_a_revoked_or_ended_key_is_refused_at_the_next_request(
    quarter: Quarter, pair: tuple[UUID, UUID], town_api: Client
) -> None:
    path, world = f"/v1/assets/{pair[0]}/eligibility", quarter.world
    key = world.a_key("auditor")
    mine = {"Authorization": f"Bearer {key}"}
    assert town_api.get(path, headers=mine).status_code == 200
    operator = headers(quarter, "operator")
    ended = town_api.post(f"/v1/api-keys/{key.split('_')[1]}/revoke", headers=operator)
    assert ended.is_success
    assert town_api.get(path, headers=mine).status_code == 401
    over = {"Authorization": f"Bearer {world.a_key('auditor', valid_for=timedelta(seconds=-1))}"}
    other = {"Authorization": f"Bearer cat_{world.a_key('auditor').split('_')[1]}_{'A' * 43}"}
    for refused in (over, other, {"Authorization": "Bearer cat_x"}, {}):
        answer = town_api.get(path, headers=refused)
        assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert town_api.get("/v1/eligibility", headers=refused).status_code == 401


def asking_as(reads: Reads, quarter: Quarter, key: str) -> Asking:
    """Ask over a pool of the test's own."""
    return Asking(reads, quarter.world.api, read_key(key))


def test_what_is_not_proved_to_be_seen_never_reaches_the_judge(
    quarter: Quarter, pair: tuple[UUID, UUID]
) -> None:
    world = quarter.world
    elsewhere = world.a_key("auditor", "cataloguer", department=world.a_department())
    false = f"cat_{world.a_key('auditor').split('_')[1]}_{'B' * 43}"

    async def judged(key: str) -> list[object]:
        async with Reads(world.urls("catalogue_api")) as reads:
            asked = asking_as(reads, quarter, key)
            await hot.learn(asked, None)
            values = hot.values(asked.key, pair)
            _, rows = await reads.run(lambda c: hot.judged(asked.desk.prepared, values, c))
            return rows

    assert asyncio.run(judged(elsewhere)) == []
    assert asyncio.run(judged(false)) == []
    assert asyncio.run(judged(world.a_key("operator"))) != []


WHO = "SELECT current_user, coalesce(current_setting('catalogue.asked', true), '')"


async def who(connection: Connection) -> tuple[object, ...]:
    """Return the role of a connection, and what it was last asked about."""
    row = await (await connection.execute(WHO)).fetchone()
    assert row is not None
    return row


def in_judging_role(statement: str) -> Callable[[Connection], Awaitable[None]]:
    """Make work that enters the judging role and then runs this."""

    async def work(connection: Connection) -> None:
        async with connection.pipeline():
            await connection.execute(hot.JUDGE)
            await connection.execute(statement.encode())

    return work


def test_a_connection_goes_back_without_the_judging_role_whatever_happened(
    quarter: Quarter, pair: tuple[UUID, UUID]
) -> None:
    async def story() -> list[tuple[object, ...]]:
        found = []
        async with Reads(quarter.world.urls("catalogue_api"), most=1) as reads:
            asked = asking_as(reads, quarter, quarter.world.a_key("auditor"))
            assert len(await hot.answers(asked, pair)) == 2
            found.append(await reads.run(who))
            with contextlib.suppress(DataError):
                await reads.run(in_judging_role("SELECT 1/0"))
            found.append(await reads.run(who))
            given_up = asyncio.create_task(reads.run(in_judging_role("SELECT pg_sleep(30)")))
            await asyncio.sleep(0.2)
            given_up.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await given_up
            found.append(await reads.run(who))
            await hot.counts(asked, ["status"])
            found.append(await reads.run(who))
        return found

    assert asyncio.run(story()) == [("catalogue_api", "")] * 4


def test_all_that_a_pipeline_asks_is_of_one_snapshot(quarter: Quarter) -> None:
    snapshot = "SELECT pg_current_snapshot()::text, count(*) FROM persons"

    async def twice(connection: Connection) -> list[object]:
        async with connection.pipeline():
            before = await connection.execute(snapshot)
            await connection.execute("SELECT pg_sleep(0.6)")
            after = await connection.execute(snapshot)
        return [await before.fetchone(), await after.fetchone()]

    async def story() -> list[object]:
        async with Reads(quarter.world.urls("catalogue_api")) as reads:
            asked = asyncio.create_task(reads.run(twice))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(quarter.world.a_person)
            return await asked

    before, after = asyncio.run(story())
    assert before == after


def test_nothing_can_be_written_over_these_connections(quarter: Quarter) -> None:
    async def write(connection: Connection) -> None:
        await connection.execute("CREATE TEMPORARY TABLE t (a int)")

    async def story() -> None:
        async with Reads(quarter.world.urls("catalogue_api")) as reads:
            await reads.run(write)

    with pytest.raises(Exception, match="read-only transaction"):
        asyncio.run(story())


def test_a_lost_connection_is_replaced_and_the_caller_never_knows(
    quarter: Quarter, pair: tuple[UUID, UUID], town_api: Client
) -> None:
    key = headers(quarter, "auditor")
    before = read(town_api, pair[1], key)
    ended = quarter.world.find(BROKEN, "postgres")
    assert (True,) in ended
    assert in_snapshot(read(town_api, pair[1], key)) == in_snapshot(before)


def test_without_a_free_connection_the_answer_is_503_and_says_when_to_come_back(
    quarter: Quarter, pair: tuple[UUID, UUID], server: Server, town_api: Client
) -> None:
    key = headers(quarter, "auditor")
    own = Reads(quarter.world.urls("catalogue_api"), most=1, most_waiting=1)
    usual, server.app.state.reads = server.app.state.reads, own
    taken, done = threading.Event(), threading.Event()

    async def hold() -> None:
        async with own.connection():
            taken.set()
            while not done.is_set():
                await asyncio.sleep(0.01)

    holding = asyncio.run_coroutine_threadsafe(hold(), server.loop)
    assert taken.wait(10)
    answer = town_api.get(f"/v1/assets/{pair[0]}/eligibility", headers=key)
    done.set()
    holding.result(10)
    free = town_api.get(f"/v1/assets/{pair[0]}/eligibility", headers=key)
    server.app.state.reads = usual
    asyncio.run_coroutine_threadsafe(own.close(), server.loop).result(10)
    assert (answer.status_code, answer.json()["code"]) == (503, "database-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert free.status_code == 200


def test_an_absent_database_is_unavailable_and_no_fault(quarter: Quarter) -> None:
    async def story() -> None:
        nowhere = quarter.world.urls("catalogue_api").replace(quarter.world.database, "nowhere")
        async with Reads(nowhere) as reads:
            await hot.answers(asking_as(reads, quarter, quarter.world.a_key("auditor")), [uuid4()])

    with pytest.raises(OperationalError):
        asyncio.run(story())


def test_a_policy_that_comes_into_force_judges_the_very_next_answer(
    quarter: Quarter, town_api: Client
) -> None:
    key = headers(quarter, "auditor")
    asset_id = quarter.world.an_asset(quarter.one)
    before = read(town_api, asset_id, key)
    quarter.world.a_department(policy=quarter.world.a_demo_policy("another-standard"))
    store = quarter.world.a_source_system(quarter.world.a_department(policy="another-standard"))
    other = quarter.world.an_asset(store)
    assert read(town_api, other, key).policy.startswith("another-standard@")
    assert read(town_api, asset_id, key).policy == before.policy


def test_an_edition_that_never_stands_still_is_refused_and_not_guessed(
    quarter: Quarter, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = hot.prepare
    editions = iter(range(100))

    async def story() -> None:
        async with Reads(quarter.world.urls("catalogue_api")) as reads:
            await hot.answers(asking_as(reads, quarter, quarter.world.a_key("auditor")), pair)

    def moving(database: object) -> hot.Prepared:
        found = usual(database)  # type: ignore[arg-type]
        return hot.Prepared(str(next(editions)), found.question, found.dialect, found.text)

    monkeypatch.setattr(hot, "prepare", moving)
    with pytest.raises(DatabaseUnavailable):
        asyncio.run(story())


def test_nothing_is_counted_for_who_is_not_proved(quarter: Quarter) -> None:
    async def story() -> None:
        async with Reads(quarter.world.urls("catalogue_api")) as reads:
            false = f"cat_{'a' * 12}_{'C' * 43}"
            await hot.counts(asking_as(reads, quarter, false), ["status"])

    with pytest.raises(NotAuthenticated):
        asyncio.run(story())


UNNUMBERED = """
SELECT v.version FROM provenance_versions v
 WHERE v.asset_id = :id AND NOT EXISTS (SELECT FROM log_entries l WHERE l.event_id = v.event_id)
"""


def number_all(quarter: Quarter, asset_id: UUID) -> None:
    """Number every version of a record; whatever else the server does may hold the horizon back."""
    while quarter.world.find(UNNUMBERED, "catalogue_worker", id=asset_id):
        quarter.world.number()
        time.sleep(0.01)


@contextlib.contextmanager
def changing(quarter: Quarter, asset_id: UUID) -> Iterator[None]:
    """Turn a record from complete to incomplete and back all the while."""
    done = threading.Event()

    def turn() -> None:
        while not done.is_set():
            for status in ("undetermined", "institution_owned_non_record"):
                quarter.world.change(asset_id, [Assertion("legal_status", [status])])
                number_all(quarter, asset_id)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


HEADS = """
SELECT v.version, l.log_index, v.legal_status <> '{undetermined}'
  FROM provenance_versions v LEFT JOIN log_entries l ON l.event_id = v.event_id
 WHERE v.asset_id = :id ORDER BY v.version
"""


def test_a_reader_never_sees_a_candidate_that_the_log_does_not_give(
    quarter: Quarter, town_api: Client
) -> None:
    # P24: at an answer's log index the newest numbered version tells the status, or an even newer
    # one that is not numbered yet does.
    earlier, copy = quarter.a_pair(quarter.a_store(), quarter.a_store())
    quarter.work()
    quarter.complete(earlier, copy)
    number_all(quarter, copy)
    key = headers(quarter, "auditor")
    with changing(quarter, copy):
        seen = [read(town_api, copy, key) for _ in range(60)]
    heads = quarter.world.find(HEADS, "catalogue_worker", id=copy)
    for answer in seen:
        numbered = [at for at, (_, index, _) in enumerate(heads) if index <= answer.log_index]
        possible = {heads[at][2] for at in (numbered[-1], numbered[-1] + 1) if at < len(heads)}
        assert (answer.status == "candidate") in possible
    assert len({answer.status for answer in seen}) > 1
