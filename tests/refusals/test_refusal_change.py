"""What was written stays as it was written, for every role (P9)."""

import pytest
from attacks import APPEND_ONLY, PRIVILEGE, City, allowed, refusal

APPEND_ONLY_TABLES = [
    "installation",
    "events",
    "log_entries",
    "policy_versions",
    "former_identities",
    "withdrawals",
    "locations",
    "sightings",
    "provenance_versions",
    "series",
    "series_statements",
    "readings",
    "seals",
    "fingerprints",
    "compared",
    "likenesses",
    "visual_fingerprints",
    "pixel_digests",
    "looked_alike",
    "measurements",
    "judged_facts",
    "dismissed_pairs",
    "repetitions",
    "import_results",
    "operation_steps",
    "upload_parts",
    "kept_locations",
    "claim_checks",
    "thumbnail_requests",
    "thumbnails",
    "set_aside",
    "set_aside_releases",
    "rereadings",
    "policy_drafts",
    "policy_proposals",
    "policy_approvals",
    "simulation_parts",
    "simulation_changes",
]
STAYING = [
    "assets",
    "provenance_heads",
    "decision_locks",
    "uploads",
    "kept_objects",
]  # changed, never removed
APPLICATION = ("catalogue_api", "catalogue_worker")
JUDGE = "SET LOCAL ROLE catalogue_judge"
REPLICA = "SET LOCAL session_replication_role = replica"
REMOVALS = ["DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
ATTACKS = ["UPDATE {table} SET {column} = {column}", *REMOVALS]


def column_of(city: City, table: str) -> str:
    """Return a table's first column."""
    first = "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass) AND attnum = 1"
    found: str = city.ask(first, t=table)
    return found


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_no_application_role_may_change_it(city: City, table: str) -> None:
    for attack in ATTACKS:
        statement = attack.format(table=table, column=column_of(city, table))
        for role in APPLICATION:
            assert refusal(city, role, statement).state == PRIVILEGE
            assert refusal(city, role, JUDGE, statement).state == PRIVILEGE
    for role in (*APPLICATION, "catalogue_judge"):
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            may = "has_table_privilege(:r, :t, :p)"
            if right == "UPDATE":
                may = "has_any_column_privilege(:r, :t, :p)"
            assert not city.ask(f"SELECT {may}", r=role, t=table, p=right)


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_the_owner_is_refused_by_trigger(city: City, table: str) -> None:
    for attack in ATTACKS:
        statement = attack.format(table=table, column=column_of(city, table))
        refused = refusal(city, "catalogue_owner", statement)
        assert (refused.state, refused.constraint) == (APPEND_ONLY, f"{table}_append_only")


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_the_trigger_is_not_switched_off_as_a_replica(city: City, table: str) -> None:
    for attack in ATTACKS:
        statement = attack.format(table=table, column=column_of(city, table))
        refused = refusal(city, "postgres", REPLICA, statement)
        assert (refused.state, refused.constraint) == (APPEND_ONLY, f"{table}_append_only")


@pytest.mark.parametrize("table", STAYING)
@pytest.mark.parametrize("attack", REMOVALS)
def test_heads_and_locks_are_not_removed(city: City, table: str, attack: str) -> None:
    statement = attack.format(table=table)
    for role in APPLICATION:
        assert refusal(city, role, statement).state == PRIVILEGE
        assert refusal(city, role, JUDGE, statement).state == PRIVILEGE
    for before in ((), (REPLICA,)):
        who = "postgres" if before else "catalogue_owner"
        assert refusal(city, who, *before, statement).constraint == f"{table}_append_only"


def test_an_insert_that_turns_into_an_update_is_one(city: City) -> None:
    upsert = (
        "INSERT INTO compared SELECT * FROM compared"
        " ON CONFLICT (asset_id, fingerprint_id, standard_id)"
        " DO UPDATE SET event_id = excluded.event_id"
    )
    assert refusal(city, "catalogue_worker", upsert).state == PRIVILEGE
    assert refusal(city, "catalogue_owner", upsert).constraint == "compared_append_only"
    merge = (
        "MERGE INTO compared c USING compared d ON c.asset_id = d.asset_id WHEN MATCHED THEN DELETE"
    )
    assert refusal(city, "catalogue_worker", merge).state == PRIVILEGE
    assert refusal(city, "catalogue_owner", merge).constraint == "compared_append_only"


def test_every_table_is_append_only_but_for_those_that_are_meant_to_change(city: City) -> None:
    ours = city.ask(
        "SELECT array_agg(c.relname::text) FROM pg_class c WHERE c.relkind = 'r'"
        " AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'procrastinate%'"
    )
    changing = {"alembic_version", "operations", "departments", "persons", "api_keys"}
    changing |= {"source_systems", "log_watermarks", "imports", "import_chunks"}
    changing |= {"hindrances", "sweeps", "surroundings", "reread_assets", "simulations"}
    changing |= {"search_facts", "search_words"}  # a projection: written anew with each version
    changing |= {"idempotency_keys"}  # never changed, and removed when they are old
    assert set(ours) == {*APPEND_ONLY_TABLES, *STAYING, *changing}


@pytest.mark.parametrize("role", APPLICATION)
def test_what_does_change_is_changed_by_column_only(city: City, role: str) -> None:
    for statement in (
        "UPDATE persons SET name = name",
        "UPDATE api_keys SET roles = roles",
        "UPDATE api_keys SET expires_at = expires_at",
        "UPDATE api_keys SET department = department",
        "UPDATE departments SET code = code",
        "UPDATE source_systems SET root = root",
        "UPDATE operations SET kind = kind",
        "UPDATE imports SET key_id = key_id",
        "UPDATE imports SET roles = roles",
        "UPDATE imports SET scanned_system = scanned_system",
        "UPDATE import_chunks SET content = content",
        "UPDATE imports SET instructions = instructions",
        "UPDATE assets SET original_name = original_name",
        "UPDATE assets SET department = department",
        "UPDATE assets SET registered_facts = registered_facts",
        "UPDATE assets SET event_id = event_id",
        "DELETE FROM imports",
        "UPDATE search_facts SET outcome = outcome",
        "UPDATE search_facts SET asset_id = asset_id",
        "DELETE FROM search_facts",
        "DELETE FROM search_words",
        "UPDATE surroundings SET asset_id = asset_id",
        "DELETE FROM surroundings",
        "DELETE FROM reread_assets",
        "DELETE FROM simulations",
        "UPDATE provenance_heads SET asset_id = asset_id",
        "DELETE FROM api_keys",
        "DELETE FROM departments",
        "DELETE FROM log_watermarks",
    ):
        assert refusal(city, role, statement).state == PRIVILEGE
    allowed(city, "catalogue_api", "UPDATE api_keys SET revoked_at = revoked_at")
