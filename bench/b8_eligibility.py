"""B8: eligibility of one asset by HTTP, 16 clients, against one row under the same key check."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from load import Load, load
from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import a_key
from seeding import administrator, seeded

from app.cli.processes import free_port, surroundings
from app.kit.connecting import Addresses
from app.kit.db import Database
from app.people.roles import Role

MANY = 1_000_000 if FULL else 100_000
HOME = Path("build/bench/catalogue")  # kept: seeding costs more than measuring
ROUNDS, SECONDS = 5, 8 if FULL else 4
ASKED = 20_000  # different assets


def main() -> None:
    """Measure and print the claims."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with seeded(HOME.absolute(), many) as found:
        ids, there = some_assets(found)
        api = Database(found.api, pool_size=1)
        key = a_key(api, Role.AUDITOR)
        api.close()
        with serving(HOME.absolute()) as port:
            on = machine()
            for route in ("eligibility", "guarded", "bare"):  # connections and plans are made
                load(port, route, key, ids, 2)
            ours, guarded, bare = alternating(
                ROUNDS,
                *(
                    lambda route=route: load(port, route, key, ids, SECONDS)
                    for route in ("eligibility", "guarded", "bare")
                ),
            )
    say(claims(ours, guarded, bare, there), on)


def claims(ours: list[Load], guarded: list[Load], bare: list[Load], n: int) -> list[Claim]:
    """Compare medians of the rounds."""
    rates = [middle([one.per_second for one in side]) for side in (ours, guarded, bare)]
    p50 = [middle([one.p50_ms for one in side]) for side in (ours, guarded, bare)]
    p99 = [middle([one.p99_ms for one in side]) for side in (ours, guarded, bare)]
    more: dict[str, Any] = {
        "p50_ms": p50,
        "p99_ms": p99,
        "client": "wrk" if shutil.which("wrk") else "own",
        "rounds": [[round(one.per_second) for one in side] for side in (ours, guarded, bare)],
    }
    a, b = rates[0] / rates[1], rates[0] / rates[2]
    late = p99[0] / p99[1]
    return [
        Claim("B8a eligibility, requests/s", rates[0], rates[1], a, 0.8, a >= 0.8, n, more),
        Claim("B8b eligibility, requests/s", rates[0], rates[2], b, 0.6, b >= 0.6, n),
        Claim("B8c eligibility, p99 in ms", p99[0], p99[1], late, 2.0, late <= 2.0, n),
    ]


def some_assets(found: Addresses) -> tuple[list[str], int]:
    """Choose assets to ask about; say how many there are."""
    with administrator(found) as db:
        row = db.execute("SELECT count(*) FROM assets").fetchone()
        there = int(row[0]) if row else 0
        chosen = db.execute(
            "SELECT id::text FROM assets TABLESAMPLE BERNOULLI (%s)", (100 * ASKED / there + 1,)
        )
        return [one for (one,) in chosen.fetchmany(ASKED)], there


@contextmanager
def serving(home: Path, more: Mapping[str, str] | None = None) -> Iterator[int]:
    """Hold the web process up: the product's, with the references beside it."""
    port = free_port()
    told = surroundings(home, [home / "sources"], port)
    told |= {"PYTHONPATH": str(Path(__file__).parent)} | dict(more or {})
    command = [sys.executable, str(Path(__file__).with_name("b8_app.py")), str(port)]
    with (home / "serve.log").open("wb") as log:
        web = subprocess.Popen(command, cwd=home, env=told, stdout=log, stderr=log)  # noqa: S603
    try:
        for _ in range(300):
            if answers(port):
                break
            time.sleep(0.1)
        yield port
    finally:
        web.terminate()
        web.wait(timeout=30)


def answers(port: int) -> bool:
    """Tell whether the process serves."""
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


if __name__ == "__main__":
    main()
