"""What a limit or a crash stopped is tried three times in all, alone, and then waits for people."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID

import pytest
from drawn import draw, obedient_tool, obeying
from httpx2 import Client
from upgraded import end_warm_readers, reading_by
from world import System, World

from app.kit.jobs import bind
from app.readings import tasks
from app.readings.extractor import Extractor
from app.readings.tasks import read_files, read_what_was_stopped
from app.readings.tries import STOPPED

READ = "SELECT outcome, reason FROM readings WHERE asset_id = :id ORDER BY ordinal"
TRIED = "SELECT strikes FROM hindrances WHERE stage = 'readings.stopped' AND asset_id = :id"
LATER = "UPDATE hindrances SET due_at = now() WHERE due_at < 'infinity'"
QUEUE = (
    "SELECT s.stage, s.reason, s.strikes FROM set_aside s WHERE NOT EXISTS"
    " (SELECT FROM set_aside_releases r WHERE r.set_aside_id = s.id) AND s.asset_id = :id"
)
CRASHED = ("unreadable", "crashed")


@pytest.fixture
def store(world: World) -> System:
    bind(world.worker)
    return world.a_source_system()


@pytest.fixture
def tool(world: World) -> Path:
    """An ExifTool that does what files tell it to; its version is today's."""
    return obedient_tool(world.folder)


def asking(folder: Path, order: str) -> bytes:
    """Draw a PNG that orders something in its first text; no limited reader knows the format."""
    drawn = draw(folder / "order.png", "-XMP-dc:Title=A tram").read_bytes()
    body = b"tEXtComment\0PLEASE " + order.encode()
    text = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return drawn[:33] + text + drawn[33:]


@contextmanager
def bounded(tool: Path, seconds: float) -> Iterator[None]:
    """Let the worker's reader wait so long for a file."""
    end_warm_readers()
    tasks._warm.append(Extractor(tool, wall_seconds=seconds).__enter__())
    yield
    end_warm_readers()


def try_later(world: World, times: int = 1) -> None:
    for _ in range(times):
        world.find(LATER)
        read_what_was_stopped()


def a_crashing_one(world: World, store: System) -> UUID:
    return world.an_asset(store, asking(world.folder, "DIE"), name="order.png")


def test_a_file_that_always_crashes_is_tried_three_times_and_waits_for_people(
    world: World, store: System, tool: Path, api: Client
) -> None:
    bad, good = a_crashing_one(world, store), world.an_asset(store, description="A tram")
    with reading_by(tool):
        read_files([bad, good])
        assert world.find(READ, id=bad) == [CRASHED], "it is seen at once"
        assert world.find(READ, id=good) == [("read", None)]
        assert (world.find(TRIED, id=bad), world.find(TRIED, id=good)) == ([(1,)], [])
        read_what_was_stopped()
        assert world.find(TRIED, id=bad) == [(1,)], "it waits a while first"
        try_later(world)
        assert (world.find(TRIED, id=bad), world.find(QUEUE, id=bad)) == ([(2,)], [])
        try_later(world, 3)
    assert world.find(TRIED, id=bad) == [(3,)], "after the third it is tried no more"
    told = "Its reading was stopped: crashed."
    assert world.find(QUEUE, id=bad) == [(STOPPED, told, 3)]
    assert world.find(READ, id=bad) == [CRASHED], "the same end again is the same reading"
    manager = world.headers("records_manager", department=store.department)
    [item] = listed(api, manager, STOPPED)
    assert (item["asset_id"], item["reason"], item["strikes"]) == (str(bad), told, 3)
    assert listed(api, manager, "readings") == []
    stranger = world.headers("records_manager", department=world.a_department())
    assert listed(api, stranger, STOPPED) == []
    path = f"/v1/set-aside/{item['id']}/release"
    sent = api.post(path, headers=manager, json={"reason": "The machine was mended."})
    assert sent.status_code == 200
    end_warm_readers()
    read_what_was_stopped()
    assert world.find(READ, id=bad) == [CRASHED, ("read", None)]
    assert (world.find(TRIED, id=bad), listed(api, manager, STOPPED)) == ([], [])


def listed(api: Client, headers: dict[str, str], stage: str) -> list[dict[str, object]]:
    answer = api.get("/v1/set-aside", headers=headers, params={"stage": stage})
    found: list[dict[str, object]] = answer.json()["items"]
    return found


def test_a_file_that_ran_out_of_time_once_is_read_by_itself_later(
    world: World, store: System, tool: Path
) -> None:
    slow = world.an_asset(store, asking(world.folder, "HANG"), name="order.png")
    with bounded(tool, 1.0):
        read_files([slow])
    assert world.find(READ, id=slow) == [("unreadable", "timed_out")]
    try_later(world)
    assert world.find(READ, id=slow) == [("unreadable", "timed_out"), ("read", None)]
    assert world.find("SELECT * FROM hindrances") == []


