"""A transaction that PostgreSQL sacrifices to a deadlock is done again as a whole."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from world import World

from app.kit.db import retried

LOCK = text("SELECT asset_id FROM provenance_heads WHERE asset_id = :id FOR UPDATE")


def test_two_transactions_that_lock_crosswise_both_end_well(world: World) -> None:
    system = world.a_source_system()
    here, there = world.an_asset(system), world.an_asset(system)
    meeting = threading.Barrier(2, timeout=10)
    attempts: list[object] = []
    ended: list[object] = []

    def crosswise(first: object, second: object) -> None:
        def once() -> None:
            with world.worker.transaction() as db:
                attempts.append(first)
                db.execute(LOCK, {"id": first})
                if len(attempts) <= 2:
                    meeting.wait()
                db.execute(LOCK, {"id": second})

        retried(once)
        ended.append(first)

    threads = [
        threading.Thread(target=crosswise, args=pair) for pair in ((here, there), (there, here))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert set(ended) == {here, there}
    # PostgreSQL may find two victims where one would do, so the number of attempts is its own.
    assert len(attempts) > 2, "one was sacrificed and done again"


def test_what_is_no_conflict_is_not_done_again(world: World) -> None:
    attempts: list[Session] = []

    def hopeless() -> None:
        with world.worker.transaction() as db:
            attempts.append(db)
            db.execute(text("SET LOCAL statement_timeout = '10ms'"))
            db.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(OperationalError):
        retried(hopeless)
    assert len(attempts) == 1
