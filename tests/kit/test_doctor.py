"""`catalogue doctor` finds what is missing, in one line each, on the real thing."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from badstore import Asked, serving_badly
from buckets import reading_buckets
from typer.testing import CliRunner

from app.cli import doctor
from app.kit.postgres import locks
from app.kit.postgres.home import open_home
from app.kit.postgres.lease import Cluster, lease
from app.kit.settings import settings

# In memory where there is room: what is proven here is not the disk, and disks are shared.
SHM = Path("/dev/shm")  # noqa: S108 - each test makes a private folder in it
MEMORY = SHM if SHM.is_dir() and shutil.disk_usage(SHM).free > 2**30 else None

COMMAND = typer.Typer()
COMMAND.command()(doctor.doctor)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    path = Path(tempfile.mkdtemp(prefix="kit-", dir=MEMORY))
    with lease(path) as leased:
        yield leased
    with locks.opened(open_home(path).supervision) as lock:
        assert locks.take(lock, within=20)
    shutil.rmtree(path)


@pytest.fixture(autouse=True)
def set_up(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CATALOGUE_DATA_DIR", str(cluster.data_dir))
    settings.cache_clear()
    yield
    settings.cache_clear()


def first(findings: list[doctor.Finding]) -> tuple[str, str]:
    """The first line that is not in order: its name and its message."""
    return next((found.name, found.message) for found in findings if not found.ok)


def make_database(cluster: Cluster, name: str, options: str) -> str:
    place = str(cluster.socket_dir)
    with psycopg.connect(host=place, port=5432, user="postgres", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}".encode())
    return cluster.url("postgres", name)


def test_a_sound_machine_passes_every_check_in_one_line_each() -> None:
    result = CliRunner().invoke(COMMAND)
    lines = result.output.splitlines()
    names = [line[5:].partition(":")[0] for line in lines]
    assert names == [
        *("PostgreSQL", "locale", "ExifTool", "Perl modules"),
        *("trusted authorities", "disk", "user namespaces", "network"),
    ]
    assert (result.exit_code, {line[:5] for line in lines}) == (0, {"ok   "})


def test_anything_missing_makes_the_command_fail_also_as_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 10**18)
    result = CliRunner().invoke(COMMAND, ["--json"])
    assert result.exit_code == 1
    assert [found["name"] for found in json.loads(result.output) if not found["ok"]] == ["disk"]


@pytest.mark.parametrize(
    "options",
    [
        "LC_CTYPE 'C' LC_COLLATE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
        "LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C'",
        "ENCODING SQL_ASCII LOCALE 'C' LOCALE_PROVIDER libc",
    ],
    ids=["library locale C", "provider's locale C", "no encoding"],
)
def test_a_database_that_takes_no_chinese_for_letters_is_found_out(
    cluster: Cluster, options: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "".join(filter(str.isalpha, request.node.callspec.id)).lower()
    monkeypatch.setenv("CATALOGUE_DATABASE_URL", make_database(cluster, name, options))
    name, message = first(doctor._database())
    assert (name, "create the database with" in message) == ("locale", True)


def test_an_external_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://nobody@/none?host=/nowhere"
    monkeypatch.setenv("CATALOGUE_DATABASE_URL", url)
    name, message = first(doctor._database())
    assert (name, "CATALOGUE_DATABASE_URL" in message) == ("PostgreSQL", True)


def test_programs_that_are_no_postgresql_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CATALOGUE_PG_BIN", str(tmp_path))
    monkeypatch.setenv("CATALOGUE_DATA_DIR", str(tmp_path / "none"))
    name, message = first(doctor._database())
    assert (name, "set CATALOGUE_PG_BIN" in message) == ("PostgreSQL", True)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("echo 12.99", "13 or later"), ("echo broken >&2; exit 1", "does not run (broken)")],
)
def test_an_exiftool_that_is_old_or_broken_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, sentence: str
) -> None:
    exiftool = tmp_path / "exiftool"
    exiftool.write_text(f"#!/bin/sh\n{script}\n")
    exiftool.chmod(0o755)
    monkeypatch.setenv("CATALOGUE_EXIFTOOL", str(exiftool))
    found = doctor._exiftool()
    assert (found.ok, sentence in found.message) == (False, True)


def test_authorities_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert doctor._authorities().ok
    monkeypatch.setenv("CATALOGUE_C2PA_TRUST", str(tmp_path / "lost.pem"))
    settings.cache_clear()
    found = doctor._authorities()
    monkeypatch.delenv("CATALOGUE_C2PA_TRUST")
    settings.cache_clear()
    assert not found.ok
    assert "lost.pem, which cannot be read: No such file or directory" in found.message


def test_a_perl_without_the_modules_that_captions_need_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "PERL_MODULES", ("Encode", "No::Such"))
    found = doctor._perl()
    assert not found.ok
    assert found.message.startswith("No::Such missing")


def test_settings_that_cannot_be_read_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOGUE_PORT", "70000")
    name, message = first(doctor.diagnose())
    assert (name, message.partition(":")[0]) == ("settings", "port")


def test_each_allowed_bucket_is_asked_and_says_what_is_wrong() -> None:
    def one_of_two(asked: Asked) -> None:
        if asked.path.startswith("/fine"):
            asked.send(200, b"<ListBucketResult></ListBucketResult>")
        else:
            asked.complain(403, "AccessDenied")

    with (
        serving_badly(one_of_two) as store,
        reading_buckets(store.settings(), "fine", "hidden", "Not-A-Bucket"),
    ):
        found = {one.name: one for one in doctor.diagnose() if one.name.startswith("bucket")}
    assert found["bucket fine"].message == f"answers at {store.address}"
    assert "AccessDenied" in found["bucket hidden"].message
    assert [one.ok for one in found.values()] == [True, False, False]
