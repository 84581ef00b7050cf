"""One real PostgreSQL for a run of tests, and databases cloned from a migrated template."""

import gc
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, create_engine, text
from sqlalchemy.util import LRUCache

from app.kit import migrations
from app.kit.db import Database
from app.kit.postgres import locks
from app.kit.postgres.home import open_home
from app.kit.postgres.lease import Cluster, lease
from app.kit.roles import LOGINS, create_database, create_roles
from app.policies.service import load_packaged

MIGRATED = "migrated"  # and empty
FURNISHED = "furnished"  # with the packaged policies in force
Urls = Callable[[str], str]  # by role
_numbers = count(1)
# What SQLAlchemy compiled for one database is good for its clones: each of a run is alike.
_compiled = LRUCache[Any, Any](3000)
_spoken: list[Dialect] = []


@dataclass(frozen=True, slots=True)
class Ground:
    """The server of this run; every test works on a database of its own, and commits."""

    cluster: Cluster

    def url(self, role: str, database: str) -> str:
        """Return SQLAlchemy's address of a database for a role."""
        return self.cluster.url(role, database)

    @property
    def administrator(self) -> str:
        """Return the superuser's address."""
        return self.url("postgres", "postgres")

    def administer(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        url = self.url("postgres", database)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def clone(self, template: str = MIGRATED, name: str | None = None) -> str:
        """Make a database like the template in some 50 ms and return its name."""
        name = name or f"clone_{next(_numbers)}"
        self.administer(
            # By files: half the work of writing every page to the log, which nobody replays here.
            f"CREATE DATABASE {name} OWNER catalogue_owner TEMPLATE {template} STRATEGY FILE_COPY",
            # A template's privileges are not copied with it.
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {', '.join(LOGINS)}",
        )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def open_database(url: str, pool_size: int) -> Database:
    """Open one database; a statement that a test before compiled is not compiled again."""
    database = Database(url, pool_size=pool_size)
    engine = database.engine
    if not _spoken:
        engine.connect().close()  # a dialect is asked for once it has met its server
        _spoken.append(engine.dialect)
    engine.dialect = _spoken[0]
    engine.update_execution_options(compiled_cache=_compiled)
    return database


@contextmanager
def open_ground(folder: Path) -> Iterator[Ground]:
    """Hold a server up that has the product's roles and a migrated template."""
    with lease(folder) as cluster:
        ground = Ground(cluster)
        with connections_dropped():
            create_roles(ground.administrator)
            create_database(ground.administrator, MIGRATED)
        migrations.upgrade(ground.url("catalogue_owner", MIGRATED))
        furnish(ground)
        yield ground
    supervision = open_home(folder).supervision
    while not locks.is_free(supervision):  # it writes in the folder until the server has stopped
        time.sleep(0.05)


def furnish(ground: Ground) -> None:
    """Make the template that has the packaged policies in force."""
    owner = Database(ground.url("catalogue_owner", ground.clone(name=FURNISHED)), pool_size=1)
    with owner.transaction() as db:
        load_packaged(db)
    owner.close()


@contextmanager
def connections_dropped() -> Iterator[None]:
    """Close what `app.kit.roles` leaves open: a database in use cannot be a template."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
