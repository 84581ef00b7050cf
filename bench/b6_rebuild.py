"""B6: what a worker that starts needs to read all looks, of the processor and of memory.

The rows are drawn and written past the product; what reads them is the product's, in a process of
its own, so that its memory is that of the index.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from measuring import Claim, machine, say, sized
from sqlalchemy import text
from worlds import World, measured_world

from app.comparisons.near.held import Held
from app.comparisons.near.statements import Moment
from app.fingerprints.seeing.seen import METHOD
from app.kit.db import Database

ROWS = sized(small=100_000, full=1_000_000)
DRAWN = 20_000  # the rest has the words of these, and hashes of its own
WORDS = 128
CHANCE = np.random.default_rng(6)
# Neither files nor readings stand behind these rows, and nothing but the index reads them.
UNTIED = """
ALTER TABLE {table} DISABLE TRIGGER USER;
DO $$ DECLARE named text; BEGIN
  FOR named IN SELECT conname FROM pg_constraint
                WHERE conrelid = '{table}'::regclass AND contype = 'f' LOOP
    EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', named);
  END LOOP; END $$
"""
PRINTS = """
INSERT INTO fingerprints (id, asset_id, reading_id, sha256, size_bytes, byte_token, object_key,
  tool, tool_version, computed_at, event_id)
SELECT id, id, id, sha256(uuid_send(id)), 1, 't', 'k', 'b', '1', now(), id
  FROM (SELECT lpad(to_hex(n), 32, '0')::uuid AS id FROM generate_series(1, :rows) n) AS drawn
"""
LOOKS = """
INSERT INTO visual_fingerprints (id, asset_id, fingerprint_id, method, outcome, width, height,
  frames, colour, alpha, orientation, auxiliary, phash, dhash, pdq, pdq_quality, turned_phash,
  turned_pdq, words, measures, tools, computed_at, event_id)
SELECT f.id, f.id, f.id, :method, 'decoded', 9, 9, 1, 'rgb', false, 1, 0, substr(f.sha256, 1, 8),
       substr(f.sha256, 9, 8), f.sha256, 90, f.sha256 || f.sha256, decode(repeat('5a', 256), 'hex'),
       d.words, '{}', '{}', now(), f.id
  FROM fingerprints f JOIN drawn d ON d.n = ('x' || right(f.id::text, 8))::bit(32)::int % :drawn
"""
SCAN = "SELECT sum(cardinality(words)), sum(length(phash || pdq)) FROM visual_fingerprints"


def main() -> None:
    """Measure and print the claim."""
    if sys.argv[1:2] == ["--read"]:
        sys.stdout.write(json.dumps(read(sys.argv[2])))
        return
    on = machine()
    with measured_world() as world:
        fill(world, ROWS)
        started = time.perf_counter()
        world.find(SCAN, "catalogue_owner")
        scan = time.perf_counter() - started
        command = [sys.executable, __file__, "--read", world.urls("catalogue_worker")]
        done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
        told = json.loads(done.stdout)
    if told["rows"] != ROWS:
        raise SystemExit(f"{told['rows']} of {ROWS} rows were read.")
    cost = told["cpu_seconds"] * 1_000_000 / ROWS
    more = told | {"words_an_image": WORDS, "plain_scan_seconds": scan}
    # Of the processor: what others do on the machine is not what a worker needs.
    say(
        [Claim("B6 read a million looks, CPU s", cost, 60, cost / 60, 1, cost <= 60, ROWS, more)],
        on,
    )


def read(url: str) -> dict[str, float]:
    """Build the index as a worker's first question does."""
    database = Database(url)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.perf_counter(), time.process_time()
    with database.transaction() as db:
        held = Held(METHOD)
        held.refresh(db, Moment.now(db))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows, sizes = len(held.index), held.index.held_bytes
    started = time.perf_counter()
    with database.transaction() as db:
        held.refresh(db, Moment.now(db))
    return {
        "rows": rows,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "next_question_ms": 1000 * (time.perf_counter() - started),
        "index_mib": sum(sizes.values()) / 2**20,
        "words_mib": sizes["words"] / 2**20,
        "grew_mib_at_most": (peak - before) / 1024,
    }


def fill(world: World, rows: int) -> None:
    """Write so many looks with their fingerprints."""
    with world.owner.transaction() as db:
        db.execute(text("SET LOCAL statement_timeout = 0"))
        for table in ("fingerprints", "visual_fingerprints"):
            for statement in UNTIED.format(table=table).split(";\nDO", 1):
                db.execute(text(statement if statement.startswith("\nALTER") else "DO" + statement))
        db.execute(text("CREATE TEMP TABLE drawn (n integer, words integer[]) ON COMMIT DROP"))
        words = CHANCE.integers(0, 1 << 24, (DRAWN, WORDS))
        lines = (f"{n}\t{{{','.join(map(str, some))}}}\n" for n, some in enumerate(words.tolist()))
        driver = db.connection().connection.driver_connection
        assert driver is not None  # noqa: S101 - the session has a connection
        with driver.cursor() as cursor, cursor.copy("COPY drawn FROM STDIN") as copy:
            copy.write("".join(lines))
        db.execute(text(PRINTS), {"rows": rows})
        db.execute(text(LOOKS), {"method": METHOD, "drawn": DRAWN})
    with world.owner.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("SET statement_timeout = 0"))
        db.execute(text("VACUUM ANALYZE visual_fingerprints, fingerprints"))


if __name__ == "__main__":
    main()
