"""What lies in a store beside images: registered, worked on, and each ends in a stated outcome."""

import os
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from urllib.parse import quote_from_bytes
from uuid import UUID

import pytest
from httpx2 import Client
from images import draw
from world import System, World

from app.kit.jobs import bind
from app.readings.tasks import read_files

STATES = "SELECT state FROM sightings WHERE asset_id = :asset ORDER BY ordinal"
OUTCOMES = "SELECT outcome, reason FROM readings WHERE asset_id = :asset"


def a_link_to_a_file(store: System, outside: Path) -> str:
    (store.folder / "link.jpg").symlink_to(outside / "secret.jpg")
    return "link.jpg"


def a_link_to_a_folder(store: System, outside: Path) -> str:
    (store.folder / "linked").symlink_to(outside)
    return "linked/secret.jpg"


def a_link_into_proc(store: System, _: Path) -> str:
    (store.folder / "proc").symlink_to("/proc/self")
    return "proc/environ"


def a_fifo(store: System, _: Path) -> str:
    os.mkfifo(store.folder / "fifo.jpg")
    return "fifo.jpg"


def a_socket(store: System, _: Path) -> str:
    folder = os.open(store.folder, os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/s.jpg")  # a socket's path is short
    os.close(folder)
    return "s.jpg"


def a_device(store: System, _: Path) -> str:
    try:
        os.mknod(store.folder / "zero.jpg", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:  # who may make none meets a folder in its place
        (store.folder / "zero.jpg").mkdir()
    return "zero.jpg"


def a_folder(store: System, _: Path) -> str:
    (store.folder / "folder.jpg").mkdir()
    return "folder.jpg"


def with_a_strange_name(store: System, _: Path) -> str:
    name = b"-if $x\n--@ big5\xa6r.jpg"
    Path(os.fsdecode(os.path.join(os.fsencode(store.folder), name))).write_bytes(draw(1, {}))  # noqa: PTH118
    return quote_from_bytes(name)


LINKS = [a_link_to_a_file, a_link_to_a_folder, a_link_into_proc]
NO_FILES = [a_fifo, a_socket, a_device, a_folder]


def registered(api: Client, world: World, make: Callable[[System, Path], str]) -> UUID:
    """Lay something strange into a store and register it by the API, as anybody may."""
    store = world.a_source_system()
    outside = world.folder / f"outside-{store.code}"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(draw(2, {"description": "words from outside"}))
    place = make(store, outside)
    said = {
        "source_system": store.code,
        "source_identifier": place,
        "location": place,
        "original_name": "as it came",
        "legal_status": ["undetermined"],
    }
    key = world.headers("registrar", department=store.department)
    answer = api.post("/v1/assets", json=said, headers=key)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["asset_id"])


@pytest.mark.parametrize(
    ("make", "seen"),
    [*((make, "unreachable") for make in LINKS), *((make, "missing") for make in NO_FILES)],
)
def test_what_is_no_file_beneath_the_root_is_seen_and_never_read(
    town_api: Client, town: World, make: Callable[[System, Path], str], seen: str
) -> None:
    asset = registered(town_api, town, make)
    bind(town.worker)
    read_files([asset])
    assert town.find(STATES, asset=asset) == [(seen,)]
    assert town.find(OUTCOMES, asset=asset) == []


def test_a_strange_name_is_only_a_name(town_api: Client, town: World) -> None:
    asset = registered(town_api, town, with_a_strange_name)
    bind(town.worker)
    read_files([asset])
    assert [outcome for outcome, _ in town.find(OUTCOMES, asset=asset)] == ["nothing_found"]


def test_a_file_that_grows_while_it_is_read_is_read_again_later(
    town_api: Client, town: World
) -> None:
    store: list[System] = []

    def growing(one: System, outside: Path) -> str:
        store.append(one)
        return with_a_plain_name(one, outside)

    asset = registered(town_api, town, growing)
    bind(town.worker)
    with (
        (store[0].folder / "plain.jpg").open("ab", buffering=0) as file,
        ThreadPoolExecutor() as at,
    ):
        over = Event()
        growing_on = at.submit(lambda: [file.write(b"x") for _ in iter(over.is_set, True)])
        read_files([asset])
        over.set()
        growing_on.result()
    assert town.find(STATES, asset=asset) == [("changed",)]
    read_files([asset])
    assert len(town.find(OUTCOMES, asset=asset)) == 1


def with_a_plain_name(store: System, _: Path) -> str:
    (store.folder / "plain.jpg").write_bytes(draw(3, {}))
    return "plain.jpg"


@pytest.mark.parametrize("root", ["file:///proc/", "file:///dev/", "file:///proc/self/root/"])
def test_the_machine_itself_is_no_store(town_api: Client, town: World, root: str) -> None:
    facts = {
        "code": "machine",
        "department": town.a_department(),
        "label": {"en": "Machine"},
        "root": root,
        "custody_kind": "department",
        "failure_domain": "here",
        "removable": False,
        "custody_ends_on": "none",
    }
    answer = town_api.post("/v1/source-systems", json=facts, headers=town.headers("operator"))
    assert answer.json()["code"] == "location-outside-roots"
