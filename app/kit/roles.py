"""The database roles, created outside the migrations: no superuser, and none becomes the owner."""

from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

LOGINS = ("catalogue_owner", "catalogue_api", "catalogue_worker")
JUDGE = "catalogue_judge"


def as_administrator(url: str | URL) -> Connection:
    """Open one connection that commits each statement, and keep nothing when it is closed."""
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect()


def create_roles(administrator_url: str) -> None:
    """Create what is missing; give an existing role nothing it did not have."""
    with as_administrator(administrator_url) as connection:
        there = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
        for login in LOGINS:
            if login not in there:
                connection.execute(
                    text(f"CREATE ROLE {login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
                )
        if JUDGE not in there:
            connection.execute(text(f"CREATE ROLE {JUDGE} NOLOGIN NOSUPERUSER"))
        for member in ("catalogue_api", "catalogue_worker"):
            connection.execute(text(f"GRANT {JUDGE} TO {member} WITH INHERIT FALSE, SET TRUE"))


def create_database(administrator_url: str, name: str) -> bool:
    """Create a database that the owner owns; False when it was there already."""
    quoted = '"' + name.replace('"', '""') + '"'
    with as_administrator(administrator_url) as connection:
        if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}):
            return False
        connection.execute(
            text(f"CREATE DATABASE {quoted} OWNER catalogue_owner TEMPLATE template0")
        )
        connection.execute(text(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC"))
        grantees = ", ".join(LOGINS)
        connection.execute(text(f"GRANT CONNECT ON DATABASE {quoted} TO {grantees}"))
        database_url = make_url(administrator_url).set(database=name)
    with as_administrator(database_url) as connection:
        connection.execute(text("ALTER SCHEMA public OWNER TO catalogue_owner"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    return True
