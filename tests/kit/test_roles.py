"""Roles are made wherever an administrator points."""

from sqlalchemy import make_url, text
from world import World

from app.kit.roles import as_administrator, create_roles


def test_roles_are_made_through_a_database_that_is_not_in_utf8(world: World) -> None:
    administrator = make_url(world.urls("postgres"))
    with as_administrator(administrator) as server:
        server.execute(
            text(
                "CREATE DATABASE plain_bytes TEMPLATE template0"
                " ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'"
            )
        )
        try:
            plain = administrator.set(database="plain_bytes")
            create_roles(plain.render_as_string(hide_password=False))
        finally:
            server.execute(text("DROP DATABASE plain_bytes WITH (FORCE)"))
