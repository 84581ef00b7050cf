"""The ground that tests stand on: real PostgreSQL, a real server, transactions that commit."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from attacks import City, build_city
from ground import Ground, Urls, open_database, open_ground
from hypothesis import settings
from served import Server, serving
from sqlalchemy.orm import Session
from swift import Swift, installed, serving_swift
from world import World, opened_world, sources_within

SHM = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
MEMORY = SHM if SHM.is_dir() and shutil.disk_usage(SHM).free > 2**30 else None

LONGEST_FIRST = ("journeys", "drills", "faults", "cli")

# A machine with much to do takes its time; how long an example takes is no finding.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts processes of its own, so that no processor idles at the end."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST_FIRST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install the object store, once on a machine, before the clock of any test runs."""
    if any("swift" in getattr(item, "fixturenames", ()) for item in session.items):
        installed()


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swift]:
    """One real object store for the whole run; each test makes its own bucket."""
    with serving_swift(tmp_path_factory.mktemp("swift")) as running:
        yield running


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """One server for the whole run."""
    folder = tempfile.TemporaryDirectory(prefix="ground-", dir=MEMORY)
    with folder as path, open_ground(Path(path)) as opened:
        yield opened


@pytest.fixture
def database_name(ground: Ground) -> Iterator[str]:
    """A migrated database of the test's own; its policy tables are empty."""
    name = ground.clone()
    yield name
    ground.drop(name)


@pytest.fixture
def urls(ground: Ground, database_name: str) -> Urls:
    """Addresses of the test's database, by role."""
    return lambda role: ground.url(role, database_name)


@pytest.fixture
def db(urls: Urls) -> Iterator[Session]:
    """The owner's session on an empty migrated database, in a transaction that is committed."""
    database = open_database(urls("catalogue_owner"), pool_size=1)
    with database.transaction() as session:
        yield session
    database.close()


@pytest.fixture
def world(ground: Ground, tmp_path: Path) -> Iterator[World]:
    """A small city on a database of its own, with the packaged policies in force."""
    with sources_within(tmp_path), opened_world(ground, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def town(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that a module's tests share: each makes its own department and counts no table."""
    folder = tmp_path_factory.mktemp("town")
    with sources_within(folder), opened_world(ground, folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The product's own web application behind a real port."""
    with serving() as running:
        yield running


@pytest.fixture
def api(server: Server, world: World) -> Iterator[httpx2.Client]:
    """A client of the server, which works on this test's world."""
    with server.client(world.urls("catalogue_api")) as client:
        yield client


@pytest.fixture
def town_api(server: Server, town: World) -> Iterator[httpx2.Client]:
    """A client of the server, which works on the module's town."""
    with server.client(town.urls("catalogue_api")) as client:
        yield client


@pytest.fixture(scope="session")
def city(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Assets at every stage, made by the product itself, for all attacks by raw SQL."""
    folder = tmp_path_factory.mktemp("city")
    with opened_world(ground, folder) as opened:
        with sources_within(folder):
            made = build_city(opened)
        yield made
        made.close()
