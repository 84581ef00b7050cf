"""Bring a database to the newest revision, as its owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

HERE = Path(__file__).parents[1]
LOCK = 7_205_759_403_792_793_600  # any constant: upgrades and restores take turns
PLACES = (HERE.parent / "migrations", HERE / "vendored" / "migrations")


def alembic_config(owner_url: str) -> Config:
    """Return alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(next(p for p in PLACES if p.is_dir())))
    config.attributes["url"] = owner_url
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Run every migration that the database has not had."""
    command.upgrade(alembic_config(owner_url), revision)


def downgrade(owner_url: str, revision: str = "base") -> None:
    """Take migrations back, the newest first."""
    command.downgrade(alembic_config(owner_url), revision)


def newest_revision() -> str:
    """Name the revision that this code expects."""
    head = ScriptDirectory(str(next(p for p in PLACES if p.is_dir()))).get_current_head()
    assert head is not None  # noqa: S101 - there is always a first migration
    return head
