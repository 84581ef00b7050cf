"""`catalogue scan` over whatever lies in a folder: each told plainly, none followed, none lost."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from images import draw
from working import COMMAND, at_rest, until, without_rights, working
from world import System, World

STATES = "SELECT state, detail FROM sightings WHERE asset_id = :id ORDER BY ordinal"
ODD = [b"new\nline.jpg", b"-common_args", b"big5-\xa4\xa4.jpg", b"tab\t.jpg", b" .jpg", b"%41.jpg"]


@pytest.fixture(autouse=True)
def _at_work(town: World) -> Iterator[None]:
    with working(town, "strange", without_rights):
        yield


class Tree:
    """A folder as a source system, scanned by a process that may read only what its user may."""

    def __init__(self, town: World, api: httpx2.Client) -> None:
        self.town, self.api = town, api
        self.system: System = town.a_source_system()
        self.folder = self.system.folder
        self.outside = town.folder / f"outside-{self.system.code}"
        self.outside.mkdir()
        (self.outside / "secret.jpg").write_bytes(draw(2, {"description": "from outside"}))
        self.headers = town.headers("registrar", department=self.system.department)

    def put(self, name: bytes, content: bytes = b"") -> Path:
        path = self.folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or draw(abs(hash(name)) % 500))
        return path

    def scan(self, *where: str) -> tuple[int, dict[str, Any]]:
        """Scan, and return exit code and what is not nought or empty."""
        key = self.headers["Authorization"].removeprefix("Bearer ")
        options = ["--source-system", self.system.code, "--legal-status", "undetermined", "--json"]
        done = subprocess.run(  # noqa: S603 - our own interpreter and program
            [
                *(sys.executable, "-I", "-c", COMMAND, "scan", str(self.folder.joinpath(*where))),
                *("--key", key, "--url", str(self.api.base_url), *options),
            ],
            cwd=self.town.folder,
            env={"PATH": os.defpath, "HOME": str(self.town.folder), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            preexec_fn=without_rights,
            check=False,
        )
        assert "Traceback" not in done.stderr
        told = json.loads(done.stdout) if done.stdout else {"said": done.stderr}
        until(lambda: at_rest(self.town))
        return done.returncode, {key: value for key, value in told.items() if value}

    def assets(self) -> dict[str, dict[str, Any]]:
        asked = {"source_system": self.system.code}
        page = self.api.get("/v1/assets", params=asked, headers=self.headers).json()
        return {one["location"]: one for one in page["items"]}

    def states(self) -> dict[str, list[str]]:
        return {
            place: [row.state for row in self.town.find(STATES, id=UUID(one["asset_id"]))]
            for place, one in self.assets().items()
        }


@pytest.fixture
def tree(town: World, town_api: httpx2.Client) -> Tree:
    return Tree(town, town_api)


def test_what_is_no_file_is_told_by_name_and_kind_and_never_followed(tree: Tree) -> None:
    tree.put(b"plain.jpg")
    (tree.folder / "link.jpg").symlink_to(tree.outside / "secret.jpg")
    (tree.folder / "linked").symlink_to(tree.outside)
    (tree.folder / "dangling.jpg").symlink_to("nowhere")
    (tree.folder / "loop").symlink_to(".")
    (tree.folder / "proc").symlink_to("/proc/self")
    os.mkfifo(tree.folder / "pipe.jpg")
    kinds = {"link.jpg": "symbolic link", "linked": "symbolic link", "loop": "symbolic link"}
    kinds |= {"dangling.jpg": "symbolic link", "proc": "symbolic link", "pipe.jpg": "pipe"}
    folder = os.open(tree.folder, os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/s.jpg")  # a socket's path is short
        kinds["s.jpg"] = "socket"
    os.close(folder)
    if os.geteuid() == 0:
        os.mknod(tree.folder / "zero.jpg", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        kinds["zero.jpg"] = "device"
    code, told = tree.scan()
    said = [f"{name} is no file but a {kind}; it is left alone." for name, kind in kinds.items()]
    assert (code, told) == (0, {"state": "done", "registered": 1, "no_files": sorted(said)})
    assert tree.assets().keys() == {"plain.jpg"}
    assert tree.assets()["plain.jpg"]["reading"] is not None


@pytest.mark.parametrize("where", ["linked", "loop", "link.jpg"])
def test_a_link_out_of_the_root_is_no_place_to_scan(tree: Tree, where: str) -> None:
    (tree.folder / "linked").symlink_to(tree.outside)
    (tree.folder / "link.jpg").symlink_to(tree.outside / "secret.jpg")
    (tree.folder / "loop").symlink_to("loop")
    code, told = tree.scan(where)
    assert (code, tree.assets()) == (1, {})
    assert any(why in told["said"] for why in ("lie beneath it", "cannot be entered"))


def test_odd_names_are_registered_and_read_as_any_other(tree: Tree) -> None:
    for name in ODD:
        tree.put(name)
    assert tree.scan() == (0, {"state": "done", "registered": len(ODD)})
    assert len(tree.assets()) == len(ODD)
    assert {one["reading"] for one in tree.assets().values()} <= {"read", "nothing_found"}
    assert tree.scan() == (0, {"state": "done", "already_there": len(ODD)})


def test_two_names_of_one_file_are_two_copies_of_one_object(tree: Tree) -> None:
    one = tree.put(b"one.jpg")
    os.link(one, tree.folder / "other.jpg")
    assert tree.scan() == (0, {"state": "done", "registered": 2})
    ids = [UUID(asset["asset_id"]) for asset in tree.assets().values()]
    pairs = tree.town.find(
        "SELECT same_object FROM likenesses WHERE a_asset_id = ANY(:ids)", ids=ids
    )
    assert [row.same_object for row in pairs] == [True]
    (tree.folder / "one.jpg").unlink()  # which changes the change time of the one that is left
    assert tree.scan() == (0, {"state": "done", "changed": 1, "missing": 1})


def test_a_folder_that_is_shut_is_told_and_what_was_known_in_it_is_not_gone(tree: Tree) -> None:
    tree.put(b"open.jpg")
    tree.put(b"box/inner/one.jpg")
    tree.put(b"box/two.jpg")
    assert tree.scan() == (0, {"state": "done", "registered": 3})
    (tree.folder / "box").chmod(0)
    try:
        code, told = tree.scan()
    finally:
        (tree.folder / "box").chmod(0o755)
    [sentence] = told.pop("folders_not_listed")
    assert sentence == "box cannot be listed: Permission denied; what lies in it is left out."
    assert (code, told) == (1, {"state": "done", "already_there": 1})
    assert list(tree.states().values()) == [[], [], []]
    assert tree.scan() == (0, {"state": "done", "already_there": 3})


def test_a_file_that_may_not_be_read_is_registered_and_seen_to_be_out_of_reach(tree: Tree) -> None:
    shut = tree.put(b"shut.jpg")
    shut.chmod(0)
    tree.put(b"open.jpg")
    assert tree.scan() == (0, {"state": "done", "registered": 2})
    assert tree.states() == {"shut.jpg": ["unreachable"], "open.jpg": []}
    [(_, detail)] = tree.town.find(STATES, id=UUID(tree.assets()["shut.jpg"]["asset_id"]))
    assert "Permission denied" in detail
    assert tree.assets()["shut.jpg"]["reading"] is None
    shut.chmod(0o644)
    assert tree.scan() == (0, {"state": "done", "already_there": 2})
    assert tree.states()["shut.jpg"][:2] == ["unreachable", "present"]
    until(lambda: tree.assets()["shut.jpg"]["reading"] is not None)


def test_a_root_that_is_shut_changes_nothing(tree: Tree) -> None:
    tree.put(b"one.jpg")
    assert tree.scan() == (0, {"state": "done", "registered": 1})
    tree.folder.chmod(0)
    try:
        code, told = tree.scan()
    finally:
        tree.folder.chmod(0o755)
    assert code == 1
    assert "cannot be entered" in told["said"]
    assert tree.states() == {"one.jpg": []}
