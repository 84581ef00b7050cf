"""Many assets at once, each a likeness of one that travelled the whole way: for what is large."""

from uuid import UUID

from sqlalchemy import create_engine, text
from world import World

# As a superuser and as a replica, so that stamps and foreign keys are copied and not made anew.
BEGIN = "SET session_replication_role = replica"
MANY = """
CREATE TABLE backlog AS
SELECT n, uuidv7(ago) AS asset_id, uuidv7(ago) AS reading_id, uuidv7(ago) AS fingerprint_id
  FROM (SELECT n, make_interval(secs => (n - :many) * :spread) AS ago
          FROM generate_series(1, :many) n) x
"""
COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ')
  FROM information_schema.columns WHERE table_name = :table AND table_schema = 'public'
   AND is_generated = 'NEVER' AND NOT column_name = ANY(:other)
"""
COPY = """
INSERT INTO {table} ({own}{columns})
SELECT {values}{columns} FROM {table} t CROSS JOIN backlog b WHERE t.{key} = '{like}'
ON CONFLICT DO NOTHING
"""
TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "assets": ("id", {"id": "b.asset_id", "source_identifier": "'copy ' || b.n"}),
    "decision_locks": ("asset_id", {"asset_id": "b.asset_id"}),
    "provenance_versions": ("asset_id", {"asset_id": "b.asset_id"}),
    "provenance_heads": ("asset_id", {"asset_id": "b.asset_id"}),
    "readings": (
        "asset_id",
        {"id": "b.reading_id", "asset_id": "b.asset_id", "statements": "'[]'"},
    ),
    "fingerprints": (
        "asset_id",
        {
            "id": "b.fingerprint_id",
            "asset_id": "b.asset_id",
            "reading_id": "b.reading_id",
            "sha256": "sha256(b.asset_id::text::bytea)",
        },
    ),
    "surroundings": ("asset_id", {"asset_id": "b.asset_id"}),
    "compared": (
        "asset_id",
        {"asset_id": "b.asset_id", "fingerprint_id": "b.fingerprint_id"},
    ),
    "seals": (
        "asset_id",
        {"id": "uuidv7()", "asset_id": "b.asset_id", "reading_id": "b.reading_id"},
    ),
}


def make_backlog(world: World, like: UUID, many: int, *, spread: float = 1.0) -> None:
    """Make so many assets like one, registered one every `spread` seconds up to now."""
    engine = create_engine(world.urls("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(BEGIN))
        connection.execute(text(MANY), {"many": many, "spread": spread})
        for table, (key, own) in TABLES.items():
            asked = {"table": table, "other": list(own)}
            columns = connection.scalar(text(COLUMNS), asked)
            statement = COPY.format(
                table=table,
                own=", ".join(own),
                columns=f", {columns}" if columns else "",
                values=", ".join(own.values()),
                key=key,
                like=like,
            )
            connection.exec_driver_sql(statement)
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
