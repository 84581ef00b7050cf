"""A living catalogue is dumped, restored into a younger cluster as documented, and carries on."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from attacks import PRIVILEGE, City, a_fingerprint, a_reading, build_city, insert, refusal
from declare import DECLARED, declaration
from ground import Ground
from house import MEMORY
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result
from world import World, opened_world, sources_within

from app.cli import app
from app.cli.processes import free_port, surroundings
from app.kit.backups import _without_password
from app.kit.installation import mark_installation
from app.kit.migrations import LOCK
from app.kit.postgres import locks
from app.kit.postgres.home import open_home
from app.kit.postgres.lease import lease
from app.kit.settings import settings
from app.worker import work

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
BURN = """DO $$ BEGIN
  FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
END $$"""
DIED = """
WITH died AS (
  INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id
)
UPDATE procrastinate_jobs SET status = 'doing', worker_id = died.id FROM died
"""
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
UNNUMBERED = """
SELECT count(*) FROM events e LEFT JOIN log_entries l ON l.event_id = e.id WHERE l.event_id IS NULL
"""
GAPS = "SELECT count(*), min(log_index), max(log_index) + 1 FROM log_entries"
Rows = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Restored:
    """The same city in the new cluster, and what every table held before and after."""

    city: City
    home: Path
    dumped: Rows
    restored: Rows
    dump: Path


def documented(name: str) -> str:
    """Return a block of commands of the operators' guide."""
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert found, name
    return found[1]


