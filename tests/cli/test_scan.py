"""`catalogue scan` and `catalogue import`: by the public API only, and safe to repeat."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from demonstration import Catalogue
from typer.testing import CliRunner, Result

from app.cli import app, scanning, sending
from app.cli.remote import Remote
from app.storage.files import walk_files

HOSTILE: dict[str | bytes, bytes] = {
    b"big5-\xa4\xa4.jpg": b"1",
    "new\nline.jpg": b"2",
    "-common_args": b"3",
    "100% sure #1?.jpg": b"4",
    "圖片/" + "很長的名字" * 12 + "/圖.jpg": b"5",
}


@pytest.fixture
def run(catalogue: Catalogue) -> Callable[..., Result]:
    def call(command: str, target: Path, key: str, *more: str) -> Result:
        given = ["--key", key, "--url", catalogue.url, *more]
        return CliRunner().invoke(app, [command, str(target), *given])

    return call


def scan_options(system: str) -> list[str]:
    return ["--source-system", system, "--legal-status", "undetermined"]


def ids_of(remote: Remote) -> dict[str, str]:
    pages = remote.pages("/v1/assets")
    return {asset["source_identifier"]: asset["asset_id"] for asset in pages}


def test_scanning_twice_finds_the_same_assets_and_doubles_none(
    catalogue: Catalogue, run: Callable[..., Result]
) -> None:
    folder, system, registrar = catalogue.holding("twice", HOSTILE)
    first = run("scan", folder, registrar.key, *scan_options(system), "--json")
    ids = ids_of(registrar)
    second = run("scan", folder, registrar.key, *scan_options(system), "--json")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout)["registered"] == len(HOSTILE) == len(ids)
    assert json.loads(second.stdout)["already_there"] == len(HOSTILE)
    assert ids_of(registrar) == ids


def test_a_file_is_named_by_its_location_and_shown_as_it_came(
    catalogue: Catalogue, run: Callable[..., Result]
) -> None:
    folder, system, registrar = catalogue.holding("named", {b"a/big5-\xa4\xa4.jpg": b"x"})
    run("scan", folder, registrar.key, *scan_options(system))
    [asset] = registrar.pages("/v1/assets")
    assert asset["source_identifier"] == asset["location"] == "a/big5-%A4%A4.jpg"
    assert asset["original_name"] == r"big5-\xa4\xa4.jpg"
    assert asset["legal_status"] == ["undetermined"]


def test_a_folder_beneath_the_root_is_registered_by_its_way_from_the_root(
    catalogue: Catalogue, run: Callable[..., Result]
) -> None:
    folder, system, registrar = catalogue.holding("below", {"a/b/c.jpg": b"x", "d.jpg": b"y"})
    done = run("scan", folder / "a", registrar.key, *scan_options(system))
    assert done.exit_code == 0
    assert list(ids_of(registrar)) == ["a/b/c.jpg"]


def test_a_scan_is_sent_in_parts(
    catalogue: Catalogue, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "A_PART", 500)
    files: dict[str | bytes, bytes] = {f"{n}.jpg": b"x" for n in range(5)}
    folder, system, registrar = catalogue.holding("cut", files)
    done = run("scan", folder, registrar.key, *scan_options(system), "--json")
    assert json.loads(done.stdout)["registered"] == 5
    assert len(ids_of(registrar)) == 5


@pytest.mark.parametrize(
    ("where", "system", "said"),
    [
        ("outside", "wrong-files", "nor does it lie beneath it"),
        ("inside", "nobody-knows", "There is no source system 'nobody-knows'"),
        ("absent", "wrong-files", "cannot be entered"),
    ],
    ids=["outside the root", "unknown system", "no such folder"],
)
def test_a_scan_that_cannot_begin_says_why_and_exits_with_1(
    wrong: tuple[Path, Remote],
    run: Callable[..., Result],
    where: str,
    system: str,
    said: str,
) -> None:
    folder, registrar = wrong
    target = {"outside": folder.parent, "inside": folder, "absent": folder / "absent"}[where]
    done = run("scan", target, registrar.key, *scan_options(system))
    assert done.exit_code == 1
    assert said in done.stderr


@pytest.fixture(scope="module")
def wrong(catalogue: Catalogue) -> tuple[Path, Remote]:
    folder, _, registrar = catalogue.holding("wrong", {"a.jpg": b"x"})
    return folder, registrar


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_goes_on(
    catalogue: Catalogue, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(root: bytes, *, unreadable: Any, **more: Any) -> Iterator[tuple[bytes, ...]]:  # noqa: ANN401
        unreadable((b"shut",), PermissionError(13, "Permission denied"))
        yield from walk_files(root, unreadable=unreadable, **more)

    monkeypatch.setattr(scanning, "walk_files", closed)
    folder, system, registrar = catalogue.holding("shut", {"open.jpg": b"x"})
    done = run("scan", folder, registrar.key, *scan_options(system))
    assert done.exit_code == 1
    assert "shut cannot be listed: Permission denied" in done.stderr
    assert list(ids_of(registrar)) == ["open.jpg"]


def test_a_status_nobody_knows_is_refused_line_by_line(
    catalogue: Catalogue, run: Callable[..., Result]
) -> None:
    folder, system, registrar = catalogue.holding("status", {"a.jpg": b"x"})
    options = ["--source-system", system, "--legal-status", "public_domain"]
    done = run("scan", folder, registrar.key, *options)
    assert done.exit_code == 1
    assert "refused 'a.jpg'" in done.stderr
    assert "0 registered, 0 already there, 1 refused" in done.stdout


def test_without_a_legal_status_nothing_is_scanned(
    catalogue: Catalogue, run: Callable[..., Result]
) -> None:
    done = run("scan", catalogue.sources, "key", "--source-system", "any")
    assert done.exit_code == 2


def test_a_catalogue_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    options = ["--key", "cat_x_y", "--url", "http://127.0.0.1:9", *scan_options("any")]
    done = CliRunner().invoke(app, ["scan", str(tmp_path), *options])
    assert done.exit_code == 1
    assert done.stderr.startswith("http://127.0.0.1:9 does not answer")


def test_a_bad_line_of_an_import_refuses_itself_only(
    catalogue: Catalogue, run: Callable[..., Result], tmp_path: Path
) -> None:
    _, system, registrar = catalogue.holding("lines", {"a.jpg": b"x", "b.jpg": b"y"})

    def line(name: str) -> str:
        said = {"source_system": system, "source_identifier": name, "location": name}
        return json.dumps(said | {"original_name": name, "legal_status": ["undetermined"]})

    file = tmp_path / "two.ndjson"
    too_long = line("x" * sending.LONGEST_LINE)
    file.write_text("\n".join((line("a.jpg"), "", "no json", line("b.jpg"), too_long)))
    first = run("import", file, registrar.key)
    again = run("import", file, registrar.key, "--json")
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert "2 registered, 0 already there, 2 refused" in first.stdout, first.stderr
    assert "refused 'line 3'" in first.stderr
    assert json.loads(again.stdout)["already_there"] == 2
    assert sorted(ids_of(registrar)) == ["a.jpg", "b.jpg"]
