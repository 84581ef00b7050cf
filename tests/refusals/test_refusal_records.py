"""Records, roots, locks: what no client leaves empty, overlaps, moves back or takes away."""

import threading
import time
from uuid import uuid4

import psycopg
import pytest
from attacks import CHECK, City, Row, allowed, bound, insert, refusal, run

API, WORKER, OWNER = "catalogue_api", "catalogue_worker", "catalogue_owner"
NEXT_ONLY = "provenance_heads_next_version_only"
APART = "source_systems_roots_apart"


def a_version(city: City, **changed: object) -> Row:
    row: Row = {
        "asset_id": city.registered,
        "version": 60,
        "legal_status": ["archival_record"],
        "legal_basis": ["x"],
        "codes": ["x"],
        "confirmed": ["x"],
        "asserted_count": 0,
        "recorded_by": "x",
        "event_id": city.event,
        "statements": {},
        "resolutions": {},
        "change": {},
    }
    return row | changed


@pytest.mark.parametrize("role", [API, WORKER, OWNER])
@pytest.mark.parametrize("nothing", [[], [""], ["archival_record", ""], [None]])
def test_a_legal_status_is_never_empty(city: City, role: str, nothing: list[str | None]) -> None:
    allowed(city, role, insert("provenance_versions", a_version(city)))
    row = a_version(city, legal_status=nothing)
    assert refusal(city, role, insert("provenance_versions", row)).constraint == (
        "ck_provenance_versions_legal_status"
    )


def test_a_legal_status_is_never_left_out(city: City) -> None:
    for row in (a_version(city, legal_status=None), a_version(city)):
        if row["legal_status"]:
            del row["legal_status"]
        refused = refusal(city, WORKER, insert("provenance_versions", row))
        assert refused.column == "legal_status"


@pytest.mark.parametrize("role", [API, WORKER, OWNER])
def test_the_head_moves_to_the_next_version_only(city: City, role: str) -> None:
    head = city.head_of(city.sealed)
    assert head >= 2
    versions = [
        insert("provenance_versions", a_version(city, asset_id=city.sealed, version=number))
        for number in (head + 1, head + 2)
    ]
    move = "UPDATE provenance_heads SET version = :to WHERE asset_id = :a"
    allowed(city, role, *versions, (move, {"to": head + 1, "a": city.sealed}))
    for wrong in (head - 1, head, head + 2):
        refused = refusal(city, role, *versions, (move, {"to": wrong, "a": city.sealed}))
        assert (refused.state, refused.constraint) == (CHECK, NEXT_ONLY)


def test_the_head_is_never_anothers(city: City) -> None:
    move = "UPDATE provenance_heads SET asset_id = :b, version = version + 1 WHERE asset_id = :a"
    values = {"a": city.sealed, "b": city.registered}
    assert refusal(city, OWNER, (move, values)).constraint == NEXT_ONLY


def test_the_head_is_a_version_that_is_there(city: City) -> None:
    move = "UPDATE provenance_heads SET version = version + 1 WHERE asset_id = :a"
    assert refusal(city, WORKER, (move, {"a": city.sealed})).constraint == (
        "fk_provenance_heads_asset_id_version"
    )


# -- storage roots ---------------------------------------------------------------------------------


def a_system(city: City, root: str, department: str = "museum") -> Row:
    return {
        "code": f"s-{uuid4().hex}",
        "department": department,
        "label": {},
        "root": root,
        "custody_kind": "department",
        "failure_domain": "x",
        "removable": False,
        "event_id": city.event,
    }


@pytest.mark.parametrize("role", [API, OWNER])
def test_roots_of_two_departments_do_not_overlap(city: City, role: str) -> None:
    root = city.ask("SELECT root FROM source_systems WHERE code = 'archive-store'")
    outer = root.removesuffix("archive-store/")
    for overlapping in (root, f"{root}inner/", outer):
        row = a_system(city, overlapping)
        assert refusal(city, role, insert("source_systems", row)).constraint == APART
    allowed(city, role, insert("source_systems", a_system(city, f"{root[:-1]}-beside/")))
    own = a_system(city, f"{root}inner/", department="archive")
    allowed(city, role, insert("source_systems", own))


def test_a_root_is_not_moved_into_another_departments(city: City) -> None:
    move = (
        "UPDATE source_systems SET root = (SELECT root FROM source_systems WHERE code ="
        " 'archive-store') || 'inner/' WHERE code = 'museum-store'"
    )
    assert refusal(city, OWNER, move).constraint == APART


