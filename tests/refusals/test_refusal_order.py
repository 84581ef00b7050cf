"""No stage can be skipped, and nothing is hashed before its reading was committed (P1)."""

from uuid import uuid4

import pytest
from attacks import (
    CHECK,
    FOREIGN_KEY,
    PRIVILEGE,
    City,
    Refused,
    a_compared,
    a_fingerprint,
    a_likeness,
    a_reading,
    a_seal,
    allowed,
    insert,
    refusal,
    run,
)

WORKER, API, OWNER = "catalogue_worker", "catalogue_api", "catalogue_owner"
AFTER = Refused(CHECK, "fingerprints_after_reading", None)


def missing(constraint: str) -> Refused:
    return Refused(FOREIGN_KEY, constraint, None)


# -- what is in order passes, so that the refusals below are not refused for another reason ------


def test_each_row_passes_while_nothing_is_wrong_with_it(city: City) -> None:
    read = city.reading_of(city.read)
    token = city.ask("SELECT byte_token FROM readings WHERE id = :r", r=read)
    hashed = a_fingerprint(city, city.read, reading_id=read, byte_token=token)
    allowed(city, WORKER, insert("readings", a_reading(city, city.registered)))
    allowed(
        city,
        WORKER,
        insert("fingerprints", hashed),
        insert("compared", a_compared(city, city.read, fingerprint_id=hashed["id"])),
    )
    [[draft]] = city.world.find("SELECT id FROM policy_versions WHERE document_id = 'newsroom'")
    seal = a_seal(city, city.sealed, reading_id=city.reading_of(city.sealed))
    allowed(city, WORKER, insert("seals", seal | {"policy_version_id": draft}))
    pair = a_likeness(city, city.sealed, city.copy, standard_id=draft)
    allowed(city, WORKER, insert("likenesses", pair))


# -- skipped stages ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_no_fingerprint_without_a_reading(city: City, role: str) -> None:
    row = a_fingerprint(city, city.registered, reading_id=uuid4())
    refused = refusal(city, role, insert("fingerprints", row))
    assert refused.constraint == "fingerprints_after_reading"


@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_no_fingerprint_by_another_assets_reading(city: City, role: str) -> None:
    row = a_fingerprint(city, city.registered, reading_id=city.reading_of(city.sealed))
    refused = refusal(city, role, insert("fingerprints", row))
    assert refused.constraint == "fingerprints_after_reading"


def test_no_reading_of_an_asset_without_a_record_that_states_its_legal_status(city: City) -> None:
    row = a_reading(city, city.registered, provenance_version=7)
    assert refusal(city, WORKER, insert("readings", row)) == missing(
        "fk_readings_asset_id_provenance_version"
    )
    row = a_reading(city, uuid4())
    assert refusal(city, WORKER, insert("readings", row)) == missing(
        "fk_readings_asset_id_provenance_version"
    )


def test_no_comparison_without_a_fingerprint(city: City) -> None:
    row = a_compared(city, city.registered, fingerprint_id=uuid4())
    assert refusal(city, WORKER, insert("compared", row)) == missing(
        "fk_compared_asset_id_fingerprint_id"
    )
    row = a_compared(city, city.registered, fingerprint_id=city.fingerprint_of(city.sealed))
    assert refusal(city, WORKER, insert("compared", row)) == missing(
        "fk_compared_asset_id_fingerprint_id"
    )


@pytest.mark.parametrize("side", ["a", "b"])
def test_no_likeness_without_both_fingerprints(city: City, side: str) -> None:
    row = a_likeness(city, city.sealed, city.copy) | {f"{side}_fingerprint_id": uuid4()}
    refused = refusal(city, WORKER, insert("likenesses", row))
    assert refused.constraint == "likenesses_exact_is_equal"


def test_no_likeness_by_another_assets_fingerprint(city: City) -> None:
    pair = a_likeness(city, city.sealed, city.copy)
    row = pair | {"b_fingerprint_id": pair["a_fingerprint_id"], "same_object": True}
    assert refusal(city, WORKER, insert("likenesses", row)) == missing(
        "fk_likenesses_b_asset_id_b_fingerprint_id"
    )


@pytest.mark.parametrize("role", [API, WORKER])
def test_no_asset_without_its_source_system_and_department(city: City, role: str) -> None:
    row = {
        "source_system": "archive-store",
        "source_identifier": "x",
        "department": "archive",
        "original_name": "x",
        "registered_facts": "x",
        "registered_by": "x",
        "event_id": city.event,
    }
    allowed(city, role, insert("assets", row))
    for wrong in ({"source_system": "nowhere"}, {"department": "museum"}):
        assert refusal(city, role, insert("assets", row | wrong)) == missing(
            "fk_assets_source_system_department"
        )


# -- the fingerprint in its reading's own transaction --------------------------------------------


def test_not_in_the_readings_own_transaction(city: City) -> None:
    read = a_reading(city, city.registered)
    row = a_fingerprint(city, city.registered, reading_id=read["id"])
    for role in (WORKER, OWNER):
        attack = insert("readings", read), insert("fingerprints", row)
        assert refusal(city, role, *attack) == AFTER


