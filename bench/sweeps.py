"""What a look of the sweeps costs: the newest each minute, everything at night.

`PYTHONPATH=tests python bench/sweeps.py --assets 200000` prints JSON: for each stage, milliseconds
of the look at the newest and of the walk over everything, and how the first one finds its rows.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from backlog import make_backlog
from ground import open_ground
from sqlalchemy import event
from sqlalchemy.orm import Session
from world import World, opened_world, sources_within

from app.assets.sweeping import Stage, by_index, look_at_all, look_at_newest, reach
from app.comparisons.tasks import LEFT as UNCOMPARED
from app.fingerprints.tasks import LEFT as UNFINGERPRINTED
from app.kit.jobs import bind
from app.provenance.tasks import UNADOPTED, UNSEALED
from app.readings.tasks import LEFT as UNREAD

STAGES = (UNREAD, UNADOPTED, UNSEALED, UNFINGERPRINTED, UNCOMPARED)


def plan(db: Session, stage: Stage) -> list[str]:
    """Return how the database finds what was left lately: its scans, one a line."""
    after, upto = reach(db, stage)
    by_index(db)
    left = stage.left(db).where(stage.rows > after, stage.rows <= upto).order_by(stage.rows)

    def explain(_c: object, _k: object, statement: str, told: object, *_: object) -> Any:  # noqa: ANN401
        return "EXPLAIN (FORMAT JSON) " + statement, told

    event.listen(db.get_bind(), "before_cursor_execute", explain, retval=True)
    try:
        raw = db.connection().execute(left).cursor
        assert raw is not None  # noqa: S101 - it was a SELECT, and its plan is rows
        [[found]] = raw.fetchall()
    finally:
        event.remove(db.get_bind(), "before_cursor_execute", explain)
    return sorted(scans(found[0]["Plan"]))


def scans(node: dict[str, Any]) -> list[str]:
    """Name each scan of a plan with its table and index."""
    below = [one for child in node.get("Plans", []) for one in scans(child)]
    if "Relation Name" not in node:
        return below
    return [*below, f"{node['Node Type']}: {node.get('Index Name', node['Relation Name'])}"]


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return round((time.perf_counter() - began) * 1000, 1)


def measured(world: World, stage: Stage) -> dict[str, Any]:
    """Measure both looks of a stage that has nothing left to do."""
    look_at_newest(stage)  # the first one looks at everything
    with world.worker.transaction() as db:
        found = plan(db, stage)
    newest = sorted(milliseconds(partial(look_at_newest, stage)) for _ in range(5))[2]
    everything = milliseconds(partial(look_at_all, stage))
    return {"newest_ms": newest, "everything_ms": everything, "newest_by": found}


def main() -> None:
    """Print the figures as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--assets", type=int, default=20_000)
    told = asked.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sweeps-") as name,
        open_ground(Path(name) / "ground") as ground,
        sources_within(Path(name)),
        opened_world(ground, Path(name) / "world") as world,
    ):
        make_backlog(world, world.a_complete_asset(), told.assets)
        world.lose_jobs()
        bind(world.worker)
        stages = {stage.name: measured(world, stage) for stage in STAGES}
    figures = {"name": "sweeps", "n": told.assets, "machine": {"cores": os.cpu_count()}}
    print(json.dumps(figures | {"stages": stages}, indent=1))  # noqa: T201 - a program's own words


if __name__ == "__main__":
    main()