def test_no_root_is_added_under_a_snapshot_from_before_the_lock(city: City) -> None:
    with city.connect(API) as connection:
        run(connection, ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"])
        with pytest.raises(psycopg.Error) as refused:
            run(
                connection,
                [insert("source_systems", a_system(city, f"file:///srv/{uuid4().hex}/"))],
            )
    assert refused.value.diag.constraint_name == APART


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "SERIALIZABLE"])
def test_two_at_the_same_time_do_not_overlap_either(city: City, isolation: str) -> None:
    root = f"file:///srv/{uuid4().hex}/"
    first = a_system(city, root)
    second = a_system(city, f"{root}inner/", department="archive")
    with city.connect(API) as one, city.connect(API) as other:
        for connection in (one, other):
            run(
                connection, [f"SET TRANSACTION ISOLATION LEVEL {isolation}", "SELECT 1 FROM assets"]
            )
        run(one, [insert("source_systems", first)])
        waiting = threading.Timer(0.2, one.commit)
        waiting.start()
        begun = time.monotonic()
        with pytest.raises(psycopg.Error) as refused:
            run(other, [insert("source_systems", second)])
        waiting.join()
        assert time.monotonic() - begun > 0.1, "the second did not wait for the first"
        other.rollback()
    assert refused.value.diag.constraint_name == APART or isolation != "READ COMMITTED"


@pytest.mark.parametrize("root", ["/srv/x/", "file:///srv/x", "http://host/", "srv/x/"])
def test_a_root_is_a_folder_of_this_machine(city: City, root: str) -> None:
    assert refusal(city, API, insert("source_systems", a_system(city, root))).constraint == (
        "ck_source_systems_root"
    )


# -- decision locks ------------------------------------------------------------------------------


def test_each_asset_has_its_decision_lock(city: City) -> None:
    without = (
        "SELECT count(*) FROM assets a LEFT JOIN decision_locks l ON l.asset_id = a.id"
        " WHERE l.asset_id IS NULL"
    )
    assert city.ask("SELECT count(*) FROM assets") > 5
    assert city.ask(without) == 0


@pytest.mark.parametrize("attack", ["DELETE FROM decision_locks", "TRUNCATE decision_locks"])
def test_a_decision_lock_stays(city: City, attack: str) -> None:
    for role in (API, WORKER):
        assert refusal(city, role, attack).state == "42501"
    for before in ((), ("SET LOCAL session_replication_role = replica",)):
        who = "postgres" if before else OWNER
        assert refusal(city, who, *before, attack).constraint == "decision_locks_append_only"


@pytest.mark.parametrize("role", [API, WORKER])
def test_decision_locks_are_taken_in_the_judging_role_alone(city: City, role: str) -> None:
    take = "SELECT 1 FROM decision_locks ORDER BY asset_id FOR UPDATE"
    assert refusal(city, role, take).state == "42501"
    allowed(city, role, "SET LOCAL ROLE catalogue_judge", take)


# -- keys of two parts -----------------------------------------------------------------------------


COMPOSITE = """
SELECT c.conrelid::regclass::text, c.conname, a.attname::text, a.attnotnull
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
 WHERE c.contype = 'f' AND cardinality(c.conkey) > 1 ORDER BY 1, 2, 3
"""
WRITTEN = """
SELECT string_agg(attname, ', ') FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def test_no_part_of_a_composite_key_can_be_null(city: City) -> None:
    """A NULL in one part would switch the whole foreign key off."""
    with city.at_hand(OWNER) as connection:
        parts = connection.execute(COMPOSITE).fetchall()
        assert len(parts) >= 20
        for table, constraint, column, not_null in parts:
            assert not_null, f"{constraint}: {column} may be NULL"
            refused = refuse_null(connection, table, column)
            # A guard that runs before the column's own check may refuse it first.
            known = {("23502", column), ("23514", None), None}
            assert refused in known, f"{constraint}: {column} may be NULL"


def refuse_null(
    connection: psycopg.Connection[tuple[object, ...]], table: str, column: str
) -> tuple[str | None, str | None] | None:
    """Copy a row that is there, with one part NULL; None where there is no row to copy."""
    connection.execute("SAVEPOINT before")
    columns = connection.execute(WRITTEN, [table]).fetchone()
    assert columns is not None
    try:
        copied = connection.execute(
            bound(
                f"CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT * FROM {table} LIMIT 1;"  # noqa: S608
                f"UPDATE copied SET {column} = NULL;"
                f"INSERT INTO {table} ({columns[0]}) SELECT {columns[0]} FROM copied"
            )
        )
        assert copied.rowcount == 0
    except psycopg.Error as error:
        return error.sqlstate, error.diag.column_name
    finally:
        connection.execute("ROLLBACK TO before")
    return None
