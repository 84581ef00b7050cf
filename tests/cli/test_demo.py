"""`catalogue demo`: the whole way as a new user takes it, and the databases that it refuses."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from app.cli import app, demo, pictures
from app.cli.demo_ground import NotADemo, demo_database, open_as
from app.cli.demo_policy import load_demo_documents
from app.cli.ground import prepare
from app.kit.connecting import EMBEDDED_NAME, Addresses
from app.kit.postgres.lease import lease
from app.kit.settings import Settings

# On a machine with nothing else to do each takes some 20 seconds; with much to do, minutes.
pytestmark = pytest.mark.timeout(300)
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "demo")


def surroundings(folder: Path) -> dict[str, str]:
    return dict(os.environ) | {"CATALOGUE_DATA_DIR": str(folder)}  # noqa: TID251 - and coverage's


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("city")


@pytest.fixture(scope="module")
def told(home: Path) -> dict[str, Any]:
    command = [*COMMAND, "--once", "--json"]
    done = subprocess.run(  # noqa: S603 - our own program
        command, env=surroundings(home), cwd=home, capture_output=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_once_as_json_prints_the_one_object_of_the_contract(told: dict[str, Any]) -> None:
    assert set(told) == {
        "assets",
        "readings",
        "fingerprinted",
        "eligibility",
        "reasons",
        "likenesses",
        "order_violations",
        "seconds",
        "peak_rss_mb",
    }
    count = len(pictures.PICTURES) + len(pictures.COPIES) + 1
    assert told["assets"] == told["fingerprinted"] == count
    assert told["readings"] == {"read": count - 3, "nothing_found": 2, "unreadable": 1}
    assert set(told["seconds"]) == {"setup", "register", "process", "alike"}
    assert {"web", "worker", "postgres_largest"} <= set(told["peak_rss_mb"])


def test_no_image_is_hashed_before_its_reading(told: dict[str, Any]) -> None:
    assert told["order_violations"] == 0


def test_copies_find_their_keepers_and_incomplete_records_name_what_is_missing(
    told: dict[str, Any],
) -> None:
    assert told["eligibility"]["candidate"] == told["eligibility"]["retained_keeper"] == 3
    assert told["eligibility"]["blocked_incomplete"] == 4
    assert told["reasons"]["missing:digitisation_source"] == 3
    assert told["reasons"]["conflict:creator"] == 1
    assert told["reasons"]["processing:unreadable"] == 1
    assert "policy:example" not in told["reasons"]


def test_pairs_are_counted_by_the_class_that_is_proposed(told: dict[str, Any]) -> None:
    assert told["likenesses"]["exact_bytes"] == len(pictures.COPIES)
    assert {"derivative_reduced", "crop", "retouched_or_composite"} <= set(told["likenesses"])


def test_a_second_run_finds_everything_there_serves_it_and_leaves_no_process_behind(
    told: dict[str, Any], home: Path
) -> None:
    before = sources_of(home)
    with (home / "out").open("wb") as out, (home / "err").open("wb") as err:
        running = subprocess.Popen(  # noqa: S603 - our own program
            COMMAND, env=surroundings(home), cwd=home, stdout=out, stderr=err
        )
        try:
            await_text(home / "err", "The catalogue answers at", running)
            children = psutil.Process(running.pid).children(recursive=True)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
    shown = (home / "out").read_text("utf-8")
    assert running.returncode == 0
    assert f"{told['assets']} images" in shown
    assert "candidate; 2016/書展開幕.jpg stays" in shown
    assert "Pairs by proposed class" in shown
    assert "scan0001.jpg: not deletable: these facts are missing: creator" in shown
    assert children
    assert not any(child.is_running() for child in children)
    assert sources_of(home) == before


def sources_of(home: Path) -> dict[str, tuple[bytes, int]]:
    files = [p for p in (home / "demo" / "pictures").rglob("*") if p.is_file()]
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


def await_text(file: Path, text: str, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 200
    while text not in file.read_text("utf-8"):
        assert running.poll() is None, file.read_text("utf-8")
        assert time.monotonic() < deadline, file.read_text("utf-8")
        time.sleep(0.1)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Roles and migrations are made over engines that the product, which ends soon, leaves open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def test_every_file_of_an_own_folder_ends_in_a_stated_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    drawn, own = tmp_path / "drawn", tmp_path / "own"
    pictures.lay_out(drawn)
    shutil.copytree(drawn / "library" / "2016", own / "Sub")
    (own / "sub").mkdir()
    (own / "sub" / "garbage\n.jpg").write_bytes(b"no image")
    (own / "notes.txt").write_bytes(b"no image either")
    (own / os.fsdecode(b"-\xff.jpg")).write_bytes((drawn / pictures.PICTURES[0].path).read_bytes())
    monkeypatch.setattr(demo, "settings", lambda: Settings(data_dir=tmp_path / "data"))
    done = CliRunner().invoke(app, ["demo", "--once", "--images", str(own)])
    assert done.exit_code == 0, done.stderr
    rows = [line.split("│")[1:-1] for line in done.stdout.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row[:2]] for row in rows] == [
        ["root", "2"],
        ["sub", "2"],
        ["sub-2", "1"],
        ["all", "5"],
        ["exact_bytes", "1"],  # the pairs below
    ]
    assert "Unreadable: not_an_image" in done.stdout


def test_a_folder_around_the_demos_own_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "settings", lambda: Settings(data_dir=tmp_path / "data"))
    done = CliRunner().invoke(app, ["demo", "--once", "--images", str(tmp_path)])
    assert done.exit_code == 1
    assert "name another" in done.stderr


def test_a_database_made_for_something_else_is_refused_and_left_as_it_was(
    tmp_path: Path, quiet: None
) -> None:
    with lease(tmp_path) as cluster:
        found = Addresses(
            cluster.url("catalogue_api", EMBEDDED_NAME),
            cluster.url("catalogue_worker", EMBEDDED_NAME),
            cluster.url("catalogue_owner", EMBEDDED_NAME),
            cluster.url("postgres", "postgres"),
        )
        prepare(found)
        gc.collect()
        with pytest.raises(NotADemo, match="marked 'catalogue'"), demo_database(tmp_path):
            pass
        with pytest.raises(NotADemo), open_as(str(found.owner)) as db:
            load_demo_documents(db)
