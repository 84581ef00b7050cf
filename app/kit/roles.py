"""The database roles, created outside the migrations: no superuser, and none becomes the owner."""

from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

BACKUP = "catalogue_backup"  # reads everything, whatever hides rows, and changes nothing
LOGINS = ("catalogue_owner", "catalogue_api", "catalogue_worker", BACKUP)
JUDGE = "catalogue_judge"
# The library's locale too: with LC_CTYPE C, pg_trgm finds no letter in Chinese.
OF_OURS = (
    "OWNER catalogue_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
)


def as_administrator(url: str | URL) -> Connection:
    """Open one connection that commits each statement, and keep nothing when it is closed."""
    told = {"client_encoding": "utf8"}  # else text comes as bytes where `postgres` is SQL_ASCII
    return create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=told
    ).connect()


def create_roles(administrator_url: str) -> None:
    """Create what is missing; give an existing role nothing it did not have."""
    with as_administrator(administrator_url) as connection:
        there = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
        for login in LOGINS:
            if login not in there:
                rights = "BYPASSRLS" if login == BACKUP else "NOBYPASSRLS"
                connection.execute(
                    text(f"CREATE ROLE {login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE {rights}")
                )
        if JUDGE not in there:
            connection.execute(text(f"CREATE ROLE {JUDGE} NOLOGIN NOSUPERUSER"))
        connection.execute(text(f"GRANT pg_read_all_data TO {BACKUP}"))
        connection.execute(text(f"ALTER ROLE {BACKUP} SET default_transaction_read_only = on"))
        for member in ("catalogue_api", "catalogue_worker"):
            connection.execute(text(f"GRANT {JUDGE} TO {member} WITH INHERIT FALSE, SET TRUE"))


def set_passwords(administrator_url: str, folder: Path) -> list[str]:
    """Give each login role the password in its file `<role>_password`; return who got one."""
    found = [role for role in LOGINS if (folder / f"{role}_password").is_file()]
    with as_administrator(administrator_url) as connection:
        lent = connection.connection.driver_connection
        assert isinstance(lent, psycopg.Connection)  # noqa: S101 - the only driver we name
        for role in found:
            secret = (folder / f"{role}_password").read_text("utf-8").strip()
            # Hashed here: the server's log must not come to hold it, whatever it logs.
            hashed = lent.pgconn.encrypt_password(
                secret.encode(), role.encode(), b"scram-sha-256"
            ).decode()
            order = sql.SQL("ALTER ROLE {} PASSWORD {}")
            lent.execute(order.format(sql.Identifier(role), sql.Literal(hashed)))
    return found


def create_database(administrator_url: str, name: str) -> bool:
    """Create a database that the owner owns; False when it was there already."""
    quoted = '"' + name.replace('"', '""') + '"'
    with as_administrator(administrator_url) as connection:
        asked = text("SELECT 1 FROM pg_database WHERE datname = :n")
        new = connection.scalar(asked, {"n": name}) is None
        if new:
            connection.execute(text(f"CREATE DATABASE {quoted} {OF_OURS}"))
            connection.execute(text(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC"))
        grantees = ", ".join(LOGINS)  # given again: a later version may have a role more
        connection.execute(text(f"GRANT CONNECT ON DATABASE {quoted} TO {grantees}"))
        if not new:
            return False
        database_url = make_url(administrator_url).set(database=name)
    with as_administrator(database_url) as connection:
        connection.execute(text("ALTER SCHEMA public OWNER TO catalogue_owner"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    return True
