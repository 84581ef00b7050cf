"""B16: the memory that an import takes in the web process and the worker, large against small."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
from measuring import Claim, machine, say, sized
from worlds import System, World, measured_world

SMALL, LARGE = 10_000, sized(small=40_000, full=1_000_000)
BAR = 1.1
ROOT = Path(__file__).parents[1]
SERVE = """
import sys, uvicorn
from app.kit.db import Database
from app.main import create_app
app = create_app()
app.state.database = Database({url!r}, pool_size=5)
uvicorn.run(app, host="127.0.0.1", port={port}, lifespan="off", log_level="critical", ws="none")
"""
WORK = """
import time
from app.catalogue.tasks import register_next
from app.kit.db import Database
from app.kit.jobs import bind
from app.readings import tasks
from sqlalchemy import text
database = Database({url!r}, pool_size=2)
bind(database)
while True:
    with database.transaction() as db:
        found = list(db.scalars(text("SELECT DISTINCT import_id FROM import_chunks LIMIT 5")))
    for import_id in found:
        register_next(import_id)
    if not found:
        time.sleep(0.1)
"""


@contextmanager
def process(script: str) -> Iterator[int]:
    """Run a script of the product's own processes, without the jobs that read files."""
    command = [sys.executable, "-c", script]  # what it logs is not what we tell
    with subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr) as child:  # noqa: S603
        try:
            yield child.pid
        finally:
            os.kill(child.pid, signal.SIGKILL)


def peak(pid: int) -> int:
    """Return the most memory that a process ever held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    [line] = [one for one in status.splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def lines(system: System, count: int, name: str) -> Iterator[bytes]:
    """Write an import line by line, some at a time."""
    for first in range(0, count, 500):
        some = []
        for number in range(first, min(first + 500, count)):
            path = f"{name}/{number:07}.jpg"
            facts: dict[str, Any] = {
                "source_system": system.code,
                "source_identifier": path,
                "location": path,
                "original_name": f"{number:07}.jpg",
                "legal_status": ["undetermined"],
                "statements": [{"field": "title", "value": f"Negative {number}"}],
            }
            some.append(json.dumps(facts).encode() + b"\n")
        yield b"".join(some)


def imported(world: World, system: System, headers: dict[str, str], count: int) -> tuple[int, int]:
    """Import so many lines by new processes and read all results; return the peak of each."""
    port = 20_000 + os.getpid() % 20_000 + (count == LARGE)
    serve = SERVE.format(url=world.urls("catalogue_api"), port=port)
    work = WORK.format(url=world.urls("catalogue_worker"))
    with process(serve) as web, process(work) as worker:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            for _ in range(300):
                try:
                    client.get("/livez")
                    break
                except httpx2.ConnectError:
                    time.sleep(0.1)
            sent = client.post(
                "/v1/imports", content=lines(system, count, f"of-{count}"), headers=headers
            ).json()
            while (
                client.get(f"/v1/operations/{sent['id']}", headers=headers).json()["done"] < count
            ):
                time.sleep(0.5)
            path = f"/v1/imports/{sent['id']}/results"
            with client.stream("GET", path, headers=headers) as answer:
                read = sum(1 for _ in answer.iter_lines())
        if read != count:
            message = f"{read} results of {count} lines"
            raise RuntimeError(message)
        return peak(web), peak(worker)


def main() -> None:
    """Measure and tell."""
    if not psutil.LINUX:
        raise SystemExit("peaks are read from /proc")
    with measured_world() as world:
        system = world.a_source_system()
        headers = world.headers("registrar", department=system.department)
        on = machine()
        small, large = (imported(world, system, headers, n) for n in (SMALL, LARGE))
    ratios = [big / little for little, big in zip(small, large, strict=True)]
    ratio, mib = max(ratios), 1024**2
    more = {"against": SMALL, "web": round(ratios[0], 3), "worker": round(ratios[1], 3)}
    name = "B16 memory of an import, MiB at the peak"
    peaks = max(large) / mib, max(small) / mib
    say([Claim(name, *peaks, ratio, BAR, ratio <= BAR, LARGE, more)], on)


if __name__ == "__main__":
    main()
