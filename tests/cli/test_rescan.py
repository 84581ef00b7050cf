"""A folder scanned again: new, moved, changed, missing; what is out of reach changes nothing."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from demonstration import Catalogue
from images import draw
from typer.testing import CliRunner

from app.catalogue.errors import MoveUndecided
from app.catalogue.missing import look, same_store
from app.catalogue.scans import mountless, same_file, still_there
from app.cli import app
from app.cli.remote import Remote

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' photoshop:Headline="{}"/></rdf:RDF></x:xmpmeta>'
)
OPTIONS = ["--legal-status", "undetermined", "--json"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A folder that was scanned once and read, and how to scan it again."""

    folder: Path
    system: str
    registrar: Remote
    url: str

    def again(self, folder: Path | None = None) -> Counter[str]:
        given = ["--key", self.registrar.key, "--url", self.url, "--source-system", self.system]
        done = CliRunner().invoke(app, ["scan", str(folder or self.folder), *given, *OPTIONS])
        told = json.loads(done.stdout)
        assert told["state"] == "done", done.stderr
        assert told["problems"] == []
        return Counter({k: v for k, v in told.items() if isinstance(v, int) and v})

    def assets(self) -> dict[str, dict[str, Any]]:
        found = self.registrar.pages("/v1/assets", source_system=self.system)
        return {asset["location"]: asset for asset in found}

    def happened(self) -> dict[str, list[str]]:
        return {at: self.events(one["asset_id"]) for at, one in self.assets().items()}

    def sighted(self) -> dict[str, list[str]]:
        return {
            at: [kind for kind in kinds if kind in ("x:moved", "x:sighting", "x:loss-report")]
            for at, kinds in self.happened().items()
        }

    def events(self, asset_id: str) -> list[str]:
        return [one["kind"] for one in self.registrar.pages(f"/v1/assets/{asset_id}/events")]


@pytest.fixture
def scanned(catalogue: Catalogue, request: pytest.FixtureRequest) -> Scanned:
    name = f"again-{abs(hash(request.node.name)) % 10**8}"
    files: dict[str | bytes, bytes] = {
        "a.jpg": draw(1),
        "b.jpg": draw(2),
        "box/c.jpg": draw(3),
        "box/d.jpg": draw(4),
    }
    folder, system, registrar = catalogue.holding(name, files)
    made = Scanned(folder, system, registrar, catalogue.url)
    assert made.again() == {"registered": 4}
    until(lambda: all("mes" in kinds for kinds in made.happened().values()))  # read and hashed
    return made


