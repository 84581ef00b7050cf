"""schemathesis for longer, for every role by itself and for all of them: figures as JSON.

`python tests/drills/fuzz_contract.py [SECONDS]` (a role; 120 unless told) prints one JSON object.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "edge")]

from fuzzing import EVERY_ROLE, a_small_city, fuzz  # noqa: E402
from ground import open_ground  # noqa: E402
from served import Server, serving  # noqa: E402
from world import World, opened_world, sources_within  # noqa: E402

RUNS: dict[str, tuple[str, ...]] = {
    "every role of a department": EVERY_ROLE,
    **{role: (role,) for role in EVERY_ROLE},
}


@contextmanager
def opened() -> Iterator[tuple[World, Server]]:
    """Yield a city of its own and a server."""
    with tempfile.TemporaryDirectory() as folder, open_ground(Path(folder) / "ground") as ground:
        files = Path(folder) / "files"
        files.mkdir()
        with sources_within(files), opened_world(ground, files) as world, serving() as server:
            yield world, server


def run(seconds: int) -> dict[str, dict[str, object]]:
    """Ask with each key in turn."""
    figures: dict[str, dict[str, object]] = {}
    with opened() as (world, server), server.client(world.urls("catalogue_api")) as api:
        real = a_small_city(api, world)
        for name, roles in RUNS.items():
            key = world.a_key(*roles, department="parks")
            time = ("--max-time", str(seconds))
            passed, told = fuzz(server, key, real, *time, timeout=seconds + 300)
            found = re.search(r"(\d+) generated(?:, (\d+) found)?", told)
            figures[name] = {
                "requests": int(found[1]) if found else 0,
                "failures": int(found[2] or 0) if found else None,
                "passed": passed,
            }
            if not passed:
                sys.stderr.write(told)
    return figures


if __name__ == "__main__":
    figures = run(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    sys.exit(not all(one["passed"] for one in figures.values()))
