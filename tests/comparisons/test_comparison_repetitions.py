"""A repeated frame in a sequence is a fault to look at, and never a candidate."""

from uuid import UUID

import pytest
from httpx2 import Client
from images import draw
from world import System, World

from app.assets.events import BytesChanged
from app.kit.jobs import publish

REPEATED = "SELECT asset_id, sequence, identical FROM repetitions WHERE asset_id = ANY(:ids)"


@pytest.fixture
def store(town: World) -> System:
    """A store of a department of its own."""
    return town.a_source_system()


def frames(town: World, store: System, frame: int, *names: str) -> list[UUID]:
    """Register files of the same bytes under these names."""
    return [town.an_asset(store, draw(frame), name=name) for name in names]


def repeated(town: World, assets: list[UUID]) -> set[UUID]:
    """Return which of these were found to be repeated."""
    return {row[0] for row in town.find(REPEATED, ids=assets)}


def test_three_identical_frames_in_a_row_are_a_fault_and_no_candidates(
    town: World, town_api: Client, store: System
) -> None:
    pages = frames(town, store, 901, "p-0011.tif", "p-0012.tif", "p-0013.tif")
    alone = frames(town, store, 902, "p-0014.tif")
    town.work()
    assert repeated(town, pages + alone) == set(pages)
    key = town.headers("curator", department=store.department)
    for page in pages:
        town.complete_record(page)
        answer = town_api.get(f"/v1/assets/{page}/eligibility", headers=key).json()
        assert answer["status"] == "not_assessed"
        assert "alarm:repetition" in answer["reasons"]
        [rule] = [rule for rule in answer["rules"] if rule["rule"] == "alarm:repetition"]
        assert rule["basis"].endswith("#/duplicate_standard/repetition_alarm")
        assert rule["evidence"] == "/v1/faults"
        assert rule["mend"].keys() == {"en", "zh-Hant", "zh-Hans"}
    listed = town_api.get("/v1/faults", headers=key).json()["items"]
    assert {one["asset_id"] for one in listed} == {str(page) for page in pages}
    assert {(one["reason"], one["sequence"], one["identical"]) for one in listed} == {
        ("repetition", "running_number", 3)
    }
    assert listed[0]["evidence"]["first"] == "p-0011.tif"
    assert town_api.get("/v1/faults", headers=town.headers("auditor")).status_code == 200
    stranger = town.headers("curator", department=town.a_department())
    assert town_api.get("/v1/faults", headers=stranger).json()["items"] == []


def test_copies_that_follow_no_sequence_are_no_fault(town: World, store: System) -> None:
    elsewhere = town.a_source_system(store.department)
    copies = [
        *frames(town, store, 905, "only-01.jpg", "only-02.jpg"),
        *frames(town, store, 906, "gap-01.jpg", "gap-02.jpg", "gap-04.jpg"),
        *frames(town, store, 907, "c-01.jpg", "d-02.jpg", "e-03.jpg"),
        *frames(town, store, 908, "cover.jpg", "index.jpg", "plate.jpg"),
        *frames(town, elsewhere, 905, "only-03.jpg"),
    ]
    town.work()
    assert repeated(town, copies) == set()


def test_a_frame_that_comes_later_raises_the_alarm_for_all(town: World, store: System) -> None:
    early = frames(town, store, 903, "q7.jpg", "q8.jpg")
    town.work()
    assert repeated(town, early) == set()
    late = frames(town, store, 903, "q9.jpg", "q10.jpg")
    town.work()
    assert repeated(town, early + late) == {*early, *late}


def test_identical_images_in_one_container_are_a_fault(town: World, store: System) -> None:
    bag = store.folder / "bag"
    bag.mkdir()
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    members = frames(town, store, 904, "bag/one.jpg", "bag/two.jpg", "bag/other.jpg")
    outside = frames(town, store, 904, "three.jpg")
    town.work()
    assert repeated(town, members + outside) == set(members)


def test_each_frame_is_told_of_once_however_many_raise_the_alarm(
    town: World, store: System
) -> None:
    bag = store.folder / "roll"  # its pages are one sequence by their numbers, and one by the bag
    bag.mkdir()
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    pages = frames(town, store, 909, "roll/r1.jpg", "roll/r2.jpg", "roll/r3.jpg")
    town.work()
    pages += frames(town, store, 909, "roll/r4.jpg")
    town.work()
    told = "SELECT asset_id FROM events WHERE kind = 'x:repetition-found' AND asset_id = ANY(:ids)"
    assert sorted(row[0] for row in town.find(told, ids=pages)) == sorted(pages)


def test_a_frame_that_was_scanned_anew_is_a_fault_no_more(
    town: World, town_api: Client, store: System
) -> None:
    pages = frames(town, store, 910, "s1.jpg", "s2.jpg", "s3.jpg")
    town.work()
    town.file_of(pages[1]).write_bytes(draw(911))
    with town.worker.transaction() as db:
        publish(db, BytesChanged((pages[1],)))
    town.work()
    key = town.headers("curator", department=store.department)
    listed = town_api.get("/v1/faults", headers=key).json()["items"]
    assert {one["asset_id"] for one in listed} == {str(pages[0]), str(pages[2])}
    assert repeated(town, pages) == set(pages)  # what was found stays written
