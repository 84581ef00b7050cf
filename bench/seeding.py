"""A catalogue of any size: a few assets made by the product, copied by SQL as often as wanted.

What is bypassed, and only here: foreign keys and the stamping triggers are off while copying
(`session_replication_role = replica`, as the superuser of the bench's own server), and the copies'
files do not exist. What stays: the triggers that refuse (a fingerprint before its reading, a
seal without its facts, an unequal pair), for they are ENABLE ALWAYS; CHECKs and unique keys.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from prototypes import make_prototypes
from sqlalchemy.engine import make_url

from app.cli.demo_ground import demo_database
from app.kit.connecting import EMBEDDED_NAME, Addresses

CHUNK = 20_000  # families a transaction
Connection = psycopg.Connection[tuple[Any, ...]]
ON_DISK = ("readings", "fingerprints", "likenesses")

SEEDS = """
CREATE TEMP TABLE seeds ON COMMIT PRESERVE ROWS AS
SELECT s.family, s.proto, s.number, uuidv7() AS asset_id,
       uuidv7() AS reading_id, uuidv7() AS fingerprint_id
  FROM (SELECT g AS family, p.asset_id AS proto, row_number() OVER (ORDER BY g, p.place) AS number
          FROM generate_series(%(low)s::bigint, %(high)s::bigint - 1) g
          JOIN prototypes p ON p.slot = g %% %(slots)s ORDER BY g, p.place) s
"""
EVENTS = """
CREATE TEMP TABLE event_map AS
SELECT asset_id, proto, old_id, uuidv7() AS new_id
  FROM (SELECT s.asset_id, s.proto, e.id AS old_id FROM seeds s
          JOIN events e ON e.asset_id = s.proto ORDER BY s.number, e.id) ordered
"""
NUMBERED = """
INSERT INTO log_entries (log_index, event_id)
SELECT (SELECT coalesce(max(log_index), -1) FROM log_entries) + row_number() OVER (ORDER BY new_id),
       new_id FROM event_map
"""
EVENT_OF = (
    "(SELECT m.new_id FROM event_map m WHERE m.asset_id = s.asset_id AND m.old_id = t.event_id)"
)
TOKEN = "'fs:9:' || (%(base)s + s.number) "  # noqa: S105 - a byte token
# By table: how a copy's columns differ from its prototype's.
OVERRIDES: Mapping[str, Mapping[str, str]] = {
    "events": {"id": "m.new_id", "asset_id": "s.asset_id", "xid": "pg_current_xact_id()"},
    "assets": {
        "id": "s.asset_id",
        "source_identifier": "t.source_identifier || '-' || s.family",
        "event_id": EVENT_OF,
    },
    "locations": {"asset_id": "s.asset_id", "path": "t.path || '-' || s.family"},
    "decision_locks": {"asset_id": "s.asset_id"},
    "provenance_versions": {"asset_id": "s.asset_id", "event_id": EVENT_OF},
    "provenance_heads": {"asset_id": "s.asset_id"},
    "readings": {
        "id": "s.reading_id",
        "asset_id": "s.asset_id",
        "byte_token": f"{TOKEN} || ':' || t.size_bytes || ':1:1'",
        "object_key": TOKEN,
        "read_xid": "pg_current_xact_id()",
        "event_id": EVENT_OF,
    },
    "fingerprints": {
        "id": "s.fingerprint_id",
        "asset_id": "s.asset_id",
        "reading_id": "s.reading_id",
        "sha256": "sha256(t.sha256 || int8send(s.family))",
        "byte_token": f"{TOKEN} || ':' || t.size_bytes || ':1:1'",
        "object_key": TOKEN,
        "computed_xid": "pg_current_xact_id()",
        "event_id": EVENT_OF,
    },
    # Words and keys differ from copy to copy, as those of a real catalogue do; see VOCABULARY.
    "search_facts": {
        "asset_id": "s.asset_id",
        "identifier_key": "t.identifier_key || '-' || s.family",
        "name_key": "'img_' || s.family || '.jpg'",
        "title_key": "chr(20000 + (s.number %% 5000)::int) || s.family",
        "created_from": "date '1930-01-01' + (hashint8(s.family) & 32767)",
        "created_to": "date '1930-01-01' + (hashint8(s.family) & 32767)"
        " + CASE WHEN s.family %% 20 = 0 THEN 3650 ELSE 0 END",
        "size_bytes": "t.size_bytes + (hashint8(s.family) & 16777215)",
        "legal_status": "CASE WHEN s.family %% 1000 = 0 THEN ARRAY['donor_restricted']"
        " ELSE t.legal_status END",
        "format": "CASE WHEN s.family %% 500 = 0 THEN 'PNG' ELSE t.format END",
        "outcome": "CASE WHEN s.family %% 2000 = 0 THEN 'unreadable' ELSE t.outcome END",
    },
    "search_words": {"asset_id": "s.asset_id", "words": "t.words || bench_words(s.family)"},
    "seals": {
        "id": "uuidv7()",
        "asset_id": "s.asset_id",
        "reading_id": "s.reading_id",
        "event_id": EVENT_OF,
    },
    "compared": {
        "asset_id": "s.asset_id",
        "fingerprint_id": "s.fingerprint_id",
        "event_id": EVENT_OF,
    },
    "likenesses": {
        "id": "uuidv7()",
        "a_asset_id": "s.asset_id",
        "a_fingerprint_id": "s.fingerprint_id",
        "b_asset_id": "b.asset_id",
        "b_fingerprint_id": "b.fingerprint_id",
    },
}
# Twelve of 20,000 words and characters a record, few of them common, and some terms as a whole.
VOCABULARY = """
CREATE OR REPLACE FUNCTION bench_words(n bigint) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
  SELECT (string_agg(quote_literal((ARRAY['t', 'd'])[1 + at % 2] || word) || ':' || 500 + at, ' ')
          || CASE WHEN n % 1000 = 0 THEN ' ''=legal_status/donor_restricted''' ELSE '' END
          || CASE WHEN n % 3000 = 0 THEN ' ''=conflict/date_created''' ELSE '' END)::tsvector
    FROM (SELECT at, CASE WHEN at < 6 THEN 'w' || rank
                     ELSE chr(19968 + rank) || chr(19968 + rank * 7 % 20000) END AS word
            FROM (SELECT at, floor(20000 * power(
                         (hashint8extended(n, at) & 1048575) / 1048576.0, 3))::int AS rank
                    FROM generate_series(1, 12) at) ranked) worded
