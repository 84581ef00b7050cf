"""B18: a series' statement and a table entered in many records: time a record, memory, by size."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import psutil
from b16_import_memory import lines, peak, process
from measuring import Claim, machine, say, sized
from worlds import System, World, measured_world

SMALL, LARGE = 5_000, sized(small=20_000, full=100_000)
BARS = {"seconds": 1.15, "memory": 1.1}
STEPS = ("registering", "series", "preview", "table")
PORT = 18_500
SERVE = """
import uvicorn
from app.kit.db import Database
from app.main import create_app
app = create_app()
app.state.database = Database({url!r}, pool_size=5)
uvicorn.run(app, host="127.0.0.1", port={port}, lifespan="off", log_level="critical", ws="none")
"""
# The jobs that read files are left out: the files do not exist.
WORK = """
import time
from app.catalogue.tasks import register_next
from app.kit.db import Database
from app.kit.jobs import batches, bind, found
from app.provenance import membership
from app.provenance.tasks import enter_part
from sqlalchemy import text
database = Database({url!r}, pool_size=2)
bind(database)
while True:
    with database.transaction() as db:
        imports = list(db.scalars(text("SELECT DISTINCT import_id FROM import_chunks LIMIT 5")))
        stated = db.execute(membership.unfinished_statements()).all()
    for import_id in imports:
        register_next(import_id)
    for row, *_ in stated:
        for some in batches(found(membership.of_series(row.series)), 500):
            enter_part(some, row.id)
    if not (imports or stated):
        time.sleep(0.1)
"""


def rows(system: System, count: int, name: str) -> Iterator[bytes]:
    """Write a table row by row, some at a time."""
    yield b"Id,Caption,Made\n"
    for first in range(0, count, 500):
        some = range(first, min(first + 500, count))
        yield "".join(
            f'{name}/{n:07}.jpg,"Tram {n} at the corner",19{n % 90 + 10}-05\n' for n in some
        ).encode()


MAPPING = (
    '{"source_system": "%s", "source_identifier": "Id", "columns": ['
    '{"column": "Caption", "field": "description", "lang": "en"},'
    '{"column": "Made", "field": "date_created"}]}'
)
SERIES = {
    "custodian": "Photographic unit",
    "custodian_kind": "department",
    "legal_status": ["institution_owned_non_record"],
    "rights_statement": "InC",
}


class Client:
    """A client that waits for the end of what it asked for."""

    def __init__(self, world: World, system: System, port: int) -> None:
        """Ask as a registrar and as a records manager of one department."""
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        self.system = system
        self.registrar, self.manager = (
            world.headers(role, department=system.department)
            for role in ("registrar", "records_manager")
        )

    def awake(self) -> None:
        """Wait for the server."""
        for _ in range(600):
            try:
                self.http.get("/livez")
                return
            except httpx2.ConnectError:
                time.sleep(0.1)

    def steps(self, count: int) -> dict[str, float]:
        """Do each step to its end; return its seconds a thousand records."""
        name = f"of-{count}"
        work: dict[str, Callable[[], str]] = {
            "registering": lambda: self.send(
                "/v1/imports", self.registrar, lines(self.system, count, name)
            ),
            "series": self.state,
            "preview": lambda: self.table(count, name, preview=True),
            "table": lambda: self.table(count, name, preview=False),
        }
        took = {}
        for step in STEPS:
            started = time.perf_counter()
            self.finish(work[step](), count)
            took[step] = (time.perf_counter() - started) / count * 1000
            sys.stderr.write(f"B18 {step} of {count:,}: {took[step]:.2f} ms a record\n")
        return took

    def send(
        self,
        path: str,
        headers: dict[str, str],
        body: Iterator[bytes],
        **params: Any,  # noqa: ANN401
    ) -> str:
        """Send a body; return the operation."""
        answer = self.http.post(path, content=body, headers=headers, params=params)
        return str(answer.raise_for_status().json()["id"])

    def state(self) -> str:
        """Say of the whole source system what holds for all of it."""
        said = {"assert": [{"field": name, "value": value} for name, value in SERIES.items()]}
        path = f"/v1/series/source-system/{self.system.code}/provenance"
        headers = self.manager | {"If-Match": '"0"'}
        return str(self.http.patch(path, json=said, headers=headers).json()["operation_id"])

    def table(self, count: int, name: str, *, preview: bool) -> str:
        """Send a table."""
        headers = self.manager | {"Content-Type": "text/csv"}
        params = {"preview": str(preview).lower(), "mapping": MAPPING % self.system.code}
        return self.send("/v1/record-changes", headers, rows(self.system, count, name), **params)

    def finish(self, operation: str, count: int) -> None:
        """Wait for the end; every record must have been reached."""
        while True:
            answer = self.http.get(f"/v1/operations/{operation}", headers=self.manager)
            told = answer.raise_for_status().json()
            if told["state"] == "done":
                break
            time.sleep(0.2)
        if told["done"] != count or told.get("refused"):
            message = f"{told} of {count} records"
            raise RuntimeError(message)


def measured(world: World, count: int) -> tuple[dict[str, float], dict[str, int]]:
    """Take new processes through all steps; return seconds a thousand records, and their peaks."""
    system, port = world.a_source_system(), PORT + (count == LARGE)
    serve = SERVE.format(url=world.urls("catalogue_api"), port=port)
    with process(serve) as web, process(WORK.format(url=world.urls("catalogue_worker"))) as worker:
        client = Client(world, system, port)
        client.awake()
        took = client.steps(count)
        return took, {"web": peak(web), "worker": peak(worker)}


def main() -> None:
    """Measure and tell."""
    if not psutil.LINUX:
        raise SystemExit("peaks are read from /proc")
    with measured_world() as world:
        on = machine()
        (small, low), (large, high) = (measured(world, count) for count in (SMALL, LARGE))
    claims = []
    for step in STEPS:
        ratio = large[step] / small[step]
        name, more = f"B18 {step}, s a thousand records", {"against": SMALL}
        bar = BARS["seconds"]
        claims.append(Claim(name, large[step], small[step], ratio, bar, ratio <= bar, LARGE, more))
    for who in low:
        ratio, mib, bar = high[who] / low[who], 1024**2, BARS["memory"]
        name = f"B18 memory of the {who} process, MiB at the peak"
        peaks = high[who] / mib, low[who] / mib
        claims.append(Claim(name, *peaks, ratio, bar, ratio <= bar, LARGE, {"against": SMALL}))
    say(claims, on)


if __name__ == "__main__":
    main()
