"""Web processes die, run full and take turns; what was answered for is there, and it goes on."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from contents import Uploader
from images import draw
from world import World

from app.cli.processes import COMMAND, await_ready, end, free_port, surroundings
from app.kit.settings import settings
from app.storage.keeping import PIECE, FolderKeep

MEGABYTE = 1 << 20
CONTENT = draw(9, size=(64, 64)) + os.urandom(12 * MEGABYTE)
LARGEST_FILE = 3 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Web:
    """A web process of its own, and somebody who speaks to it."""

    process: "subprocess.Popen[bytes]"
    port: int
    someone: Uploader


@contextmanager
def web(world: World, someone: Uploader, home: Path) -> Iterator[Web]:
    """Run a web process on the world's database and keep."""
    home.mkdir()
    port = free_port()
    told = surroundings(home, [world.folder], port)
    told["CATALOGUE_DATABASE_URL"] = world.urls("catalogue_api")
    told["CATALOGUE_KEEP"] = str(settings().keep)
    with (home / "serve.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [*COMMAND, "serve"], cwd=home, env=told, stdout=log, stderr=log
        )
    try:
        await_ready(f"http://127.0.0.1:{port}", process, home)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            yield Web(process, port, replace(someone, http=http))
    finally:
        end(process)


@pytest.fixture
def someone(api: httpx2.Client, world: World) -> Uploader:
    """Somebody who speaks to the web process that the tests run in: the other one."""
    return Uploader.of(world, api)


def send_some(port: int, someone: Uploader, asset_id: UUID, length: int) -> socket.socket:
    """Begin to send the content and stop in the middle; the connection stays open."""
    head = (
        f"PUT /v1/assets/{asset_id}/content HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {someone.headers['Authorization']}\r\n"
        f"Content-Length: {len(CONTENT)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + CONTENT[:length])
    return connection


def wait_for_offset(someone: Uploader, asset_id: UUID, offset: int) -> None:
    deadline = time.monotonic() + 30
    while someone.stands(asset_id)[0] != str(offset):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kept_bytes(asset_id: UUID, world: World) -> bytes:
    [[key, size]] = world.find(
        "SELECT k.key, k.size_bytes FROM uploads u JOIN kept_objects k ON k.key = u.content_key"
        " WHERE u.asset_id = :id AND u.state = 'kept'",
        id=asset_id,
    )
    folder = Path(str(settings().keep).removeprefix("file://"))
    return b"".join(FolderKeep(folder).read(key, 0, size))


def peak(pid: int) -> int:
    """Return the most memory that a process ever held, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [one for one in lines if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_an_upload_outlives_its_process_and_goes_on_in_another(
    world: World, someone: Uploader, tmp_path: Path
) -> None:
    asset_id, broken = someone.registers(), someone.registers()
    with web(world, someone, tmp_path / "web") as other:
        # A broken connection, with the process alive, loses not even what was no whole piece.
        send_some(other.port, someone, broken, MEGABYTE).close()
        wait_for_offset(someone, broken, MEGABYTE)
        assert someone.sends_part(broken, CONTENT, 0, 2 * MEGABYTE).status_code == 202
        with send_some(other.port, someone, asset_id, 9 * MEGABYTE):
            wait_for_offset(someone, asset_id, PIECE)
            other.process.send_signal(signal.SIGKILL)
            other.process.wait()
    assert someone.stands(asset_id) == (str(PIECE), "?0")
    middle = PIECE + MEGABYTE
    part = someone.sends_part(asset_id, CONTENT, PIECE, middle)
    assert (part.status_code, part.headers["Upload-Offset"]) == (202, str(middle))
    assert someone.sends_part(asset_id, CONTENT, middle, len(CONTENT)).status_code == 201
    assert kept_bytes(asset_id, world) == CONTENT


def test_memory_stays_small_and_a_full_keep_is_said_to_be_full_until_there_is_room(
    world: World, someone: Uploader, tmp_path: Path
) -> None:
    """A limit on the size of files stands for the disk: the kernel refuses the same write."""

    def long_content(megabytes: int) -> Iterator[bytes]:
        for number in range(megabytes):
            yield bytes([number % 256]) * MEGABYTE

    content = CONTENT[: 6 * MEGABYTE]
    asset_id = someone.registers()
    with web(world, someone, tmp_path / "web") as other:
        peaks = []
        for megabytes in (20, 120):
            address = f"/v1/assets/{other.someone.registers()}/content"
            whole = other.someone.http.put(
                address, content=long_content(megabytes), headers=someone.headers
            )
            assert whole.json()["received_bytes"] == megabytes * MEGABYTE
            peaks.append(peak(other.process.pid))
        assert peaks[1] < peaks[0] * 1.1 + 4 * MEGABYTE
        resource.prlimit(other.process.pid, resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        assert other.someone.sends_part(asset_id, content, 0, MEGABYTE).status_code == 202
        refused = other.someone.sends_part(asset_id, content, MEGABYTE, 6 * MEGABYTE)
        assert (refused.status_code, refused.json()["code"]) == (507, "keep-full")
        assert someone.stands(asset_id) == (str(MEGABYTE), "?0")
        answers = [
            other.someone.sends_part(asset_id, content, at, at + MEGABYTE).status_code
            for at in range(MEGABYTE, 6 * MEGABYTE, MEGABYTE)
        ]
        assert answers == [202] * 4 + [507]  # all parts are there, but no room for the whole
    assert someone.stands(asset_id) == (str(len(content)), "?0")
    folder = Path(str(settings().keep).removeprefix("file://"))
    in_books = world.find("SELECT count(*) FROM kept_objects")[0][0]
    assert len(list(FolderKeep(folder).list_keys())) == in_books
    asked = someone.sends(asset_id, b"", Content_Range=f"bytes */{len(content)}")
    assert (asked.status_code, asked.json()["state"]) == (201, "kept")
    assert kept_bytes(asset_id, world) == content
