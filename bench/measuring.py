"""What every claim has in common: its size, alternating runs, a ratio, a line and an object."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SIZE = os.environ.get("SIZE", "small")  # noqa: TID251 - the bench is no part of the product
FULL = SIZE == "full"
NOISY = 1.0  # processes waiting for a core, beside our own, per core


@dataclass(frozen=True)
class Claim:
    """One measured claim; `more` holds what a reader needs to judge it."""

    name: str
    ours: float
    reference: float
    ratio: float
    bar: float
    holds: bool
    n: int
    more: Mapping[str, Any] = field(default_factory=dict)


def sized(*, small: int, full: int) -> int:
    """Return how many to measure with: a number after the command or in SIZE, else by SIZE."""
    own = next((said for said in (*sys.argv[1:2], SIZE) if said.isdecimal()), None)
    return int(own) if own else full if FULL else small


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def machine() -> dict[str, Any]:
    """Say what was measured on, and how busy it was with other things."""
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    return {
        "cores": cores,
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_before": round(load, 2),
        "noisy": load / cores > NOISY,
    }


def alternating(rounds: int, *sides: Callable[[], Any]) -> list[list[Any]]:
    """Run the sides in turn, so that what disturbs the machine disturbs them alike."""
    found: list[list[Any]] = [[] for _ in sides]
    for _ in range(rounds):
        for at, side in enumerate(sides):
            found[at].append(side())
    return found


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return float(statistics.median(values))


def say(claims: Sequence[Claim], on: Mapping[str, Any]) -> None:
    """Print each claim as a line for people and as an object for machines."""
    for claim in claims:
        verdict = "holds" if claim.holds else "DOES NOT HOLD"
        busy = ", machine noisy" if on["noisy"] else ""
        sys.stderr.write(
            f"{claim.name}: {claim.ours:,.4g} / {claim.reference:,.4g} = {claim.ratio:.3f},"
            f" bar {claim.bar}: {verdict} (n = {claim.n:,}{busy})\n"
        )
        sys.stdout.write(json.dumps(asdict(claim) | {"machine": dict(on)}) + "\n")
