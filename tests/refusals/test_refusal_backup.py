"""The role for dumps reads everything, whatever hides rows, and changes nothing."""

from collections.abc import Iterator

import pytest
from attacks import PRIVILEGE, City, refusal
from ground import Ground
from sqlalchemy import create_engine, text

BACKUP = "catalogue_backup"
READ_ONLY = "25006"
TABLES = """
SELECT string_agg(relname, ' ') FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
"""


def test_it_reads_every_table_and_sequence(city: City) -> None:
    with city.at_hand(BACKUP) as connection:
        for name in city.ask(TABLES).split():
            connection.execute(f"SELECT * FROM {name} LIMIT 1")  # noqa: S608 - our own names


def test_it_may_change_no_table_in_any_way(city: City) -> None:
    writable = """
    SELECT string_agg(relname, ' ') FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       AND (has_any_column_privilege('catalogue_backup', oid, 'INSERT, UPDATE, REFERENCES')
         OR has_table_privilege('catalogue_backup', oid, 'DELETE, TRUNCATE, TRIGGER, MAINTAIN'))"""
    assert city.ask(writable) is None
    for right in ("UPDATE departments SET code = code", "DELETE FROM procrastinate_jobs"):
        steps = "SET TRANSACTION READ WRITE", right
        assert refusal(city, BACKUP, *steps).state == PRIVILEGE


@pytest.mark.parametrize(
    "attack",
    [
        "SET ROLE catalogue_owner",
        "SET ROLE catalogue_judge",
        "CREATE TABLE mine (x integer)",
        "COPY readings TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "ALTER ROLE catalogue_api BYPASSRLS",
        "CREATE ROLE mine",
    ],
)
def test_it_becomes_nobody_else_and_makes_nothing(city: City, attack: str) -> None:
    assert refusal(city, BACKUP, "SET TRANSACTION READ WRITE", attack).state == PRIVILEGE


def test_by_itself_it_does_not_even_try_to_write(city: City) -> None:
    assert refusal(city, BACKUP, "CREATE TEMP TABLE mine (x integer)").state == READ_ONLY


@pytest.fixture
def hidden(ground: Ground) -> Iterator[str]:
    """A database with a table whose rows no policy shows to anybody."""
    name = ground.clone()
    ground.administer(
        "CREATE TABLE hidden AS SELECT 1 AS n",
        "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "ALTER TABLE hidden OWNER TO catalogue_owner",
        "GRANT SELECT ON hidden TO catalogue_api",
        database=name,
    )
    yield name
    ground.drop(name)


def test_row_level_security_hides_nothing_from_it(ground: Ground, hidden: str) -> None:
    seen = {}
    for role in (BACKUP, "catalogue_api", "catalogue_owner"):
        engine = create_engine(ground.url(role, hidden))
        with engine.connect() as connection:
            seen[role] = connection.scalar(text("SELECT count(*) FROM hidden"))
        engine.dispose()
    assert seen == {BACKUP: 1, "catalogue_api": 0, "catalogue_owner": 0}
