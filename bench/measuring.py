"""What the measured claims share: a database of their own, alternating runs, one JSON object."""

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from ground import open_ground
from world import World, opened_world, sources_within

RUNS = 5


def SIZE(*, small: int, full: int) -> int:  # noqa: N802 - reads as the variable that it asks for
    """Return how many to measure with: SIZE=full, a number, or nothing for the small size."""
    said = os.environ.get("SIZE", "")  # noqa: TID251 - a script, no process of the product
    return int(said) if said.isdecimal() else full if said == "full" else small


@contextmanager
def measured_world() -> Iterator[World]:
    """Open a world on a server of its own, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="catalogue-bench-") as folder:
        sources = Path(folder) / "sources"
        sources.mkdir()
        with (
            open_ground(Path(folder) / "ground") as ground,
            sources_within(sources),
            opened_world(ground, sources) as world,
        ):
            yield world


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def alternating(one: Callable[[int], float], other: Callable[[int], float]) -> list[list[float]]:
    """Run two measurements in turn, so that a noisy machine is noisy for both."""
    pairs = [(one(run), other(run)) for run in range(RUNS)]
    return [[first for first, _ in pairs], [second for _, second in pairs]]


def machine() -> str:
    """Name the machine, and how busy it was with other things."""
    busy = os.getloadavg()[0]
    return f"{platform.machine()}, {psutil.cpu_count()} cores, load {busy:.1f}"


def tell(name: str, ours: float, reference: float, ratio: float, **more: Any) -> None:  # noqa: ANN401
    """Print the claim's JSON object, and a line for people on stderr."""
    said = {"name": name, "ours": round(ours, 4), "reference": round(reference, 4)}
    said |= {"ratio": round(ratio, 3), **more, "machine": machine()}
    sys.stdout.write(json.dumps(said) + "\n")
    verdict = "holds" if more["holds"] else "does not hold"
    sys.stderr.write(f"{name}: {ratio:.2f}, bar {more['bar']}: {verdict}\n")


median = statistics.median