def until(true: Callable[[], object]) -> None:
    """Wait for the worker."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")


def test_nothing_happened_and_nothing_is_told(scanned: Scanned) -> None:
    assert scanned.again() == {"already_there": 4}
    assert list(scanned.sighted().values()) == [[]] * 4


def test_a_sidecar_that_came_changed_or_went_is_read_with_its_unchanged_image(
    scanned: Scanned,
) -> None:
    asset_id = scanned.assets()["a.jpg"]["asset_id"]
    beside = scanned.folder / "a.xmp"

    def read_with() -> list[list[str]]:
        found = scanned.registrar.pages(f"/v1/assets/{asset_id}/readings")
        return [[one["byte_token"] for one in reading["sidecars"]] for reading in found]

    beside.write_text(XMP.format("A tram"))
    assert scanned.again() == {"registered": 1, "already_there": 4}
    until(lambda: len(read_with()) == 2)
    beside.write_text(XMP.format("A tram at the corner"))
    assert scanned.again() == {"changed": 1, "already_there": 4}
    until(lambda: len(read_with()) == 3)
    beside.unlink()
    assert scanned.again() == {"missing": 1, "already_there": 4}
    until(lambda: len(read_with()) == 4)
    assert [len(tokens) for tokens in read_with()] == [0, 1, 1, 0]


def test_new_moved_changed_and_missing_files_are_told_apart(scanned: Scanned) -> None:
    before = scanned.assets()
    (scanned.folder / "a.jpg").rename(scanned.folder / "box" / "moved.jpg")
    (scanned.folder / "b.jpg").write_bytes(draw(12))
    (scanned.folder / "box" / "c.jpg").unlink()
    (scanned.folder / "new.jpg").write_bytes(draw(15))
    told = {"registered": 1, "already_there": 1, "moved": 1, "changed": 1, "missing": 1}
    assert scanned.again() == told
    after = scanned.assets()
    assert set(after) == {"box/moved.jpg", "b.jpg", "box/c.jpg", "box/d.jpg", "new.jpg"}
    assert after["box/moved.jpg"]["asset_id"] == before["a.jpg"]["asset_id"]
    assert after["box/moved.jpg"]["source_identifier"] == "a.jpg"
    assert "x:moved" in scanned.events(before["a.jpg"]["asset_id"])
    assert "x:loss-report" in scanned.events(before["box/c.jpg"]["asset_id"])
    changed = before["b.jpg"]["asset_id"]
    assert "x:sighting" in scanned.events(changed)
    until(lambda: scanned.events(changed).count("mee") == 2)  # and read again
    until(lambda: scanned.events(before["a.jpg"]["asset_id"]).count("mee") == 2)
    assert scanned.again() == {"already_there": 4, "missing": 1}
    assert scanned.events(before["box/c.jpg"]["asset_id"]).count("x:loss-report") == 1


def test_a_file_put_where_a_moved_one_lay_is_a_copy_of_its_own(scanned: Scanned) -> None:
    before = scanned.assets()
    (scanned.folder / "a.jpg").rename(scanned.folder / "z.jpg")
    assert scanned.again() == {"already_there": 3, "moved": 1}
    (scanned.folder / "a.jpg").write_bytes(draw(21))
    assert scanned.again() == {"already_there": 4, "registered": 1}
    after = scanned.assets()
    assert after["z.jpg"]["asset_id"] == before["a.jpg"]["asset_id"]
    assert after["a.jpg"]["source_identifier"].startswith("a.jpg#")
    assert scanned.again() == {"already_there": 5}


def test_a_second_name_of_one_file_is_no_move(scanned: Scanned) -> None:
    os.link(scanned.folder / "a.jpg", scanned.folder / "hard.jpg")
    told = scanned.again()
    assert (told["moved"], told["registered"]) == (0, 1)
    assert len(scanned.assets()) == 5


def test_a_file_that_comes_back_is_there_again(scanned: Scanned) -> None:
    away = scanned.folder.parent / f"{scanned.folder.name}-away.jpg"
    asset = scanned.assets()["a.jpg"]["asset_id"]
    (scanned.folder / "a.jpg").rename(away)
    assert scanned.again()["missing"] == 1
    away.rename(scanned.folder / "a.jpg")
    scanned.again()
    until(lambda: scanned.events(asset)[-1] != "x:loss-report")
    assert len(scanned.assets()) == 4


def test_a_scan_of_a_folder_says_nothing_of_the_others(scanned: Scanned) -> None:
    (scanned.folder / "a.jpg").unlink()
    (scanned.folder / "box" / "c.jpg").unlink()
    assert scanned.again(scanned.folder / "box") == {"already_there": 1, "missing": 1}


def test_a_folder_that_is_gone_takes_its_files_along(scanned: Scanned) -> None:
    for file in (scanned.folder / "box").iterdir():
        file.unlink()
    (scanned.folder / "box").rmdir()
    assert scanned.again() == {"already_there": 2, "missing": 2}


def test_a_root_that_cannot_be_entered_changes_nothing(scanned: Scanned) -> None:
    away = scanned.folder.with_name(f"{scanned.folder.name}-unmounted")
    scanned.folder.rename(away)
    empty = scanned.registrar.call(
        "POST", "/v1/scans", params={"source_system": scanned.system}, content=b""
    ).json()
    until(lambda: scanned.registrar.get(f"/v1/operations/{empty['id']}")["state"] == "done")
    away.rename(scanned.folder)
    assert list(scanned.sighted().values()) == [[]] * 4


class Row:
    """What is asked of a row of assets that a scan did not see."""

    def __init__(self, path: str, token: str | None) -> None:
        self.id, self.path, self.token = path, path, token


def test_the_empty_mount_point_of_a_disk_is_not_the_disk(tmp_path: Path) -> None:
    root = f"{tmp_path.as_uri()}/"
    here = tmp_path.stat().st_dev
    for token, gone in ((f"fs:{here}:5:1:1:1", True), (f"fs:{here + 1}:5:1:1:1", False)):
        rows: Any = [Row("box/a.jpg", token)]
        assert bool(look(root, rows, some_seen=True).gone) is gone
    assert same_store(root, "a.jpg", None, some_seen=True)
    assert not same_store(root, "a.jpg", None, some_seen=False)
    assert not same_store(f"{root}nowhere/", "a.jpg", "fs:1:1:1:1:1", some_seen=True)


def test_what_cannot_be_looked_at_is_neither_there_nor_gone(tmp_path: Path) -> None:
    with pytest.raises(MoveUndecided):
        still_there(f"{tmp_path.as_uri()}/nowhere/", "a.jpg")
    assert not still_there(f"{tmp_path.as_uri()}/", "a.jpg")


def test_a_file_is_known_by_its_marks_whatever_its_disk_is_called_today() -> None:
    assert mountless("fs:7:1:2:3:4") == mountless("fs:8:1:2:3:4") == "fs:1:2:3:4"
    assert same_file("fs:7:1:2:3:4", "fs:7:1:2:3:9")  # renaming changes the change time
    for other in ("fs:7:2:2:3:4", "fs:7:1:9:3:4", "fs:7:1:2:9:4", "fs:8:1:2:3:4", "s3:x"):
        assert not same_file("fs:7:1:2:3:4", other)


def test_only_the_systems_own_department_may_scan_it(catalogue: Catalogue) -> None:
    _, system, _ = catalogue.holding("own", {"a.jpg": b"x"})
    _, _, stranger = catalogue.holding("strange", {"a.jpg": b"x"})
    given = ["--key", stranger.key, "--url", catalogue.url, "--source-system", system]
    done = CliRunner().invoke(app, ["scan", str(catalogue.sources / "own"), *given, *OPTIONS])
    assert done.exit_code == 1
    assert "There is no source system" in done.stderr
