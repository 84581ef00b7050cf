"""Readings are recorded once, proved from earlier transactions only, and never lost."""

import base64
import os
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client
from world import System, World, a_while_later

from app.catalogue.registration import Registration
from app.catalogue.service import register
from app.kit.jobs import bind, in_transaction
from app.readings.documents import as_documents
from app.readings.errors import NotYetRead
from app.readings.extraction import Extracted, Extraction, Outcome
from app.readings.openings import Opened, opened
from app.readings.service import Found, prove_read, record_readings
from app.readings.tasks import read_files, read_what_was_left
from app.storage.files import open_beneath

READINGS = "SELECT id, ordinal, outcome FROM readings WHERE asset_id = :id ORDER BY ordinal"
DUE = "UPDATE hindrances SET due_at = now() WHERE asset_id = :id"
HINDERED = "SELECT stage, looks, strikes FROM hindrances WHERE asset_id = :id"
SIGHTINGS = "SELECT state FROM sightings WHERE asset_id = :id ORDER BY ordinal"


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def states(town: World, asset_id: UUID) -> list[str]:
    """Return what was seen of an asset."""
    return [row[0] for row in town.find(SIGHTINGS, id=asset_id)]


def test_what_nobody_read_cannot_be_proved_read(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    with town.worker.transaction() as db, pytest.raises(NotYetRead, match=str(asset_id)):
        prove_read(db, asset_id)
    town.work()
    with town.worker.transaction() as db:
        proof = prove_read(db, asset_id)
    [reading] = town.find(READINGS, id=asset_id)
    assert (proof.asset_id, proof.reading_id) == (asset_id, reading.id)
    assert proof.size_bytes == town.file_of(asset_id).stat().st_size


def test_a_reading_of_this_very_transaction_proves_nothing(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    path = town.file_of(asset_id)
    with open_beneath(os.fsencode(path.parent), (os.fsencode(path.name),)) as opened:
        nothing = Extraction(Outcome.NOTHING_FOUND, None, "test", "1", False, None, None, (), b"{}")
        found = Found(asset_id, opened.token, nothing)
    with town.worker.transaction() as db:
        record_readings(db, [found])
        with pytest.raises(NotYetRead):
            prove_read(db, asset_id)
    with town.worker.transaction() as db:
        assert prove_read(db, asset_id).byte_token == str(found.token)
    town.work()


def test_the_same_bytes_are_read_once_and_changed_bytes_again(
    town: World, store: System, town_api: Client
) -> None:
    asset_id = town.an_asset(store, description="A tram")
    bind(town.worker)
    read_files([asset_id])
    read_files([asset_id])
    assert [row.ordinal for row in town.find(READINGS, id=asset_id)] == [1]
    os.utime(town.file_of(asset_id), (1, 1))
    read_files([asset_id])
    assert [row.ordinal for row in town.find(READINGS, id=asset_id)] == [1, 2]
    key = town.headers("cataloguer", department=store.department)
    shown = town_api.get(f"/v1/assets/{asset_id}/readings", headers=key).json()["items"]
    assert [one["ordinal"] for one in shown] == [2, 1]
    assert {one["outcome"] for one in shown} == {"read"}
    assert "A tram" in {s["value"] for s in shown[0]["statements"] if s["field"] == "description"}
    town.work()


def test_a_file_that_is_no_image_is_a_reading_too(town: World, store: System) -> None:
    asset_id = town.an_asset(store, b"no image", name="notes.txt")
    town.work()
    [reading] = town.find(READINGS, id=asset_id)
    assert reading.outcome == "unreadable"


def test_only_an_answering_store_says_that_a_file_is_gone(town: World, store: System) -> None:
    gone, far, link = (town.an_asset(store) for _ in range(3))
    town.file_of(gone).unlink()
    file = town.file_of(link)
    file.rename(file.with_suffix(".aside"))
    file.symlink_to(file.with_suffix(".aside"))
    bind(town.worker)
    read_files([gone, link])
    away = store.folder.with_name("away")
    store.folder.rename(away)
    read_files([far])
    away.rename(store.folder)
    assert [states(town, one) for one in (gone, far, link)] == [
        ["missing"],
        ["unreachable"],
        ["unreachable"],
    ]
    read_files([gone])
    assert states(town, gone) == ["missing"]
    read_files([far])
    assert states(town, far) == ["unreachable", "present"]
    town.work()


def test_a_file_that_changes_while_it_is_read_is_not_recorded(town: World, store: System) -> None:
    asset_id = town.an_asset(store)

    def touched(*where: Any) -> Opened:  # noqa: ANN401 - as it opens
        one = opened(*where)
        os.utime(town.file_of(asset_id), (1, 1))
        return one

    bind(town.worker)
    with pytest.MonkeyPatch.context() as held:
        held.setattr("app.readings.parcels.opened", touched)
        read_files([asset_id])
    assert town.find(READINGS, id=asset_id) == []
    assert states(town, asset_id) == ["changed"]
    town.lose_jobs()
    with a_while_later():
        read_what_was_left()
        assert town.find(READINGS, id=asset_id) == [], "it waits a minute first"
        town.find(DUE, id=asset_id)
        read_what_was_left()
    assert len(town.find(READINGS, id=asset_id)) == 1
    assert town.find(HINDERED, id=asset_id) == []
    town.work()


def test_the_sweep_reads_what_no_job_read_and_only_after_a_while(
    town: World, store: System
) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    with a_while_later():
        read_what_was_left()
        assert town.find(READINGS, id=asset_id) == [], "its job still waits in the queue"
    town.lose_jobs()
    read_what_was_left()
    assert town.find(READINGS, id=asset_id) == [], "its own job has two minutes for it"
    with a_while_later():
        read_what_was_left()
    assert len(town.find(READINGS, id=asset_id)) == 1
    town.work()


def test_five_hundred_lost_files_do_not_keep_the_sweep_from_the_next(world: World) -> None:
    store = world.a_source_system()
    lost = [
        Registration(
            source_system=store.code,
            source_identifier=f"lost-{number}",
            location=f"lost-{number}",
            original_name="lost",
            legal_status=["undetermined"],
        )
        for number in range(500)
    ]
    caller = world.someone("registrar", department=store.department)
    with world.api.transaction() as db:
        register(db, caller, lost)
    there = world.an_asset(store)
    world.lose_jobs()
    bind(world.worker)
    with a_while_later():
        read_what_was_left()
    assert len(world.find(READINGS, id=there)) == 1


def test_raw_bytes_are_written_as_base64_and_nothing_as_nothing() -> None:
    said = [
        Extracted("creator", "Chan", "XMP-dc:creator", picked=True, raw_bytes=b"\xb3\xaf"),
        Extracted("title", "A tram", "XMP-dc:title", picked=False),
    ]
    first, second = as_documents(said)
    assert base64.b64decode(first["raw_bytes"]) == b"\xb3\xaf"
    assert (first["picked"], second["picked"], second["raw_bytes"]) == (True, False, None)


def test_the_proof_is_asked_of_the_database_each_time(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    town.work()
    bind(town.worker)
    first = in_transaction(lambda db: prove_read(db, asset_id))
    os.utime(town.file_of(asset_id), (3, 3))
    read_files([asset_id])
    assert in_transaction(lambda db: prove_read(db, asset_id)).reading_id != first.reading_id
    town.work()
