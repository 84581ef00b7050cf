"""Which server a process works on: the one that was named, or our embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.kit.postgres.lease import lease
from app.kit.settings import settings

EMBEDDED_NAME = "catalogue"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database is, for each role; an administrator only of the embedded server."""

    api: str
    worker: str
    owner: str | None
    administrator: str | None
    backup: str | None = None


@contextmanager
def addresses() -> Iterator[Addresses]:
    """Yield the database's addresses; the embedded server stays up as long as the block lasts."""
    named = settings().database_url
    if named is not None:
        yield Addresses(named, named, settings().owner_url, None, settings().backup_url)
        return
    with lease(settings().data_dir, binaries=settings().pg_bin) as cluster:
        yield Addresses(
            cluster.url("catalogue_api", EMBEDDED_NAME),
            cluster.url("catalogue_worker", EMBEDDED_NAME),
            cluster.url("catalogue_owner", EMBEDDED_NAME),
            cluster.url("postgres", "postgres"),
            cluster.url("catalogue_backup", EMBEDDED_NAME),
        )
