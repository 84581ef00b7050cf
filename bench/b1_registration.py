"""B1: from NDJSON to committed rows, against COPY of the finished rows into the same tables."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from measuring import Claim, alternating, machine, middle, say, seconds_of, sized
from sqlalchemy.engine import make_url
from worlds import System, World, measured_world

from app.catalogue.imports import register_chunk
from app.catalogue.receiving import Cutter
from app.catalogue.spool import Announced, begin, end, keep
from app.kit.db import Database
from app.kit.jobs import bind
from app.people.roles import Principal

N = sized(small=20_000, full=200_000)
BAR, ROUNDS = 0.5, 5
A_COPY = 5_000  # rows
# What registering writes, in the order of its foreign keys; the first two are there beforehand.
PARENTS = ("operations", "imports")
OF_ASSETS = "asset_id IS NOT NULL", "asset_id"
TABLES = {
    "operations": ("kind = 'import'", "id"),
    "imports": ("true", "id"),
    "events": OF_ASSETS,
    "assets": ("true", "id"),
    "locations": OF_ASSETS,
    "provenance_versions": OF_ASSETS,
    "provenance_heads": OF_ASSETS,
    "import_results": OF_ASSETS,
    "procrastinate_jobs": ("task_name = 'readings.read_assets'", "id"),
}
STAMPED = {"recorded_at", "xid", "cluster", "seen_object"}  # by trigger, or computed
Rows = dict[str, tuple[str, list[bytes]]]


def lines(system: System, run: int) -> bytes:
    """Write the body of an import: one image a line, as a photographic unit would describe it."""
    said = []
    for number in range(N):
        name = f"run-{run}/box-{number // 500:04}/CS{number:07}.jpg"
        statements = [
            {"field": "title", "value": f"Typhoon Wanda, harbour front, negative {number}"},
            {"field": "creator", "value": "Chan Siu Ming"},
        ]
        facts: dict[str, Any] = {
            "source_system": system.code,
            "source_identifier": name,
            "location": name,
            "original_name": name.rpartition("/")[2],
            "legal_status": ["institution_owned_non_record"],
            "statements": statements,
        }
        said.append(json.dumps(facts).encode())
    return b"\n".join(said) + b"\n"


def ours(api: Database, worker: Database, caller: Principal, body: bytes) -> UUID:
    """Receive and register a body as the web process and the worker do, one after the other."""
    with api.transaction() as db:
        import_id = begin(db, caller, Announced())
    cutter = Cutter()
    parts = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    pieces = [piece for part in parts for piece in cutter.feed(part)]
    for piece in (*pieces, *cutter.finish()):
        with api.transaction() as db:
            keep(db, import_id, piece)
    with api.transaction() as db:
        end(db, caller.agent, import_id, "complete")
    more = True
    while more:
        with worker.transaction() as db:
            more = register_chunk(db, import_id)
    return import_id


@contextmanager
def connected(world: World, name: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect to a database by the same driver, as the superuser: no right is in the way."""
    url = make_url(world.ground.url("postgres", name)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as db:
        yield db


def take_out(db: psycopg.Connection[Any]) -> Rows:
    """Copy out the rows that an import wrote."""
    found = {}
    for table, (where, order) in TABLES.items():
        names = [
            row[0]
            for row in db.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped ORDER BY attnum",
                (table,),
            )
            if row[0] not in STAMPED
        ]
        columns = ", ".join(names)
        asked = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608
        with db.cursor().copy(f"COPY ({asked}) TO STDOUT") as copy:
            found[table] = (columns, [bytes(part) for part in copy])
    return found


def copy_in(db: psycopg.Connection[Any], rows: Rows) -> None:
    """Copy finished rows into the tables, 5,000 assets a transaction."""
    cut = {table: (columns, joined(parts)) for table, (columns, parts) in rows.items()}
    for at in range(max(len(chunks) for _, chunks in cut.values())):
        for table, (columns, chunks) in cut.items():
            if at < len(chunks):
                with db.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    copy.write(chunks[at])
        db.commit()


def joined(parts: Sequence[bytes]) -> list[bytes]:
    """Join rows to what one COPY takes."""
    return [b"".join(parts[at : at + A_COPY]) for at in range(0, len(parts), A_COPY)]


class Bench:
    """Both ways, each run on databases that were cloned from one."""

    def __init__(self, world: World) -> None:
        """Make what an import needs, then let go of the database, so that it can be cloned."""
        self.world = world
        self.system = world.a_source_system()
        self.caller = world.someone("registrar", department=self.system.department)
        self.finished: Rows = {}
        world.close()

    def by_us(self, run: int) -> float:
        """Register an import."""
        name, body = self.world.ground.clone(self.world.database), lines(self.system, run)
        urls = [self.world.ground.url(f"catalogue_{role}", name) for role in ("api", "worker")]
        api, worker = Database(urls[0], pool_size=1), Database(urls[1], pool_size=1)
        bind(worker)
        took = seconds_of(lambda: ours(api, worker, self.caller, body))
        api.close()
        worker.close()
        with connected(self.world, name) as db:
            self.finished = take_out(db)
        self.world.ground.drop(name)
        return took

    def by_copy(self) -> float:
        """Copy the same rows."""
        name = self.world.ground.clone(self.world.database)
        with connected(self.world, name) as db:
            parents = {table: self.finished.pop(table) for table in PARENTS}
            copy_in(db, parents)
            took = seconds_of(lambda: copy_in(db, self.finished))
        self.world.ground.drop(name)
        return took


def main() -> None:
    """Measure and tell."""
    runs = count()
    with measured_world() as world:
        bench = Bench(world)
        on = machine()
        mine, theirs = alternating(ROUNDS, lambda: bench.by_us(next(runs)), bench.by_copy)
    rates = N / middle(mine), N / middle(theirs)
    ratio = middle([b / a for a, b in zip(mine, theirs, strict=True)])
    more = {"rounds": [[round(N / took) for took in side] for side in (mine, theirs)]}
    say([Claim("B1 registration, lines/s", *rates, ratio, BAR, ratio >= BAR, N, more)], on)


if __name__ == "__main__":
    main()
