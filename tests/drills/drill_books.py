"""Audits: what was promised, what is there, what was told, each by SQL over the tables."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, text

LOST = {
    "acknowledged and not there": """
        SELECT count(*) FROM promised p WHERE NOT EXISTS (
          SELECT FROM assets a WHERE a.source_identifier = p.identifier)""",
    "a copy without the first version of its record": """
        SELECT count(*) FROM assets a WHERE NOT EXISTS (
          SELECT FROM provenance_versions v WHERE v.asset_id = a.id AND v.version = 1)""",
    "read and not hashed, or hashed and not compared": """
        SELECT count(*) FROM readings r WHERE NOT EXISTS (
          SELECT FROM fingerprints f JOIN compared c ON c.fingerprint_id = f.id
           WHERE f.reading_id = r.id)""",
    "neither read nor seen": """
        SELECT count(*) FROM assets a
         WHERE NOT EXISTS (SELECT FROM readings r WHERE r.asset_id = a.id)
           AND NOT EXISTS (SELECT FROM sightings s WHERE s.asset_id = a.id)""",
}
DUPLICATED = {
    "two registrations told of one copy": """
        SELECT count(*) FROM (SELECT asset_id FROM events WHERE kind = 'ing'
          GROUP BY asset_id HAVING count(*) > 1) x""",
    "two copies of one name": """
        SELECT count(*) FROM (SELECT source_system, source_identifier FROM assets
          GROUP BY 1, 2 HAVING count(*) > 1) x""",
    "the same bytes read twice": """
        SELECT count(*) FROM (SELECT asset_id, byte_token, tool, tool_version FROM readings
          GROUP BY 1, 2, 3, 4 HAVING count(*) > 1) x""",
    "two fingerprints of one reading": """
        SELECT count(*) FROM (SELECT reading_id FROM fingerprints
          GROUP BY 1 HAVING count(*) > 1) x""",
    "a comparison told twice": """
        SELECT count(*) FROM (SELECT asset_id, document FROM events WHERE kind = 'ffa'
          GROUP BY 1, 2 HAVING count(*) > 1) x""",
    "one pair twice": """
        SELECT count(*) FROM (SELECT a_asset_id, b_asset_id FROM likenesses
          GROUP BY 1, 2 HAVING count(*) > 1) x""",
    "one reading entered twice": """
        SELECT count(*) FROM (SELECT asset_id, change->>'reading' FROM provenance_versions
          WHERE change->>'reading' IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) x""",
}
DISORDERED = {
    "hashed in the reading's own transaction, or before it": """
        SELECT count(*) FROM fingerprints f JOIN readings r ON r.id = f.reading_id
          JOIN events e ON e.id = r.event_id JOIN events h ON h.id = f.event_id
         WHERE f.computed_xid = r.read_xid OR r.read_xid IS NULL OR f.computed_at <= r.read_at
            OR h.xid = e.xid""",
    "numbered against the order of an image's life": """
        SELECT count(*) FROM (
          SELECT e.asset_id,
                 min(l.log_index) FILTER (WHERE kind = 'ing') AS ing,
                 min(l.log_index) FILTER (WHERE kind = 'mee') AS mee,
                 min(l.log_index) FILTER (WHERE kind = 'mes') AS mes,
                 min(l.log_index) FILTER (WHERE kind = 'ffa') AS ffa
            FROM events e JOIN log_entries l ON l.event_id = e.id
           WHERE e.asset_id IS NOT NULL GROUP BY 1) x
         WHERE NOT (ing < coalesce(mee, ing + 1) AND coalesce(mee < mes, mes IS NULL)
                    AND coalesce(mes < ffa, ffa IS NULL))""",
    "numbers left out, or events without one": """
        SELECT (SELECT coalesce(max(log_index) + 1, 0) - count(*) FROM log_entries)
             + (SELECT count(*) FROM events) - (SELECT count(*) FROM log_entries)""",
    "a version left out, or a head that is not the last": """
        SELECT count(*) FROM (SELECT v.asset_id, count(*) AS n, max(v.version) AS last
          FROM provenance_versions v GROUP BY 1) x
          FULL JOIN provenance_heads h ON h.asset_id = x.asset_id
         WHERE n IS DISTINCT FROM last OR last IS DISTINCT FROM h.version""",
}
STATES = {  # kind of event: the table whose row it tells of, and how the two are matched
    "ing": ("assets", "t.id = e.asset_id"),
    "mee": ("readings", "t.asset_id = e.asset_id"),
    "mes": ("fingerprints", "t.asset_id = e.asset_id"),
    "x:picture": ("visual_fingerprints", "t.asset_id = e.asset_id"),
    "x:pixels": ("pixel_digests", "t.asset_id = e.asset_id"),
    "ffa": ("compared", "t.asset_id = e.asset_id"),
    "x:seal": ("seals", "t.asset_id = e.asset_id"),
    "x:likeness": ("likenesses", "true"),
    "mem": ("provenance_versions", "t.asset_id = e.asset_id"),
    "x:sighting": ("sightings", "t.asset_id = e.asset_id"),
    "x:loss-report": ("sightings", "t.asset_id = e.asset_id"),
}
KINDS = {  # of the event that a row cites
    "provenance_versions": "('ing', 'mem')",
    "sightings": "('x:sighting', 'x:loss-report')",
}
WITHOUT_STATE = """
SELECT count(*) FROM events e WHERE e.kind = '{kind}'
   AND NOT EXISTS (SELECT FROM {table} t WHERE t.event_id = e.id AND {match})
