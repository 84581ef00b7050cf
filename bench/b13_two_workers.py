"""B13: reading and fingerprinting by two worker processes, against one.

Each worker does one job at a time: at its default, as many as there are cores, one alone would
already be several. Workers are started and paused, the files registered, and the clock runs from
the moment they go on to the last fingerprint. What compares the images runs meanwhile, as it does
in life, and so does the database, on the same cores. IMAGES=DIR: one's own files.
"""

import time
from itertools import count
from pathlib import Path

from b7_pipeline import images
from catalogues import catalogue_over
from measuring import FULL, Claim, alternating, machine, middle, say

from app.cli.remote import NotDone

ROUNDS = 5 if FULL else 3
HOME = Path("build/bench/workers")
LONGEST_SECONDS = 1800.0
ROUND = count()  # each has a home of its own: the server of the last may still be on its way out
WARM_SECONDS = 3.0  # until a worker has said that it is there and looks for jobs


def main() -> None:
    """Measure and print the claim."""
    folder = images(HOME.absolute())
    on = machine()
    one, two = alternating(ROUNDS, lambda: rate(folder, 1), lambda: rate(folder, 2))
    ratio = middle(two) / middle(one)
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    name, more = "B13 two workers against one, images/s", {"rounds": [two, one]}
    say([Claim(name, middle(two), middle(one), ratio, 1.6, ratio >= 1.6, files, more)], on)


def rate(folder: Path, workers: int) -> float:
    """Return how many images a second so many workers read and fingerprint."""
    home = HOME / f"round-{next(ROUND)}"
    with catalogue_over(folder, home, workers=workers, concurrency=1) as catalogue:
        time.sleep(WARM_SECONDS)
        catalogue.pause()
        wanted = catalogue.register_singly()
        started = time.perf_counter()
        catalogue.resume()
        while catalogue.done()["fingerprinted"] < wanted:
            catalogue.prove_alive()
            if time.perf_counter() - started > LONGEST_SECONDS:
                raise NotDone(f"not fingerprinted in time: {catalogue.done()} of {wanted}")
            time.sleep(0.05)
        return wanted / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
