"""The kill drill: SIGKILL at random while a backlog is imported, then an audit of everything.

`python tests/drills/kills.py --kills 200 --lines 200000 > bench/results/kills.json`
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from drill_books import books
from drill_clients import Acknowledged, furnish, lines, operation, send_all
from drill_house import House
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.kit.connecting import EMBEDDED_NAME
from app.kit.postgres import locks
from app.kit.postgres.home import open_home
from app.kit.postgres.lease import lease

VICTIMS = ("web", "worker", "worker", "postmaster", "backend")
# At rest nothing waits but what the clock writes, what waits for a file to come back, and no
# event is without its number.
BUSY = """
SELECT (SELECT count(*) FROM procrastinate_jobs
         WHERE status IN ('todo', 'doing') AND task_name NOT LIKE 'sweep.%')
     + (SELECT count(*) FROM events) - (SELECT count(*) FROM log_entries)
     + (SELECT count(*) FROM operations WHERE finished_at IS NULL)
"""


def drill(
    home: Path,
    *,
    kills: int,
    count: int,
    batch: int,
    pictures: int,
    pause: tuple[float, float],
    seconds: float,
    seed: int,
    victims: Sequence[str] = VICTIMS,
    workers: int = 2,
    clients: int = 3,
) -> dict[str, Any]:
    """Import so many lines while so many processes are killed; say what the audit finds."""
    chance, house = random.Random(seed), House(home, workers=workers)  # noqa: S311 - no secret
    began, heard = time.monotonic(), Acknowledged()
    every = lines(count, house.sources, pictures)
    batches = [every[start : start + batch] for start in range(0, count, batch)]
    with house.kept_up():
        house.await_ready()
        key = furnish(house)
        senders = send_all(house, key, batches, heard, clients)
        killed = kill_at_random(house, kills, pause, chance, victims, heard, began + seconds)
        tell(f"{sum(killed.values())} kills; {len(heard.identifiers)} lines acknowledged")
        for sender in senders:
            sender.join(max(0.0, began + seconds - time.monotonic()))
        with lease(house.home) as cluster:
            owner = cluster.url("catalogue_owner", EMBEDDED_NAME)
            rested = come_to_rest(owner, began + seconds)
            found, figures = audited(owner, heard)
        unfinished = sum(not done(house, key, one) for one in heard.operations)
    await_end(house)
    found["lost"] = {**found["lost"], "operations not done": unfinished}
    return {
        "name": "kills",
        "kills": dict(killed) | {"all": sum(killed.values())},
        "lines": count,
        "acknowledged": len(heard.identifiers),
        **{name: sum(part.values()) for name, part in found.items()},
        "came_to_rest": rested,
        "requests_unanswered": heard.unanswered,
        "requests_refused": heard.refused,
        "processes_started": house.started,
        "rows": figures,
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "found": {name: {k: v for k, v in part.items() if v} for name, part in found.items()},
    }


def kill_at_random(
    house: House,
    kills: int,
    pause: tuple[float, float],
    chance: random.Random,
    victims: Sequence[str],
    heard: Acknowledged,
    deadline: float,
) -> Counter[str]:
    """Kill one after the other, each kind at least once, as long as there is time."""
    killed: Counter[str] = Counter()
    wanted = [*dict.fromkeys(victims), *(chance.choice(victims) for _ in range(kills))][:kills]
    chance.shuffle(wanted)
    for what in wanted:
        while time.monotonic() < deadline:
            time.sleep(chance.uniform(*pause))
            if house.kill_one(what, chance):
                killed[what] += 1
                break
        if sum(killed.values()) % 10 == 0:
            tell(f"{sum(killed.values())} kills, {len(heard.identifiers)} lines acknowledged")
    return killed


def come_to_rest(owner: str, deadline: float) -> bool:
    """Wait until nothing is left to do; False: time ran out."""
    engine = create_engine(owner, pool_pre_ping=True)
    try:
        while time.monotonic() < deadline:
            try:
                with engine.connect() as connection:
                    left = connection.execute(text(BUSY)).scalar_one()
            except (DBAPIError, psycopg.Error):
                left = None
            if left == 0:
                return True
            tell(f"still to do: {left}")
            time.sleep(2.0 if left is None or left > 50 else 0.3)
    finally:
        engine.dispose()
    return False


def audited(owner: str, heard: Acknowledged) -> tuple[dict[str, Mapping[str, int]], dict[str, int]]:
    """Audit what there is, and count it."""
    tables = ("assets", "readings", "sightings", "fingerprints", "compared", "likenesses", "events")
    engine = create_engine(owner, connect_args={"options": "-c statement_timeout=600s"})
    with engine.begin() as connection:
        found = books(connection, heard.identifiers)
        figures = {
            table: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608
            for table in tables
        }
    engine.dispose()
    return found, figures


def done(house: House, key: str, operation_id: str) -> bool:
    """Tell whether an acknowledged import was done to its last line, none refused."""
    for _ in range(50):
        found = operation(house, key, operation_id)
        if found is not None:
            return bool(found["done"] == found["total"] and not found["refused"])
        time.sleep(0.2)
    return False


def await_end(house: House) -> None:
    """Wait until the embedded server has stopped: it writes in its folder until then."""
    supervision = open_home(house.home).supervision
    for _ in range(1200):
        if locks.is_free(supervision):
            return
        time.sleep(0.05)


def tell(words: str) -> None:
    """Say on standard error how far the drill is."""
    print(f"kills: {words}", file=sys.stderr, flush=True)  # noqa: T201 - a program's own words


def main() -> int:
    """Run the drill and print its figures as JSON; 0 when no promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--lines", type=int, default=200_000)
    asked.add_argument("--batch", type=int, default=2_000)
    asked.add_argument("--pictures", type=int, default=500)
    asked.add_argument("--pause", type=float, nargs=2, default=(1.5, 5.0))
    asked.add_argument("--seconds", type=float, default=3_600)
    asked.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
        found = drill(
            Path(folder) / "house",
            kills=told.kills,
            count=told.lines,
            batch=told.batch,
            pictures=told.pictures,
            pause=tuple(told.pause),
            seconds=told.seconds,
            seed=told.seed,
        )
    print(json.dumps(found, indent=1))  # noqa: T201
    kept = (
        "lost",
        "duplicated",
        "order_violations",
        "events_without_state",
        "state_without_events",
    )
    return 0 if found["came_to_rest"] and not any(found[name] for name in kept) else 1


if __name__ == "__main__":
    sys.exit(main())