"""
WITHOUT_EVENT = """
SELECT count(*) FROM {table} t
 WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = t.event_id AND e.kind IN {kinds} AND {match})
"""
# What an event says, held against the row: the tables can be rebuilt from the events.
RETOLD = {
    "a version whose event tells another change": """
        SELECT count(*) FROM provenance_versions v JOIN events e ON e.id = v.event_id
         WHERE e.kind = 'mem' AND convert_from(e.document, 'UTF8')::jsonb
               IS DISTINCT FROM v.change || jsonb_build_object('version', v.version)""",
    "a copy whose event tells other facts": """
        SELECT count(*) FROM assets a JOIN events e ON e.id = a.event_id
         WHERE convert_from(e.document, 'UTF8')::jsonb->'registered'->>'source_identifier'
               IS DISTINCT FROM a.source_identifier""",
    "a fingerprint whose event tells another digest": """
        SELECT count(*) FROM fingerprints f JOIN events e ON e.id = f.event_id
         WHERE convert_from(e.document, 'UTF8')::jsonb->>'sha256'
               IS DISTINCT FROM encode(f.sha256, 'hex')""",
}


def books(connection: Connection, acknowledged: Sequence[str]) -> dict[str, Mapping[str, int]]:
    """Audit a database at rest; every figure that is not zero is a broken promise."""

    def count(statement: str) -> int:
        return int(connection.exec_driver_sql(statement).scalar_one())

    connection.exec_driver_sql("CREATE TEMP TABLE promised (identifier text) ON COMMIT DROP")
    rows = [{"identifier": one} for one in acknowledged]
    connection.execute(text("INSERT INTO promised VALUES (:identifier)"), rows)
    return {
        "lost": {name: count(said) for name, said in LOST.items()},
        "duplicated": {name: count(said) for name, said in DUPLICATED.items()},
        "order_violations": {name: count(said) for name, said in DISORDERED.items()},
        "events_without_state": events_without_state(count),
        "state_without_events": state_without_events(count),
    }


def events_without_state(count: Callable[[str], int]) -> Mapping[str, int]:
    """Count events of each kind whose row is not there, and those that tell another than it."""
    found = {
        f"{kind} without {table}": count(WITHOUT_STATE.format(kind=kind, table=table, match=match))
        for kind, (table, match) in STATES.items()
    }
    return found | {name: count(said) for name, said in RETOLD.items()}


def state_without_events(count: Callable[[str], int]) -> Mapping[str, int]:
    """Count rows whose event is not there, or is of another kind or asset."""
    return {
        table: count(
            WITHOUT_EVENT.format(table=table, kinds=KINDS.get(table, f"('{kind}')"), match=match)
        )
        for kind, (table, match) in STATES.items()
    }
