"""What a file looks like is recorded with its fingerprint, or by the sweep, and never guessed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client
from photographs import a_png, photograph, saved
from sqlalchemy.exc import DBAPIError
from world import System, World, a_while_later

from app.fingerprints import tasks, viewing
from app.fingerprints.confined import LIMITS
from app.fingerprints.events import AssetsPictured
from app.fingerprints.seeing.seen import METHOD, Looked, Pixels, Seen
from app.fingerprints.seeing.viewer import Viewer
from app.fingerprints.service import record_fingerprints
from app.fingerprints.tasks import (
    fingerprint_files,
    hash_file,
    hash_places,
    picture_files,
    picture_what_was_left,
    places_of,
)
from app.fingerprints.viewing import digest_pixels, picture_some, pixels_of
from app.kit import jobs
from app.kit.jobs import bind, in_transaction
from app.readings.sandbox import Limits
from app.readings.tasks import read_files

LOOKS = """
SELECT v.*, f.computed_xid AS hashed_xid FROM visual_fingerprints v
  JOIN fingerprints f ON (f.asset_id, f.id) = (v.asset_id, v.fingerprint_id)
 WHERE v.asset_id = :id ORDER BY v.id
"""
DIGESTS = "SELECT * FROM pixel_digests WHERE asset_id = :id"
TOLD = "SELECT kind, convert_from(document, 'UTF8')::jsonb AS said FROM events WHERE asset_id = :id"
WITHOUT_READING = """
SELECT v.id FROM visual_fingerprints v JOIN fingerprints f ON f.id = v.fingerprint_id
  LEFT JOIN readings r ON (r.asset_id, r.id) = (f.asset_id, f.reading_id)
 WHERE r.read_xid IS NULL OR v.computed_xid IS NULL OR v.computed_xid = r.read_xid
    OR v.computed_at < r.read_at
