"""B12: what registering and reading one more asset costs in a catalogue ten times as large."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import picture, register_files
from seeding import seeded

from app.kit.connecting import Addresses
from app.kit.db import Database
from app.kit.jobs import bind
from app.readings.tasks import read_files

SIZES = (100_000, 1_000_000) if FULL else (20_000, 100_000)
HOMES = (Path("build/bench/growth"), Path("build/bench/catalogue"))
ROUNDS, A_ROUND = 7, 100
STORE = "bench-three"
NUMBERS = count(time.time_ns())


def main() -> None:
    """Measure and print the claims."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with ExitStack() as held:
        sides = [
            held.enter_context(seeded(home.absolute(), size))
            for home, size in zip(HOMES, sizes, strict=True)
        ]
        on = machine()
        work = [
            cost(found, home.absolute() / "sources" / STORE)
            for found, home in zip(sides, HOMES, strict=True)
        ]
        small, large = alternating(ROUNDS, *work)
    claims = []
    for at, stage in enumerate(("registering", "reading")):
        ours, before = (middle([one[at] for one in side[1:]]) for side in (large, small))
        ratio = ours / before
        more = {
            "present": sizes,
            "rounds": [[round(one[at], 3) for one in s] for s in (large, small)],
        }
        name = f"B12 growth, {stage}, ms an asset"
        claims.append(Claim(name, ours, before, ratio, 1.15, ratio <= 1.15, sizes[1], more))
    say(claims, on)


def cost(found: Addresses, folder: Path) -> Callable[[], tuple[float, float]]:
    """Return a round: new files are registered and read; milliseconds an asset of each."""

    def once() -> tuple[float, float]:
        api, worker = Database(found.api, pool_size=2), Database(found.worker, pool_size=2)
        bind(worker)
        names = [f"growth-{next(NUMBERS)}.jpg" for _ in range(A_ROUND)]
        for at, name in enumerate(names):
            (folder / name).write_bytes(picture(at % 10))
        started = time.perf_counter()
        ids = register_files(api, STORE, names)
        registered = time.perf_counter()
        read_files(ids)
        done = time.perf_counter()
        for database in (api, worker):
            database.close()
        return (registered - started) * 1000 / A_ROUND, (done - registered) * 1000 / A_ROUND

    return once


if __name__ == "__main__":
    main()