def test_a_file_that_is_refused_for_what_it_is_was_not_stopped(
    world: World, store: System, tool: Path
) -> None:
    noise = world.an_asset(store, b"no image", name="a.txt")
    babble = world.an_asset(store, asking(world.folder, "BABBLE"), name="b.png")
    with reading_by(tool):
        read_files([noise, babble])
    assert {world.find(READ, id=one)[0][0] for one in (noise, babble)} == {"unreadable"}
    assert world.find("SELECT * FROM hindrances") == []


def test_what_waits_for_people_is_counted_anew_when_its_bytes_are_others(
    world: World, store: System, tool: Path
) -> None:
    bad = a_crashing_one(world, store)
    with reading_by(tool):
        read_files([bad])
        try_later(world, 2)
        read_files([bad])
        assert (world.find(TRIED, id=bad), len(world.find(QUEUE, id=bad))) == ([(3,)], 1)
        world.file_of(bad).write_bytes(asking(world.folder, "DIE again"))
        read_files([bad])
        assert (world.find(TRIED, id=bad), world.find(QUEUE, id=bad)) == ([(1,)], [])
        world.file_of(bad).write_bytes(asking(world.folder, "nothing"))
        read_files([bad])
    assert world.find(READ, id=bad)[-1] == ("read", None)
    assert world.find(TRIED, id=bad) == []


def test_a_new_reader_counts_anew_and_what_it_reads_leaves_the_queue(
    world: World, store: System, tool: Path
) -> None:
    bad = a_crashing_one(world, store)
    with reading_by(tool):
        read_files([bad])
        try_later(world, 2)
    newer = tool.with_name("newer")
    said = tool.read_text("utf-8")
    first = "use Image::ExifTool;\n"
    newer.write_text(said.replace(first, f"{first}$Image::ExifTool::VERSION = '99.01';\n", 1))
    newer.chmod(0o755)
    with pytest.MonkeyPatch.context() as held, reading_by(tool):
        held.setattr("app.readings.extractor.prove_fit", lambda *_: "99.01")
        read_files([bad])
        assert (world.find(TRIED, id=bad), world.find(QUEUE, id=bad)) == ([(1,)], [])
        try_later(world, 2)
        assert len(world.find(QUEUE, id=bad)) == 1
    end_warm_readers()
    read_files([bad])
    assert (world.find(TRIED, id=bad), world.find(QUEUE, id=bad)) == ([], [])
    told = "SELECT reason, released_by FROM set_aside_releases ORDER BY released_at"
    assert world.find(told) == [
        ("Something else was tried.", "process:supervision"),
        ("It came through.", "process:supervision"),
    ]


def test_two_workers_with_one_file_in_hand_count_one_try(
    world: World, store: System, tool: Path
) -> None:
    bad = a_crashing_one(world, store)
    both = Barrier(2)

    def work() -> None:
        both.wait()
        read_files([bad])

    with reading_by(tool):
        for strikes in (1, 2):
            workers = [Thread(target=work) for _ in range(2)]
            for one in workers:
                one.start()
            for one in workers:
                one.join()
            assert world.find(TRIED, id=bad) == [(strikes,)]
            world.find(LATER)


def test_a_picture_that_the_limited_reader_knows_is_tried_again_and_costs_no_people(
    world: World, store: System, tool: Path
) -> None:
    path = obeying(world.folder, "DIE")
    dying = world.an_asset(store, path.read_bytes(), name="order.jpg")
    other = world.an_asset(store, path.read_bytes() + b"\0", name="other.jpg")
    with reading_by(tool):
        read_files([dying, other])
        try_later(world, 1)
        world.file_of(other).write_bytes(path.read_bytes() + b"\0\0")
        try_later(world, 2)
        assert (world.find(TRIED, id=dying), world.find(QUEUE, id=dying)) == ([(3,)], [])
    limited = "SELECT limited FROM readings WHERE asset_id = :id ORDER BY ordinal"
    assert world.find(limited, id=dying) == [(True,)]
    read_files([dying])
    assert world.find(limited, id=dying) == [(True,), (False,)]
    assert world.find(TRIED, id=dying) == []


def test_an_image_whose_sidecar_was_stopped_is_read_with_it_later(
    world: World, store: System, tool: Path
) -> None:
    asset_id = world.an_asset(store, draw(world.folder / "a.png").read_bytes(), name="tram.png")
    beside = world.file_of(asset_id).with_suffix(".xmp")
    beside.write_text(
        "<?xml version='1.0'?><!-- PLEASE DIE --><x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    )
    world.work()
    with reading_by(tool):
        read_files([asset_id])
        why = "SELECT sidecars->0->>'reason' FROM readings WHERE asset_id = :id ORDER BY ordinal"
        assert world.find(why, id=asset_id)[-1] == ("crashed",)
        assert world.find(TRIED, id=asset_id) == [(1,)]
    try_later(world)
    assert world.find(why, id=asset_id)[-1] == (None,)
    assert world.find(TRIED, id=asset_id) == []
