"""No hash before a committed reading, and only of the bytes that were read (P1)."""

import os
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx2 import Client
from images import draw
from world import System, World, a_while_later

from app.fingerprints.compute import fingerprint
from app.fingerprints.tasks import (
    fingerprint_files,
    fingerprint_what_was_left,
    hash_file,
    hash_places,
    places_of,
)
from app.kit.clock import now
from app.kit.jobs import bind, in_transaction
from app.readings.committed import CommittedReading
from app.readings.tasks import read_files
from app.storage.files import open_beneath
from app.storage.locations import parse_root

VIOLATIONS = """
SELECT f.id FROM fingerprints f JOIN readings r ON (r.asset_id, r.id) = (f.asset_id, f.reading_id)
 WHERE r.read_xid IS NULL OR f.computed_xid IS NULL OR f.computed_xid = r.read_xid
    OR f.byte_token <> r.byte_token OR f.size_bytes <> r.size_bytes
"""
LATE = """
SELECT f.id FROM fingerprints f JOIN readings r ON (r.asset_id, r.id) = (f.asset_id, f.reading_id)
  LEFT JOIN log_entries read ON read.event_id = r.event_id
  LEFT JOIN log_entries hashed ON hashed.event_id = f.event_id
 WHERE (read.log_index < hashed.log_index) IS NOT TRUE
"""
HASHES = "SELECT reading_id, sha256 FROM fingerprints WHERE asset_id = :id ORDER BY id"
READINGS = "SELECT id, outcome FROM readings WHERE asset_id = :id ORDER BY ordinal"
SIGHTINGS = "SELECT state FROM sightings WHERE asset_id = :id ORDER BY ordinal"


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def states(town: World, asset_id: UUID) -> list[str]:
    """Return what was seen of an asset."""
    return [row[0] for row in town.find(SIGHTINGS, id=asset_id)]


def test_every_fingerprint_was_computed_after_its_reading_was_committed(
    town: World, store: System
) -> None:
    one = town.an_asset(store)
    unreadable = town.an_asset(store, b"no image", name="notes.txt")
    town.work()
    assert len(town.find(HASHES, id=one)) == len(town.find(HASHES, id=unreadable)) == 1
    assert town.find(VIOLATIONS) == []
    assert town.find(LATE) == []


def test_hashing_again_changes_nothing(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    town.work()
    bind(town.worker)
    fingerprint_files([asset_id])
    fingerprint_files([asset_id])
    assert len(town.find(HASHES, id=asset_id)) == 1
    town.work()


def test_what_another_worker_hashed_meanwhile_is_left_alone(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    places = in_transaction(lambda db: places_of(db, [asset_id]))
    fingerprint_files([asset_id])
    hash_places(places)
    assert len(town.find(HASHES, id=asset_id)) == 1
    town.work()


def test_an_asset_that_nobody_read_is_not_hashed(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    fingerprint_files([asset_id])
    assert town.find(HASHES, id=asset_id) == []
    town.work()


def test_a_file_that_changed_since_it_was_read_is_read_again_and_then_hashed(
    town: World, store: System, town_api: Client
) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    town.file_of(asset_id).write_bytes(draw(999))
    fingerprint_files([asset_id])
    assert town.find(HASHES, id=asset_id) == []
    assert states(town, asset_id) == ["changed"]
    town.work()
    first, second = town.find(READINGS, id=asset_id)
    assert [row.reading_id for row in town.find(HASHES, id=asset_id)] == [second.id]
    assert states(town, asset_id) == ["changed", "present"]
    key = town.headers("cataloguer", department=store.department)
    [shown] = town_api.get(f"/v1/assets/{asset_id}/fingerprints", headers=key).json()["items"]
    assert shown["reading_id"] == str(second.id) != str(first.id)


def test_a_file_that_vanished_after_it_was_read_is_missing(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    town.file_of(asset_id).unlink()
    fingerprint_files([asset_id])
    assert states(town, asset_id) == ["missing"]
    assert town.find(HASHES, id=asset_id) == []
    assert town.find(
        "SELECT 1 FROM events WHERE kind = 'x:loss-report' AND asset_id = :id", id=asset_id
    )
    town.work()


def grow(file: Path) -> None:
    """Append to a file."""
    with file.open("ab") as growing:
        growing.write(b"one byte more")


def overwrite(file: Path) -> None:
    """Write other bytes of the same number into a file."""
    with file.open("r+b") as changing:
        changing.seek(-1, os.SEEK_END)
        changing.write(b"!")


def once_open(file: Path, change: Callable[[Path], None], done: threading.Event) -> None:
    """Change a file as soon as this process has it open."""
    while not done.is_set():
        for descriptor in Path("/proc/self/fd").iterdir():
            try:
                found = descriptor.readlink() == file
            except OSError:
                continue
            if found:
                change(file)
                return


@pytest.mark.parametrize("change", [grow, overwrite])
def test_a_file_that_changes_while_it_is_hashed_is_discarded(
    town: World, store: System, change: Callable[[Path], None]
) -> None:
    asset_id = town.an_asset(store)
    file = town.file_of(asset_id)
    with file.open("ab") as long:
        long.truncate(1 << 28)  # a hole: nothing is written, but all of it is hashed
    bind(town.worker)
    read_files([asset_id])
    done = threading.Event()
    changing = threading.Thread(target=once_open, args=(file, change, done))
    changing.start()
    fingerprint_files([asset_id])
    done.set()
    changing.join()
    assert town.find(HASHES, id=asset_id) == []
    assert states(town, asset_id) == ["changed"]
    file.write_bytes(draw(998))
    town.work()
    assert len(town.find(HASHES, id=asset_id)) == 1
    assert town.find(VIOLATIONS) == []


def test_a_file_of_the_same_length_that_was_touched_since_it_was_read_is_not_hashed(
    town: World, store: System
) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    overwrite(town.file_of(asset_id))
    fingerprint_files([asset_id])
    assert town.find(HASHES, id=asset_id) == []
    assert states(town, asset_id) == ["changed"]
    town.work()


def test_a_storage_that_fails_in_the_middle_is_unreachable_and_not_missing() -> None:
    folder = f"file:///proc/{os.getpid()}/"  # its `mem` opens like a file; reading its start fails
    with open_beneath(parse_root(folder), (b"mem",)) as opened:
        read = CommittedReading(uuid4(), uuid4(), now(), str(opened.token), 0)
        answer = hash_file(read, folder, "mem")
    assert not hasattr(answer, "fingerprint")
    assert answer[1] == "unreachable"


def test_the_sweep_hashes_what_no_job_hashed_and_only_after_a_while(
    town: World, store: System
) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    fingerprint_what_was_left()
    assert town.find(HASHES, id=asset_id) == []
    town.lose_jobs()
    with a_while_later():
        fingerprint_what_was_left()
    assert len(town.find(HASHES, id=asset_id)) == 1
    town.work()


def test_a_file_is_hashed_from_one_read_of_it_piece_by_piece() -> None:
    read = CommittedReading(uuid4(), uuid4(), now(), "token", 3)
    found = fingerprint(read, BytesIO(b"abc"))
    assert found.sha256.hex().startswith("ba7816bf8f01cfea")  # FIPS 180-4, the example of one block
    assert found.size_bytes == 3