$$
"""
JOINED = {
    "events": "JOIN event_map m ON m.old_id = t.id JOIN seeds s ON s.asset_id = m.asset_id",
    "assets": "JOIN seeds s ON s.proto = t.id",
    "likenesses": "JOIN seeds s ON s.proto = t.a_asset_id"
    " JOIN seeds b ON b.proto = t.b_asset_id AND b.family = s.family",
}
# What a list needs and no more: no documents, no events of their own, nothing behind the reading.
LEAN = (
    "assets",
    "locations",
    "decision_locks",
    "provenance_versions",
    "provenance_heads",
    "readings",
    "search_facts",
    "search_words",
)
LEAN_OVERRIDES = {"statements": "'[]'::jsonb", "raw": "''::bytea", "event_id": "t.event_id"}


@contextmanager
def seeded(home: Path, many: int, *, lean: bool = False) -> Iterator[Addresses]:
    """Hold a server up whose catalogue has at least so many assets; what is there is kept."""
    home.mkdir(parents=True, exist_ok=True)
    with demo_database(home) as found:
        with administrator(found) as db:
            present(db)
        grow(found, home, many, lean=lean)
        yield found


def grow(found: Addresses, home: Path, many: int, *, lean: bool = False) -> None:
    """Copy prototypes until the catalogue has at least so many assets."""
    with administrator(found) as db:
        there = db.execute("SELECT count(*) FROM assets").fetchone()
    started = time.monotonic()
    if there == (0,):
        record(found, make_prototypes(found, home / "sources"))
    while (have := copied(found, many, lean=lean)) < many:
        rate = have / (time.monotonic() - started)
        sys.stderr.write(f"seeded {have:,} of {many:,}; {rate:,.0f}/s\n")
    with administrator(found, autocommit=True) as db:
        db.execute("VACUUM (ANALYZE)")


def present(db: Connection) -> None:
    """Keep the prototypes where a second run finds them, and make seeding quick."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS public.prototypes"
        " (slot integer, place integer, asset_id uuid NOT NULL)"
    )
    db.execute(VOCABULARY)


@contextmanager
def administrator(found: Addresses, *, autocommit: bool = False) -> Iterator[Connection]:
    """Open the bench's own database as its superuser."""
    assert found.administrator is not None  # noqa: S101 - the bench's server is embedded
    url = make_url(found.administrator).set(drivername="postgresql", database=EMBEDDED_NAME)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=autocommit) as db:
        yield db


def record(found: Addresses, families: Sequence[Sequence[UUID]]) -> None:
    """Remember the prototypes by family and place."""
    with administrator(found) as db, db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO prototypes VALUES (%s, %s, %s)",
            [
                (slot, place, asset_id)
                for slot, members in enumerate(families)
                for place, asset_id in enumerate(members)
            ],
        )


def copied(found: Addresses, many: int, *, lean: bool) -> int:
    """Copy one chunk of families, stage after stage; say how many assets there are."""
    tables = LEAN if lean else tuple(OVERRIDES)
    with administrator(found) as db:
        have, slots, protos = db.execute(
            "SELECT (SELECT count(*) FROM assets), count(DISTINCT slot), count(*) FROM prototypes"
        ).fetchone() or (0, 0, 0)
        if have >= many:
            return int(have)
        low = have * slots // protos
        wanted = -(-(many - have) * slots // protos) + slots
        bounds = {"low": low, "high": low + min(CHUNK, wanted), "slots": slots, "base": have + 1000}
        db.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        db.execute(SEEDS, bounds)
        db.execute("ANALYZE seeds")
        if not lean:
            db.execute(EVENTS)
            db.execute("CREATE INDEX ON event_map (asset_id, old_id); ANALYZE event_map")
        for table in tables:
            if table in ON_DISK:  # what comes after is refused in the transaction of what it cites
                db.commit()
            db.execute(statement(db, table, lean=lean), bounds)
        if not lean:
            db.execute(NUMBERED)
        row = db.execute("SELECT count(*) FROM seeds").fetchone()
    return int(have) + (row[0] if row else 0)


def statement(db: Connection, table: str, *, lean: bool) -> str:
    """Write the statement that copies one table's rows of the prototypes."""
    differs = dict(OVERRIDES[table])
    names = [
        name
        for (name,) in db.execute(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            (f"public.{table}",),
        )
    ]
    if lean:
        differs |= {k: v for k, v in LEAN_OVERRIDES.items() if k in names}
    chosen = ", ".join(differs.get(name, f't."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    joined = JOINED.get(table, "JOIN seeds s ON s.proto = t.asset_id")
    return f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table} t {joined}"  # noqa: S608


if __name__ == "__main__":
    with seeded(Path(sys.argv[1]), int(sys.argv[2]), lean="--lean" in sys.argv) as at:
        sys.stdout.write(f"{at.administrator}\n")
