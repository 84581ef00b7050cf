"""A file of any length ends in a stated outcome: none holds a worker for hours."""

import os
from collections.abc import Iterator
from io import BytesIO
from time import monotonic
from uuid import UUID

import pytest
from images import draw
from world import World

from app.fingerprints.budget import Budgeted, OverBudget, budgeted
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import bind
from app.kit.settings import settings
from app.readings import tasks
from app.readings.extractor import Extractor
from app.readings.tasks import read_files

TERABYTE = 1 << 40
SEEN = "SELECT state, detail FROM sightings WHERE asset_id = :id ORDER BY ordinal"
HASHED = "SELECT size_bytes FROM fingerprints WHERE asset_id = :id"
DUE = "SELECT due_at > clock_timestamp() FROM hindrances WHERE asset_id = :id"


@pytest.fixture(autouse=True)
def _at_work(town: World) -> Iterator[None]:
    bind(town.worker)
    yield
    settings.cache_clear()


def sparse(town: World, picture: bytes) -> UUID:
    """Register a picture that a terabyte of nothing follows."""
    asset_id = town.an_asset(None, picture)
    os.truncate(town.file_of(asset_id), TERABYTE)
    return asset_id


def test_a_terabyte_is_read_and_said_to_be_too_long_to_hash_and_costs_no_other_its_turn(
    town: World,
) -> None:
    long, usual = sparse(town, draw(31, {"description": "a long one"})), town.an_asset()
    read_files([long, usual])
    fingerprint_files([long, usual])
    assert town.find("SELECT outcome FROM readings WHERE asset_id = :id", id=long) == [("read",)]
    [(state, detail)] = town.find(SEEN, id=long)
    assert (state, f"It has {TERABYTE} bytes" in detail) == ("unreachable", True)
    assert town.find(HASHED, id=long) == []
    assert town.find(DUE, id=long) == [(True,)]
    assert len(town.find(HASHED, id=usual)) == 1


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lend the worker a reader that is its own in all but patience: 2 s a file."""
    with Extractor(wall_seconds=2.0) as reader:
        monkeypatch.setattr(tasks, "_warm", [reader])
        yield


def test_a_worker_waits_half_a_minute_for_what_a_file_says() -> None:
    assert Extractor()._seconds == 30


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("head", [b"", b"II*\0\x08\0\0\0"], ids=["nothing", "an empty TIFF"])
def test_a_terabyte_of_nothing_ends_as_a_reading(town: World, head: bytes) -> None:
    asset_id = sparse(town, head)
    read_files([asset_id])
    [(outcome, reason)] = town.find(
        "SELECT outcome, reason FROM readings WHERE asset_id = :id", id=asset_id
    )
    assert (outcome, reason) in [("unreadable", "timed_out"), ("nothing_found", None)]


def test_a_file_that_comes_too_slowly_is_tried_again_later(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = town.an_asset()
    read_files([asset_id])
    monkeypatch.setattr(settings(), "hash_seconds", 0.0)
    fingerprint_files([asset_id])
    [(state, detail)] = town.find(SEEN, id=asset_id)
    assert (state, detail) == ("unreachable", "It was not hashed within 0 seconds.")
    monkeypatch.undo()
    fingerprint_files([asset_id])
    assert len(town.find(HASHED, id=asset_id)) == 1


def test_a_longer_file_is_hashed_once_it_may_be(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = town.an_asset()
    read_files([asset_id])
    monkeypatch.setattr(settings(), "largest_file", 10)
    fingerprint_files([asset_id])
    assert town.find(HASHED, id=asset_id) == []
    monkeypatch.undo()
    fingerprint_files([asset_id])
    assert len(town.find(HASHED, id=asset_id)) == 1


def test_a_file_that_grows_is_read_one_byte_further_than_it_was() -> None:
    within = budgeted(BytesIO(bytes(100)), 10)
    assert [len(within.read(8)), len(within.read(8)), within.read(8)] == [8, 3, b""]


def test_the_moment_is_asked_for_before_each_piece() -> None:
    within = Budgeted(BytesIO(bytes(100)), 101, monotonic() - 1, 5.0)
    with pytest.raises(OverBudget, match="within 5 seconds"):
        within.read(1)
