"""Direct pairs with their evidence, each once, and that an image was compared at all."""

import os
from uuid import UUID

import pytest
from httpx2 import Client
from world import System, World, a_while_later

from app.comparisons.tasks import compare_files, compare_what_was_left
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import bind
from app.readings.tasks import read_files

PAIRS = "SELECT a_asset_id, b_asset_id FROM likenesses WHERE a_asset_id = :id OR b_asset_id = :id"
COMPARED = "SELECT fingerprint_id FROM compared WHERE asset_id = :id"
TOLD = "SELECT kind FROM events WHERE asset_id = :id AND kind = 'ffa'"
EVERYTHING = """
SELECT (SELECT count(*) FROM likenesses), (SELECT count(*) FROM compared),
       (SELECT count(*) FROM events)
"""


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def equal_files(town: World, store: System, many: int) -> list[UUID]:
    """Register equal files."""
    first = town.an_asset(store)
    return [first, *(town.a_copy_of(first, store) for _ in range(many - 1))]


def test_an_image_without_a_copy_was_compared_all_the_same(town: World, store: System) -> None:
    asset_id = town.an_asset(store)
    town.work()
    assert len(town.find(COMPARED, id=asset_id)) == 1
    assert len(town.find(TOLD, id=asset_id)) == 1
    assert town.find(PAIRS, id=asset_id) == []


def test_equal_files_are_a_pair_from_either_side_with_evidence(
    town: World, store: System, town_api: Client
) -> None:
    one, other = equal_files(town, store, 2)
    town.work()
    key = town.headers("cataloguer", department=store.department)
    [seen] = town_api.get(f"/v1/assets/{one}/likenesses", headers=key).json()["items"]
    [back] = town_api.get(f"/v1/assets/{other}/likenesses", headers=key).json()["items"]
    assert (seen["other_asset_id"], back["other_asset_id"]) == (str(other), str(one))
    assert seen["id"] == back["id"]
    assert seen["proposed_class"] == "exact_bytes"
    assert not seen["same_object"]
    size = town.file_of(one).stat().st_size
    assert seen["evidence"]["size_bytes"] == size
    assert seen["evidence"]["ranking"][-1]["decides"]
    stranger = town.headers("cataloguer", department=town.a_department())
    assert town_api.get(f"/v1/assets/{one}/likenesses", headers=stranger).status_code == 404


def test_comparing_again_changes_nothing(town: World, store: System) -> None:
    assets = equal_files(town, store, 3)
    town.work()
    before = town.find(EVERYTHING)
    bind(town.worker)
    compare_files(assets)
    assert town.find(EVERYTHING) == before
    assert [len(town.find(PAIRS, id=one)) for one in assets] == [2, 2, 2]


def test_empty_files_are_compared_and_never_a_pair(town: World, store: System) -> None:
    assets = [town.an_asset(store, b"", name=f"empty-{number}") for number in range(2)]
    town.work()
    assert [len(town.find(COMPARED, id=one)) for one in assets] == [1, 1]
    assert town.find(PAIRS, id=assets[0]) == []


def test_two_names_of_one_object_are_told_apart_from_copies(town: World, store: System) -> None:
    one = town.an_asset(store)
    os.link(town.file_of(one), store.folder / "link.jpg")
    other = town.an_asset(store, town.file_of(one).read_bytes(), name="link.jpg")
    copy = town.a_copy_of(one, store)
    town.work()
    found = town.find(
        "SELECT a_asset_id, b_asset_id, same_object FROM likenesses"
        " WHERE :id IN (a_asset_id, b_asset_id)",
        id=one,
    )
    assert {frozenset(row[:2]): row[2] for row in found} == {
        frozenset((one, other)): True,
        frozenset((one, copy)): False,
    }


def test_beyond_twenty_each_is_paired_with_the_first_ranked_only(
    town: World, store: System
) -> None:
    assets = equal_files(town, store, 21)
    town.work()
    first, *others = assets
    assert len(town.find(PAIRS, id=first)) == 20
    for one in others:
        assert [tuple(row) for row in town.find(PAIRS, id=one)] == [(first, one)]
    assert all(len(town.find(COMPARED, id=one)) == 1 for one in assets)


def test_the_sweep_compares_what_no_job_compared_and_only_after_a_while(
    town: World, store: System
) -> None:
    asset_id = town.an_asset(store)
    bind(town.worker)
    read_files([asset_id])
    fingerprint_files([asset_id])
    compare_what_was_left()
    assert town.find(COMPARED, id=asset_id) == []
    town.lose_jobs()
    with a_while_later():
        compare_what_was_left()
    assert len(town.find(COMPARED, id=asset_id)) == 1
    town.work()
