"""A reading older than its policy allows blocks, until the image is read again."""

from copy import deepcopy
from uuid import UUID

import pytest
from quarter import Quarter
from world import World

from app.policies.service import record_document
from app.provenance.errors import NotSealed
from app.provenance.service import prove_sealed, seal_complete
from app.provenance.showing import show_provenance
from app.readings.tasks import read_files

LIMIT = 90
OLD = ["reading:too_old"]


@pytest.fixture(scope="module")
def quarter(town: World) -> Quarter:
    """A quarter whose policy takes no reading older than ninety days, and one that takes any."""
    quarter = Quarter(town)
    [[city]] = town.find(
        "SELECT document FROM policy_versions WHERE document_id = 'demo-standard'"
        " ORDER BY id DESC LIMIT 1"
    )
    strict = deepcopy(city)
    strict["policy"] |= {"id": "lately-read"}
    strict["completeness"]["freshness"]["max_extractor_age_days"] = LIMIT
    with town.owner.transaction() as db:
        record_document(db, strict)
    quarter.department = town.a_department(policy="lately-read")
    quarter.one, quarter.two = (town.a_source_system(quarter.department) for _ in range(2))
    return quarter


@pytest.fixture
def pair(quarter: Quarter) -> tuple[UUID, UUID]:
    """Two equal complete files, the earlier of which stays."""
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]
    return pair


def test_a_reading_too_old_makes_the_record_incomplete_by_itself(
    quarter: Quarter, pair: tuple[UUID, UUID]
) -> None:
    copy = pair[1]
    quarter.age_reading(copy, LIMIT - 1)
    assert quarter.of(copy).status == "candidate"
    quarter.age_reading(copy, 1)
    answer = quarter.of(copy)
    assert (answer.status, answer.reasons[:1]) == ("blocked_incomplete", OLD)
    rule = next(one for one in answer.rules if one.reason == OLD[0])
    assert rule.basis == ("lately-read@1.0.1#/completeness/freshness/max_extractor_age_days")
    with quarter.world.api.transaction() as db:
        shown = show_provenance(db, quarter.auditor, copy)
    assert (shown.complete, shown.missing) == (False, OLD)
    with quarter.world.worker.transaction() as db, pytest.raises(NotSealed, match=OLD[0]):
        prove_sealed(db, copy)


def test_a_copy_whose_reading_is_too_old_keeps_for_nobody(
    quarter: Quarter, pair: tuple[UUID, UUID]
) -> None:
    keeper, copy = pair
    quarter.age_reading(keeper, LIMIT)
    assert quarter.statuses(keeper, copy) == ["blocked_incomplete", "retained_keeper"]


def test_a_record_of_too_old_a_reading_is_not_sealed(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    quarter.age_reading(asset_id, LIMIT)
    quarter.complete(asset_id)
    seals = "SELECT count(*) FROM seals WHERE asset_id = :id"
    assert quarter.world.find(seals, id=asset_id) == [(0,)]
    with quarter.world.worker.transaction() as db:
        assert seal_complete(db, [asset_id]) == 0


def test_reading_the_same_bytes_again_makes_it_young(
    quarter: Quarter, pair: tuple[UUID, UUID]
) -> None:
    copy = pair[1]
    quarter.age_reading(copy, LIMIT)
    read_again(quarter, copy)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]
    readings = "SELECT count(*) FROM readings WHERE asset_id = :id"
    assert quarter.world.find(readings, id=copy) == [(2,)]
    read_again(quarter, copy)  # a job that is tried again
    assert quarter.world.find(readings, id=copy) == [(2,)]


def test_where_no_policy_limits_it_the_same_reading_is_made_once(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(
        quarter.world.a_source_system(quarter.world.a_department(policy="demo-standard"))
    )
    quarter.work()
    quarter.age_reading(asset_id, 1000)
    read_again(quarter, asset_id)
    readings = "SELECT count(*) FROM readings WHERE asset_id = :id"
    assert quarter.world.find(readings, id=asset_id) == [(1,)]


def read_again(quarter: Quarter, asset_id: UUID) -> None:
    quarter.by_hand()
    read_files([asset_id])
    quarter.work()
