"""The embedded server falls under a running web process and worker: both stay and go on."""

import os
import signal
from collections.abc import Callable

import psutil
from house import House, wait_for
from traffic import Told, a_registrar, traffic

from app.kit.postgres.home import open_home

KNOWN = "SELECT source_identifier FROM assets"
DONE = "SELECT count(*) FROM fingerprints"
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
AGAIN = "work_interrupted"
UNNUMBERED = """
SELECT count(*) FROM events e LEFT JOIN log_entries l ON l.event_id = e.id WHERE l.event_id IS NULL
"""


def fall_of_the_postmaster(house: House) -> None:
    pid = house.postmaster()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: house.postmaster() not in {None, pid})


def long_fall_of_the_postmaster(house: House, until: Callable[[], bool]) -> None:
    """As if the server were long in coming back: its supervisor stands still meanwhile."""
    words = {"app.kit.postgres.supervisor", str(open_home(house.home).path)}
    everyone = psutil.process_iter(["cmdline"])
    supervisor = next(one for one in everyone if words <= set(one.info["cmdline"] or []))
    supervisor.suspend()
    try:
        os.kill(house.postmaster() or 0, signal.SIGKILL)
        wait_for(until)
    finally:
        supervisor.resume()


def fall_of_a_backend(house: House) -> None:
    """The postmaster then ends all others and recovers by itself."""
    [[pid]] = house.find("SELECT pid FROM pg_stat_activity WHERE usename = 'catalogue_api' LIMIT 1")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(pid))


def goes_on(told: Told, by: int = 3) -> None:
    """Wait until more is acknowledged than was."""
    before = len(told.acknowledged)
    wait_for(lambda: len(told.acknowledged) >= before + by)


def test_web_and_worker_outlast_every_fall_of_their_server(house: House) -> None:
    caller = a_registrar(house)
    with house.running("worker") as worker:
        with traffic(house, caller) as told:
            wait_for(lambda: house.find(LISTENING) == [(1,)])
            long_fall_of_the_postmaster(house, lambda: AGAIN in house.words("worker.log"))
            goes_on(told)
            fall_of_the_postmaster(house)
            fall_of_the_postmaster(house)  # the new one is still in its recovery
            goes_on(told)
            fall_of_a_backend(house)
            goes_on(told)
        wait_for(lambda: house.find(DONE) == [(len(told.acknowledged),)])
        wait_for(lambda: house.find(UNNUMBERED) == [(0,)])
        wait_for(lambda: house.find(LISTENING) == [(1,)])
        assert worker.poll() is None
    assert {one[0] for one in house.find(KNOWN)} >= set(told.acknowledged)
    assert told.refused
    assert set(told.refused) <= {(503, "database-unavailable", "2")}
    assert "unforeseen" not in house.words("serve.log")
