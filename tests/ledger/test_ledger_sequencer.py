"""Numbers behind the transaction horizon: none lost, none twice, no gap (trap 22)."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from ground import Urls
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.ledger.agents import process
from app.ledger.queries import newest_log_index
from app.ledger.sequencer import number_events
from app.ledger.service import Event, record, record_all

AGENT = process("test")
NUMBERED = text("SELECT event_id FROM log_entries ORDER BY log_index")
DENSE = text("SELECT count(*), coalesce(max(log_index), -1) + 1 FROM log_entries")
OF_ANOTHER = text(
    "INSERT INTO events (id, kind, agent, document, recorded_at, xid, cluster)"
    " VALUES (:id, 'ing', 'x', '', '2020-01-01', CAST(:xid AS xid8), :cluster)"
)


@pytest.fixture
def database(urls: Urls) -> Iterator[Database]:
    opened = Database(urls("catalogue_worker"), pool_size=12)
    yield opened
    opened.close()


def number(database: Database) -> int:
    with database.transaction() as db:
        return number_events(db)


def numbered(database: Database) -> list[UUID]:
    """Return the events in the order of the log, after checking that it has no gap."""
    with database.transaction() as db:
        count, following = db.execute(DENSE).one()
        assert count == following
        assert db.scalar(select(newest_log_index())) == count - 1
        return list(db.scalars(NUMBERED))


def happened(db: Session) -> UUID:
    return record(db, AGENT, Event("ing", {"at": 1}))


def test_events_are_numbered_once_in_order(database: Database) -> None:
    assert number(database) == 0
    ids = []
    for _ in range(3):
        with database.transaction() as db:
            ids.append(happened(db))
    assert number(database) == 3
    assert numbered(database) == ids
    assert number(database) == 0
    assert numbered(database) == ids


def test_events_of_one_transaction_keep_their_order(database: Database) -> None:
    with database.transaction() as db:
        ids = record_all(db, AGENT, [Event("ing", {"at": n}) for n in range(20)])
    number(database)
    assert numbered(database) == ids


def test_an_open_transaction_holds_numbering_back(database: Database) -> None:
    """Its event has the lower transaction id and is seen later: numbering by id would skip it."""
    with Session(database.engine) as early:
        slow = happened(early)
        with database.transaction() as db:
            fast = happened(db)
        assert number(database) == 0
        assert numbered(database) == []
        early.commit()
    assert number(database) == 2
    assert numbered(database) == [slow, fast]


def test_what_was_committed_before_an_open_transaction_is_numbered(database: Database) -> None:
    with database.transaction() as db:
        before = happened(db)
    with Session(database.engine) as open_still:
        happened(open_still)
        assert number(database) == 1
        assert numbered(database) == [before]
        open_still.rollback()
    assert number(database) == 0


def test_a_transaction_that_was_rolled_back_leaves_no_gap(database: Database) -> None:
    with Session(database.engine) as gone:
        happened(gone)
        gone.rollback()
    with database.transaction() as db:
        kept = happened(db)
    assert number(database) == 1
    assert numbered(database) == [kept]


def test_an_event_of_the_numbering_transaction_itself_comes_later(database: Database) -> None:
    with database.transaction() as db:
        own = happened(db)
        assert number_events(db) == 0
    assert number(database) == 1
    assert numbered(database) == [own]


def test_one_process_numbers_at_a_time(database: Database) -> None:
    with database.transaction() as db:
        happened(db)
    with Session(database.engine) as numbering:
        assert number_events(numbering) == 1
        assert number(database) == 0
        numbering.commit()
    assert len(numbered(database)) == 1


def test_numbering_that_was_rolled_back_is_done_again(database: Database) -> None:
    with database.transaction() as db:
        kept = happened(db)
    with Session(database.engine) as numbering:
        assert number_events(numbering) == 1
        numbering.rollback()
    assert numbered(database) == []
    assert number(database) == 1
    assert numbered(database) == [kept]


def test_none_is_lost_under_concurrent_writers(database: Database) -> None:
    """8 writers of 50 events, commits delayed at random, numbered all the while."""
    chance = random.Random(22)  # noqa: S311 - delays, no secret
    written: list[UUID] = []
    over = threading.Event()

    def write(delays: list[float]) -> None:
        for delay in delays:
            with database.transaction() as db:
                ids = [happened(db)]
                time.sleep(delay)
            written.extend(ids)

    def keep_numbering() -> None:
        while not over.is_set():
            number(database)

    delays = [[chance.random() * 0.01 for _ in range(50)] for _ in range(8)]
    with ThreadPoolExecutor(9) as threads:
        numbering = threads.submit(keep_numbering)
        list(threads.map(write, delays))
        over.set()
        numbering.result()
    number(database)
    log = numbered(database)
    assert len(log) == len(set(log)) == 400
    assert set(log) == set(written)


def test_events_that_a_restore_brought_are_behind_the_horizon(
    database: Database, urls: Urls
) -> None:
    """Ids of another cluster are never compared with ours, however high they are."""
    with database.transaction() as db:
        own = happened(db)
    restored = [uuid4() for _ in range(3)]
    restore(urls, [(restored[1], 18_000_000_000_000_000_000), (restored[0], 7)], cluster=42)
    restore(urls, [(restored[2], 9)], cluster=43)
    assert number(database) == 4
    assert numbered(database) == [*restored, own]
    assert number(database) == 0
    with database.transaction() as db:
        later = happened(db)
    assert number(database) == 1
    assert numbered(database) == [*restored, own, later]


def test_a_second_restore_from_the_same_cluster(database: Database, urls: Urls) -> None:
    first, second = uuid4(), uuid4()
    restore(urls, [(first, 100)], cluster=42)
    assert number(database) == 1
    restore(urls, [(second, 101)], cluster=42)
    assert number(database) == 1
    assert numbered(database) == [first, second]


def restore(urls: Urls, events: list[tuple[UUID, int]], *, cluster: int) -> None:
    """Write events as a restore does: with the stamps that they bring."""
    superuser = Database(urls("postgres"), pool_size=1)
    with superuser.transaction() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        for event_id, xid in events:
            db.execute(OF_ANOTHER, {"id": event_id, "xid": str(xid), "cluster": cluster})
    superuser.close()


def test_only_the_worker_numbers(urls: Urls) -> None:
    api = Database(urls("catalogue_api"), pool_size=1)
    with pytest.raises(Exception, match="permission denied"), api.transaction() as db:
        number_events(db)
    api.close()
