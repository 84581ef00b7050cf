"""The application's roles stay what they are: none becomes the owner, none makes the rules."""

import psycopg
import pytest
from attacks import PRIVILEGE, City, allowed, refusal

APPLICATION = ["catalogue_api", "catalogue_worker"]
LOGINS = [*APPLICATION, "catalogue_owner"]
JUDGE = "catalogue_judge"
RULES = [
    "CREATE TABLE mine (x integer)",
    "CREATE TEMP TABLE mine (x integer)",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT 1 AS x",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql RETURN 1",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NULL; END'",
    "ALTER TABLE readings DISABLE TRIGGER ALL",
    "ALTER TABLE fingerprints DISABLE TRIGGER fingerprints_after_reading",
    "DROP TRIGGER readings_append_only ON readings",
    "CREATE TRIGGER mine BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION stamp_reading()",
    "ALTER TABLE seals DROP CONSTRAINT fk_seals_asset_id_reading_id",
    "DROP TABLE compared",
    "DROP FUNCTION refuse_change() CASCADE",
    "ALTER TABLE readings OWNER TO catalogue_api",
    "SET session_replication_role = replica",
    "SELECT add_decision_lock()",
    "COPY readings TO PROGRAM 'true'",
    "CREATE EXTENSION pgcrypto",
]


@pytest.mark.parametrize("role", APPLICATION)
@pytest.mark.parametrize(
    "attack",
    [
        "SET ROLE catalogue_owner",
        "SET LOCAL ROLE catalogue_owner",
        "SET SESSION AUTHORIZATION catalogue_owner",
        "SET ROLE postgres",
        "GRANT catalogue_owner TO CURRENT_USER",
        "CREATE ROLE mine",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "ALTER ROLE catalogue_judge LOGIN",
    ],
)
def test_no_application_role_becomes_another(city: City, role: str, attack: str) -> None:
    assert refusal(city, role, attack).state == PRIVILEGE
    assert refusal(city, role, f"SET LOCAL ROLE {JUDGE}", attack).state == PRIVILEGE


@pytest.mark.parametrize("role", APPLICATION)
@pytest.mark.parametrize("attack", RULES)
def test_no_application_role_makes_or_unmakes_rules(city: City, role: str, attack: str) -> None:
    assert refusal(city, role, attack).state in {PRIVILEGE, "0A000"}
    assert refusal(city, role, f"SET LOCAL ROLE {JUDGE}", attack).state in {PRIVILEGE, "0A000"}


@pytest.mark.parametrize("role", APPLICATION)
@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"])
def test_no_application_role_gives_rights(city: City, role: str, right: str) -> None:
    with city.at_hand(role) as connection:  # PostgreSQL warns, and gives nothing
        connection.execute(f"GRANT {right} ON readings TO {role}")
        asked = connection.execute("SELECT has_table_privilege('readings', %s)", [right])
        assert asked.fetchone() == (False,)


def test_no_login_role_is_a_member_of_the_owner(city: City) -> None:
    for role in [*APPLICATION, JUDGE]:
        for right in ("MEMBER", "USAGE", "SET"):
            asked = "SELECT pg_has_role(:r, 'catalogue_owner', :p)"
            assert not city.ask(asked, r=role, p=right)


def test_no_role_of_ours_is_more_than_it_is(city: City) -> None:
    more = (
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'catalogue%' AND (rolsuper OR rolcreatedb"
        " OR rolcreaterole OR rolreplication OR rolbypassrls <> (rolname = 'catalogue_backup'))"
    )
    assert city.ask("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'catalogue%'") == 5
    assert city.ask(more) == 0


def test_the_judge_cannot_log_in(city: City) -> None:
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        city.connect(JUDGE)


@pytest.mark.parametrize("role", APPLICATION)
def test_judging_ends_with_the_transaction(city: City, role: str) -> None:
    """Its rights are not inherited: they hold only where the code says SET LOCAL ROLE."""
    assert not city.ask("SELECT pg_has_role(:r, 'catalogue_judge', 'USAGE')", r=role)
    with city.connect(role) as connection:
        connection.execute(f"SET LOCAL ROLE {JUDGE}")
        inside = connection.execute("SELECT current_user").fetchone()
        connection.commit()
        after = connection.execute("SELECT current_user").fetchone()
    assert (inside, after) == ((JUDGE,), (role,))


def test_the_judge_reads_and_locks_and_writes_nothing(city: City) -> None:
    writable = """
    SELECT string_agg(c.relname, ' ') FROM pg_class c
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
       AND (has_any_column_privilege('catalogue_judge', c.oid, 'INSERT, UPDATE')
         OR has_table_privilege('catalogue_judge', c.oid, 'DELETE, TRUNCATE'))"""
    assert city.ask(writable) == "decision_locks"


def test_the_owner_is_not_an_application_role(city: City) -> None:
    assert refusal(city, "catalogue_owner", f"SET ROLE {JUDGE}").state == PRIVILEGE
    for role in APPLICATION:
        assert refusal(city, "catalogue_owner", f"SET ROLE {role}").state == PRIVILEGE


@pytest.mark.parametrize(
    ("role", "table"),
    [
        ("catalogue_api", "readings"),
        ("catalogue_api", "fingerprints"),
        ("catalogue_api", "compared"),
        ("catalogue_api", "likenesses"),
        ("catalogue_api", "log_entries"),
        ("catalogue_api", "sightings"),
        ("catalogue_api", "import_results"),
        ("catalogue_worker", "api_keys"),
        ("catalogue_worker", "departments"),
        ("catalogue_worker", "persons"),
        ("catalogue_worker", "source_systems"),
        ("catalogue_worker", "imports"),
        ("catalogue_worker", "import_chunks"),
        ("catalogue_worker", "policy_versions"),  # of the other the table asks for two signatures
        *[(role, "decision_locks") for role in APPLICATION],
        *[(role, "installation") for role in APPLICATION],
    ],
)
def test_each_process_writes_its_own_stages_only(city: City, role: str, table: str) -> None:
    assert refusal(city, role, f"INSERT INTO {table} DEFAULT VALUES").state == PRIVILEGE


def test_each_role_connects_to_our_databases_alone(city: City) -> None:
    for role in LOGINS:
        allowed(city, role, "SELECT 1")