def say(commands: str, folder: Path, told: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands as an operator types them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return subprocess.run(  # noqa: S603 - the commands of our own guide
        ["/bin/sh", "-eu", "-c", commands],
        cwd=folder,
        env=told | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(world: World) -> Rows:
    """Return every row of every table."""
    names = [name for [name] in world.find(TABLES, "postgres")]
    return {name: {row for [row] in world.find(f"SELECT t::text FROM {name} t")} for name in names}  # noqa: S608


@pytest.fixture(scope="module")
def restored(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restored]:
    """Dump a city with work half done, and restore it where transactions are counted anew."""
    folder = tmp_path_factory.mktemp("restored")
    ground.administer("SET synchronous_commit = off", BURN)
    with (
        sources_within(folder),
        opened_world(ground, folder) as source,
        tempfile.TemporaryDirectory(prefix="restored-", dir=MEMORY) as place,
    ):
        with source.owner.transaction() as db:
            mark_installation(db, "catalogue")
        city = build_city(source)
        source.find(DIED, "catalogue_owner")
        source.an_asset(source.system("archive-store"))
        told = surroundings(folder, [folder], free_port())
        named = told | {
            "CATALOGUE_DATABASE_URL": source.urls("catalogue_api"),
            "CATALOGUE_BACKUP_URL": source.urls("catalogue_backup"),
        }
        dumped = rows(source)
        done = say(documented("dump"), folder, named)
        assert done.returncode == 0, done.stderr
        city.close()
        home = Path(place) / "new"
        done = say(documented("restore"), folder, told | {"CATALOGUE_DATA_DIR": str(home)})
        assert done.returncode == 0, done.stdout + done.stderr
        with lease(home) as cluster:
            world = World(Ground(cluster), "catalogue", folder)
            world._systems = source._systems
            there = replace(city, world=world, kept={})
            yield Restored(there, home, dumped, rows(world), folder / "catalogue.dump")
            there.close()
            world.close()
        while not locks.is_free(open_home(home).supervision):
            time.sleep(0.05)


def test_every_row_comes_back_as_it_was(restored: Restored) -> None:
    assert {name for name, found in restored.dumped.items() if found}
    assert restored.restored == restored.dumped


def test_triggers_rights_and_policies_come_back_as_declared(restored: Restored) -> None:
    declared = json.loads(DECLARED.read_text("utf-8"))
    assert declaration(restored.city.world.urls("catalogue_owner")) == declared


def test_what_was_refused_is_refused(restored: Restored) -> None:
    city, reading = restored.city, a_reading(restored.city, restored.city.registered)
    early = a_fingerprint(city, city.registered, reading_id=reading["id"])
    steps = insert("readings", reading), insert("fingerprints", early)
    assert refusal(city, "catalogue_worker", *steps).constraint == "fingerprints_after_reading"
    for table in ("readings", "fingerprints", "seals", "events"):
        assert refusal(city, "catalogue_worker", f"DELETE FROM {table}").state == PRIVILEGE  # noqa: S608
        attack = f"DELETE FROM {table}"  # noqa: S608
        assert refusal(city, "postgres", attack).constraint == f"{table}_append_only"


async def until_all_is_done(world: World) -> None:
    """Let a real worker do what the lost ones had begun and what was waiting."""
    working = asyncio.create_task(work(world.urls("catalogue_worker"), concurrency=2))
    everything = "SELECT (SELECT count(*) FROM assets) - (SELECT count(*) FROM compared)"
    for _ in range(600):
        await asyncio.sleep(0.1)
        if world.find(everything) == [(0,)] and world.find(UNNUMBERED) == [(0,)]:
            break
    os.kill(os.getpid(), signal.SIGTERM)
    await working


def test_work_goes_on_where_transaction_numbers_are_lower(restored: Restored) -> None:
    world, city = restored.city.world, restored.city
    [[here, oldest]] = world.find(
        "SELECT pg_current_xact_id()::text::bigint, min(read_xid::text::bigint) FROM readings"
    )
    assert here < oldest, "the new cluster must be the younger one, or nothing is shown"
    asyncio.run(until_all_is_done(world))
    for asset_id in (city.registered, city.read):
        assert city.fingerprint_of(asset_id) is not None
    sealed = "SELECT count(*) FROM seals WHERE asset_id = :asset"
    new = world.a_complete_asset(world.system("archive-store"))
    world.work()
    assert world.find(sealed, asset=new) == [(1,)]
    twin = world.a_copy_of(city.sealed)
    world.work()
    likenesses = "SELECT count(*) > 0 FROM likenesses WHERE :twin IN (a_asset_id, b_asset_id)"
    assert world.find(likenesses, twin=twin) == [(True,)]
    world.number()
    assert world.find(UNNUMBERED) == [(0,)]
    [[count, first, after_last]] = world.find(GAPS)
    assert (first, after_last) == (0, count)
    now = rows(world)
    for table in ("readings", "fingerprints", "seals", "events", "log_entries"):
        assert now[table] > restored.dumped[table], table


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """The command line, told of one installation or another."""

    def typed(*words: str, **told: str | Path) -> Result:
        for name, value in told.items():
            monkeypatch.setenv(f"CATALOGUE_{name.upper()}", str(value))
        settings.cache_clear()
        return CliRunner().invoke(app, ["db", *words])

    yield typed
    monkeypatch.undo()
    settings.cache_clear()


def test_a_database_that_holds_anything_is_not_restored_over(
    restored: Restored, catalogue: Callable[..., Result]
) -> None:
    done = catalogue("restore", str(restored.dump), data_dir=restored.home)
    assert (done.exit_code, "is not empty" in done.stderr) == (1, True)


def test_a_dump_is_never_written_over_and_only_its_owner_reads_it(
    restored: Restored, catalogue: Callable[..., Result]
) -> None:
    before = restored.dump.read_bytes()
    done = catalogue("dump", str(restored.dump), data_dir=restored.home)
    assert (done.exit_code, "never written over" in done.stderr) == (1, True)
    assert restored.dump.read_bytes() == before
    assert restored.dump.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def vacant(ground: Ground) -> Iterator[dict[str, str]]:
    """An empty database of the server, and how it is named."""
    name = "vacant"
    ground.administer(f"CREATE DATABASE {name} OWNER catalogue_owner TEMPLATE template0")
    ground.administer("ALTER SCHEMA public OWNER TO catalogue_owner", database=name)
    urls = {role: ground.url(f"catalogue_{role}", name) for role in ("api", "owner", "backup")}
    yield {"database_url": urls["api"], "owner_url": urls["owner"], "backup_url": urls["backup"]}
    ground.drop(name)


def test_a_dump_cut_short_restores_nothing_and_a_whole_one_may_follow(
    restored: Restored, vacant: dict[str, str], catalogue: Callable[..., Result]
) -> None:
    half = restored.dump.with_name("half.dump")
    half.write_bytes(restored.dump.read_bytes()[: restored.dump.stat().st_size * 2 // 3])
    refused = catalogue("restore", str(half), **vacant)
    assert (refused.exit_code, "pg_restore ended" in refused.stderr) == (1, True)
    assert catalogue("restore", str(restored.dump), **vacant).exit_code == 0


def test_nothing_is_restored_while_another_process_migrates(
    restored: Restored, vacant: dict[str, str], catalogue: Callable[..., Result]
) -> None:
    engine = create_engine(vacant["owner_url"], isolation_level="AUTOCOMMIT")
    with engine.connect() as migrating:
        migrating.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        done = catalogue("restore", str(restored.dump), **vacant)
    engine.dispose()
    assert (done.exit_code, "Another process is migrating" in done.stderr) == (1, True)


def test_a_dump_that_cannot_be_made_leaves_no_file(
    restored: Restored, vacant: dict[str, str], catalogue: Callable[..., Result]
) -> None:
    wrong = vacant | {"backup_url": vacant["backup_url"].replace("/vacant", "/none")}
    place = restored.dump.with_name("none")
    refused = catalogue("dump", str(place), **wrong)
    assert (refused.exit_code, "pg_dump ended" in refused.stderr) == (1, True)
    nowhere = catalogue("dump", str(place / "in" / "no" / "folder"), **vacant)
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (1, True)
    assert not list(place.parent.glob("none*"))


@pytest.mark.parametrize(
    ("command", "setting"), [("dump", "CATALOGUE_BACKUP_URL"), ("restore", "CATALOGUE_OWNER_URL")]
)
def test_a_role_that_was_not_named_is_asked_for(
    restored: Restored,
    vacant: dict[str, str],
    catalogue: Callable[..., Result],
    command: str,
    setting: str,
) -> None:
    done = catalogue(command, str(restored.dump), database_url=vacant["database_url"])
    assert (done.exit_code, setting in done.stderr) == (2, True)


def test_a_password_is_shown_to_nobody() -> None:
    with _without_password("postgresql+psycopg://u:a%3Ab%5C@h/d") as address:
        place = parse_qs(urlsplit(address).query)["passfile"][0]
        assert Path(place).read_text() == "*:*:*:*:a\\:b\\\\\n"
        assert Path(place).stat().st_mode & 0o777 == 0o600
    assert urlsplit(address).password is None
    assert not Path(place).exists()