"""
PHOTO = saved(photograph(), "JPEG")


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    bind(town.worker)
    return town.a_source_system()


@contextmanager
def no_child() -> Iterator[None]:
    """Let no child be started, as on a machine that is out of memory."""
    with pytest.MonkeyPatch.context() as patch:
        little = Limits(memory_bytes=32 << 20, cpu_seconds=5)
        patch.setattr(viewing, "_warm", [Viewer(little)])
        yield


@contextmanager
def told() -> Iterator[list[UUID]]:
    """Collect which assets are told to be pictured, as a later room would hear it."""
    heard: list[UUID] = []
    with pytest.MonkeyPatch.context() as patch:
        publish = jobs.publish

        def listen(db: Any, fact: Any, **rest: Any) -> None:  # noqa: ANN401
            if isinstance(fact, AssetsPictured):
                heard.extend(fact.asset_ids)
            publish(db, fact, **rest)

        patch.setattr("app.fingerprints.service.publish", listen)
        yield heard


def looks(town: World, asset_id: UUID) -> list[Any]:
    """Return what was seen of an asset."""
    return town.find(LOOKS, id=asset_id)


def hashed_without_a_look(town: World, store: System, content: bytes = PHOTO) -> UUID:
    """Have an asset read and hashed while no child can be started."""
    asset_id = town.an_asset(store, content)
    read_files([asset_id])
    with no_child():
        fingerprint_files([asset_id])
    assert town.find("SELECT 1 FROM fingerprints WHERE asset_id = :id", id=asset_id) == [(1,)]
    assert looks(town, asset_id) == []
    return asset_id


def test_a_file_is_looked_at_in_the_transaction_of_its_fingerprint(
    town: World, store: System, town_api: Client
) -> None:
    asset_id = town.an_asset(store, saved(photograph(77), "JPEG"))  # of which nobody has another
    with told() as heard:
        town.work()
    assert asset_id in heard
    [seen] = looks(town, asset_id)
    assert (seen.outcome, seen.width, seen.height, seen.method) == ("decoded", 300, 200, METHOD)
    assert seen.computed_xid == seen.hashed_xid
    kinds = [row.kind for row in town.find(TOLD + " ORDER BY id", id=asset_id)]
    assert kinds.index("mee") < kinds.index("mes") < kinds.index("x:picture")
    assert town.find(WITHOUT_READING) == []
    [said] = [row.said for row in town.find(TOLD, id=asset_id) if row.kind == "x:picture"]
    assert said["phash"] == seen.phash.hex()
    key = town.headers("cataloguer", department=store.department)
    address = f"/v1/assets/{asset_id}/fingerprints"
    [shown] = town_api.get(address, headers=key).json()["items"]
    assert shown["visual"]["phash"] == seen.phash.hex()
    assert (shown["visual"]["pdq_quality"], shown["pixels"]) == (seen.pdq_quality, None)
    digest_pixels([asset_id])
    [shown] = town_api.get(address, headers=key).json()["items"]
    [digested] = town.find(DIGESTS, id=asset_id)
    assert shown["pixels"]["pixels_sha256"] == digested.pixels_sha256.hex()
    assert (digested.decoder, digested.frames, digested.trailing_bytes) == ("Pillow", 1, 0)


@pytest.mark.parametrize(
    ("content", "outcome", "reason"),
    [
        (b"", "undecodable", "not_decodable"),
        (b"no picture at all", "undecodable", "not_decodable"),
        (a_png(30_000, 30_000, b"\0"), "too_large", "over_budget"),
    ],
    ids=["nothing", "text", "900 megapixels"],
)
def test_what_cannot_be_looked_at_keeps_its_fingerprint_and_says_why(
    town: World, store: System, content: bytes, outcome: str, reason: str
) -> None:
    asset_id = town.an_asset(store, content)
    town.work()
    [seen] = looks(town, asset_id)
    assert (seen.outcome, seen.reason, seen.phash) == (outcome, reason, None)


def test_a_child_that_crashes_costs_no_fingerprint(town: World, store: System) -> None:
    asset_id = town.an_asset(store, a_png(9000, 6000, bytes(6000 * (1 + 3 * 9000))))
    read_files([asset_id])
    with pytest.MonkeyPatch.context() as patch:
        tight = Limits(memory_bytes=540 << 20, cpu_seconds=LIMITS.cpu_seconds)
        patch.setattr(viewing, "_warm", [Viewer(tight)])
        fingerprint_files([asset_id])
    [seen] = looks(town, asset_id)
    assert (seen.outcome, seen.reason) == ("undecodable", "out_of_memory")
    town.work()


def test_what_nobody_looked_at_is_looked_at_by_the_sweep(town: World, store: System) -> None:
    asset_id = hashed_without_a_look(town, store)
    picture_what_was_left()
    assert looks(town, asset_id) == []  # its own jobs may still do so
    town.lose_jobs()
    with a_while_later(), told() as heard:
        picture_what_was_left()
    assert heard.count(asset_id) == 1
    [seen] = looks(town, asset_id)
    assert seen.outcome == "decoded"
    assert seen.computed_xid > seen.hashed_xid
    picture_files([asset_id])
    assert len(looks(town, asset_id)) == 1
    town.work()


@pytest.mark.parametrize(
    ("do", "made"),
    [(picture_some, LOOKS), (digest_pixels, DIGESTS)],
    ids=["looks", "digests"],
)
def test_what_another_worker_looked_at_meanwhile_is_left_alone(
    town: World,
    store: System,
    monkeypatch: pytest.MonkeyPatch,
    do: Callable[[Sequence[UUID]], None],
    made: str,
) -> None:
    asset_id = hashed_without_a_look(town, store)
    each = viewing.each

    def after_another(*given: Any) -> Any:  # noqa: ANN401
        found = each(*given)
        monkeypatch.setattr(viewing, "each", each)
        do([asset_id])
        return found

    monkeypatch.setattr(viewing, "each", after_another)
    do([asset_id])
    assert len(town.find(made, id=asset_id)) == 1
    town.work()


def test_without_a_child_the_sweep_blames_no_file(town: World, store: System) -> None:
    asset_id = hashed_without_a_look(town, store)
    with no_child(), pytest.raises(ChildProcessError):
        picture_files([asset_id])
    hindered = "SELECT 1 FROM hindrances WHERE asset_id = :id AND stage = 'visual'"
    assert town.find(hindered, id=asset_id) == []
    town.work()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda file: file.write_bytes(PHOTO + b"more"), "changed"),
        (lambda file: file.unlink(), "missing"),
        (lambda file: (file.unlink(), file.mkdir()), "unreachable"),
    ],
    ids=["other bytes", "nothing there", "a folder"],
)
def test_other_bytes_than_those_that_were_hashed_are_not_looked_at(
    town: World, store: System, change: Callable[[Path], object], state: str
) -> None:
    asset_id = hashed_without_a_look(town, store)
    change(town.file_of(asset_id))
    picture_files([asset_id])
    assert looks(town, asset_id) == []
    digest_pixels([asset_id])
    assert town.find(DIGESTS, id=asset_id) == []
    states = "SELECT state FROM sightings WHERE asset_id = :id ORDER BY ordinal DESC LIMIT 1"
    assert town.find(states, id=asset_id) == [(state,)]
    town.work()


def test_a_file_that_changes_while_it_is_looked_at_is_discarded(
    town: World, store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = hashed_without_a_look(town, store)
    file = town.file_of(asset_id)
    looked = Viewer.looked

    def meanwhile(self: Viewer) -> Looked:
        found = looked(self)
        file.write_bytes(PHOTO + b"more")
        return found

    monkeypatch.setattr(Viewer, "looked", meanwhile)
    picture_files([asset_id])
    assert looks(town, asset_id) == []
    monkeypatch.undo()
    town.work()
    assert [row.outcome for row in looks(town, asset_id)] == ["decoded"]


def test_what_is_decoded_in_full_anyway_has_its_digest_at_once(town: World, store: System) -> None:
    asset_id = town.an_asset(store, saved(photograph(), "PNG"), name="full.png")
    town.work()
    [seen], [digested] = looks(town, asset_id), town.find(DIGESTS, id=asset_id)
    assert seen.pixels_sha256 == digested.pixels_sha256
    assert digested.computed_xid == seen.computed_xid
    digest_pixels([asset_id])
    assert len(town.find(DIGESTS, id=asset_id)) == 1
    found = in_transaction(lambda db: pixels_of(db, [seen.fingerprint_id]))
    assert found[seen.fingerprint_id].pixels_sha256 == seen.pixels_sha256


def test_a_look_keeps_a_digest_that_a_pair_asked_for_before(town: World, store: System) -> None:
    asset_id = hashed_without_a_look(town, store, saved(photograph(), "PNG"))
    digest_pixels([asset_id])
    picture_files([asset_id])
    assert len(looks(town, asset_id)) == len(town.find(DIGESTS, id=asset_id)) == 1
    town.work()


def test_a_digest_that_cannot_be_made_is_recorded_with_its_reason(
    town: World, store: System
) -> None:
    asset_id = town.an_asset(store, b"no picture")
    town.work()
    digest_pixels([asset_id])
    [digested] = town.find(DIGESTS, id=asset_id)
    assert (digested.pixels_sha256, digested.reason) == (None, "not_decodable")


def test_whoever_hashes_without_a_viewer_sees_nothing(town: World, store: System) -> None:
    asset_id = town.an_asset(store, PHOTO)
    read_files([asset_id])
    [place] = in_transaction(lambda db: places_of(db, [asset_id]))
    hashed = hash_file(*place)
    assert not isinstance(hashed, tuple)
    assert hashed.looked is None
    in_transaction(lambda db: record_fingerprints(db, [hashed], tool_version="3"))
    assert looks(town, asset_id) == []
    hash_places([place])
    assert looks(town, asset_id) == []  # it has its fingerprint; the sweep looks
    town.work()


def test_two_looks_by_one_method_are_refused_by_the_database(town: World, store: System) -> None:
    asset_id = town.an_asset(store, PHOTO)
    town.work()
    again = """
    INSERT INTO visual_fingerprints
      (id, asset_id, fingerprint_id, method, outcome, measures, tools, event_id)
    SELECT uuidv7(), asset_id, fingerprint_id, method, 'undecodable', '{}', '{}', event_id
      FROM visual_fingerprints WHERE asset_id = :id
    """
    with pytest.raises(DBAPIError, match="uq_visual_fingerprints_fingerprint_id_method"):
        town.find(again, id=asset_id)


def test_what_was_seen_has_one_place_for_each_column() -> None:
    assert Seen("too_large", "over_budget").phash is None
    assert Pixels(None, "crashed").trailing_bytes is None
    assert tasks.UNSEEN.name == viewing.VISUAL