def test_not_under_a_savepoint(city: City) -> None:
    read = a_reading(city, city.registered)
    row = a_fingerprint(city, city.registered, reading_id=read["id"])
    around_reading = ("SAVEPOINT s", insert("readings", read), "RELEASE SAVEPOINT s")
    assert refusal(city, WORKER, *around_reading, insert("fingerprints", row)) == AFTER
    around_hash = (insert("readings", read), "SAVEPOINT s", insert("fingerprints", row))
    assert refusal(city, WORKER, *around_hash) == AFTER


ONE_STATEMENT = """
WITH first AS (
  INSERT INTO readings (id, asset_id, ordinal, provenance_version, outcome, byte_token, object_key,
    size_bytes, tool, tool_version, limited, statements, raw, event_id)
  VALUES (:reading, :asset, 99, 1, 'read', 'token', 'object', 1, 'x', '1', false, '[]', '', :event)
  RETURNING asset_id, id
)
INSERT INTO fingerprints (asset_id, reading_id, sha256, size_bytes, byte_token, object_key, tool,
  tool_version, event_id)
"""
AFTER_THE_READING = "SELECT asset_id, id, :sha, 1, 'token', 'object', 'x', '1', :event FROM first"
BEFORE_THE_READING = "VALUES (:asset, :reading, :sha, 1, 'token', 'object', 'x', '1', :event)"


@pytest.mark.parametrize("then", [AFTER_THE_READING, BEFORE_THE_READING], ids=["after", "before"])
@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_not_in_one_statement_with_the_reading(city: City, role: str, then: str) -> None:
    values = {"reading": uuid4(), "asset": city.registered, "sha": bytes(32), "event": city.event}
    assert refusal(city, role, (ONE_STATEMENT + then, values)).constraint in {
        "fingerprints_after_reading",
        "fk_fingerprints_asset_id_reading_id",
    }


# -- forged or unknown stamps ----------------------------------------------------------------------


@pytest.mark.parametrize("role", [WORKER, API])
@pytest.mark.parametrize("column", ["read_xid", "read_at"])
def test_a_readings_stamps_cannot_be_brought(city: City, role: str, column: str) -> None:
    row = a_reading(city, city.registered) | {column: "1" if column == "read_xid" else "now"}
    assert refusal(city, role, insert("readings", row)).state == PRIVILEGE


@pytest.mark.parametrize("role", [WORKER, API])
@pytest.mark.parametrize("column", ["computed_xid", "computed_at"])
def test_a_fingerprints_stamps_cannot_be_brought(city: City, role: str, column: str) -> None:
    forged = "1" if column == "computed_xid" else "now"
    row = a_fingerprint(city, city.read, reading_id=city.reading_of(city.read)) | {column: forged}
    assert refusal(city, role, insert("fingerprints", row)).state == PRIVILEGE


def test_the_owners_forged_stamps_are_overwritten(city: City) -> None:
    read = a_reading(city, city.registered, read_xid="3", read_at="2001-01-01")
    row = a_fingerprint(city, city.registered, reading_id=read["id"])
    forged = row | {"computed_xid": "3", "computed_at": "2001-01-01"}
    assert refusal(city, OWNER, insert("readings", read), insert("fingerprints", forged)) == AFTER
    token = city.ask("SELECT byte_token FROM readings WHERE asset_id = :a", a=city.read)
    known = {"reading_id": city.reading_of(city.read), "asset_id": city.read, "byte_token": token}
    with city.at_hand(OWNER) as connection:
        run(connection, [insert("fingerprints", forged | known)])
        stamped = connection.execute(
            "SELECT computed_xid = pg_current_xact_id(), computed_at > now() - interval '1 minute'"
            " FROM fingerprints WHERE id = %s",
            [row["id"]],
        ).fetchone()
    assert stamped == (True, True)


def test_a_reading_of_unknown_transaction_lets_nothing_be_hashed(city: City) -> None:
    asset = city.world.an_asset(city.world.system("archive-store"))
    row = a_reading(city, asset)
    with city.connect("postgres") as connection:
        unstamped = insert("readings", row | {"read_at": "2026-01-01"})
        run(connection, ["SET LOCAL session_replication_role = replica", unstamped])
    assert city.ask("SELECT read_xid IS NULL FROM readings WHERE id = :r", r=row["id"])
    hashed = insert("fingerprints", a_fingerprint(city, asset, reading_id=row["id"]))
    for role in (WORKER, OWNER):
        assert refusal(city, role, hashed) == AFTER
    replica = "SET LOCAL session_replication_role = replica"
    stamped = a_fingerprint(city, asset, reading_id=row["id"], computed_at="2026-01-01")
    assert refusal(city, "postgres", replica, insert("fingerprints", stamped)) == AFTER


def test_only_the_bytes_that_were_read_are_hashed(city: City) -> None:
    row = a_fingerprint(
        city,
        city.read,
        reading_id=city.reading_of(city.read),
        byte_token="another",  # noqa: S106
    )
    for role in (WORKER, OWNER):
        assert refusal(city, role, insert("fingerprints", row)) == Refused(
            CHECK, "fingerprints_same_bytes", None
        )


def test_a_digest_is_one(city: City) -> None:
    row = a_fingerprint(city, city.read, reading_id=city.reading_of(city.read), sha256=b"short")
    row["byte_token"] = city.ask(
        "SELECT byte_token FROM readings WHERE id = :r", r=row["reading_id"]
    )
    assert refusal(city, WORKER, insert("fingerprints", row)).constraint == "ck_fingerprints_sha256"
