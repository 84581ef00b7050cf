"""What every claim prints: ours, the reference of the same run, their ratio, and the bar."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

FULL = os.environ.get("SIZE") == "full"  # noqa: TID251 - the bench is no part of the product
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
