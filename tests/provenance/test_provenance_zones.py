"""The instant of a zoneless date: by the policy's zone, derived, and never more than is known."""

from copy import deepcopy
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from images import draw
from world import World

from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.provenance.changes import Assertion, Retraction
from app.provenance.zones import NEVER, RULE, TWICE, instant, zone_called

TAKEN = "1967:07:01 10:00:00"
HONG_KONG = "Asia/Hong_Kong"


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2019-05-02T10:11:12", "2019-05-02T02:11:12Z"),
        ("1967-01-15T10:00:00", "1967-01-15T02:00:00Z"),
        ("1967-07-01T10:00:00", "1967-07-01T01:00:00Z"),  # summer time
        ("1979-07-01T10:00:00", "1979-07-01T01:00:00Z"),  # the last one
        ("1980-07-01T10:00:00", "1980-07-01T02:00:00Z"),
    ],
)
def test_hong_kongs_summers_are_respected(local: str, utc: str) -> None:
    value, note = told(local)
    assert (value["utc"], note) == (utc, None)
    assert value["local"] == local
    assert value["zone"] == HONG_KONG


def told(local: str) -> tuple[dict[str, Any], str | None]:
    zone = zone_called(HONG_KONG)
    assert zone is not None
    return instant(datetime.fromisoformat(local), zone)


def test_a_time_that_came_twice_is_not_decided() -> None:
    value, note = told("1967-10-22T03:10:00")
    assert (value["utc"], note) == (None, TWICE)
    assert value["either"] == ["1967-10-21T18:10:00Z", "1967-10-21T19:10:00Z"]


def test_a_time_that_never_was_has_no_instant() -> None:
    assert told("1967-04-16T03:40:00") == (
        {"local": "1967-04-16T03:40:00", "zone": HONG_KONG, "utc": None},
        NEVER,
    )


def test_a_zone_that_no_release_knows_gives_nothing() -> None:
    assert zone_called("Atlantis/Old_Town") is None


def said(world: World, asset_id: UUID, field: str) -> list[dict[str, Any]]:
    [[statements]] = world.find(
        "SELECT statements FROM provenance_versions WHERE asset_id = :id"
        " ORDER BY version DESC LIMIT 1",
        id=asset_id,
    )
    return [one for one in statements if one["field"] == field]


def test_the_date_stays_as_it_stands_and_only_the_instant_is_derived(world: World) -> None:
    asset_id = world.an_asset(taken=TAKEN)
    world.work()
    [date] = said(world, asset_id, "date_created")
    assert (date["value"], date["source_kind"]) == ("1967-07-01T10:00:00", "extracted")
    [at] = said(world, asset_id, "capture_instant")
    assert at["value"]["utc"] == "1967-07-01T01:00:00Z"
    assert (at["source_kind"], at["rule"], at["inputs"]) == ("derived", RULE, [date["id"]])
    assert at["locator"] == "policy:hk-city-default/completeness/default_time_zone"
    assert (at["tool"], at["certainty"]) == ("tzdata", "probable")
    answers = "SELECT date_created_answer, capture_instant_answer FROM provenance_versions"
    found = world.find(f"{answers} WHERE asset_id = :id ORDER BY version DESC LIMIT 1", id=asset_id)
    assert found == [(1, 8)]  # neither is in conflict


@pytest.mark.parametrize("taken", ["2000:01:01 00:00:00", "1967:07:00 00:00:00"])
def test_a_clock_that_nobody_set_and_a_month_alone_have_no_instant(
    world: World, taken: str
) -> None:
    asset_id = world.an_asset(taken=taken)
    world.work()
    assert said(world, asset_id, "date_created") != []
    assert said(world, asset_id, "capture_instant") == []


def test_a_file_that_tells_its_offset_is_asked_first(world: World) -> None:
    exif = draw(1, {"taken": TAKEN, "offset": "+09:30"})
    asset_id = world.an_asset(picture=exif)
    world.work()
    [at] = said(world, asset_id, "capture_instant")
    assert (at["source_kind"], at["value"]["utc"]) == ("extracted", "1967-07-01T00:30:00Z")


def test_the_parts_of_a_second_go_with_the_instant_that_is_derived(world: World) -> None:
    asset_id = world.an_asset(picture=draw(1, {"taken": TAKEN, "parts": "045"}))
    world.work()
    derived, told = sorted(said(world, asset_id, "capture_instant"), key=lambda s: s["source_kind"])
    [date] = said(world, asset_id, "date_created")
    assert date["value"] == "1967-07-01T10:00:00"
    assert derived["inputs"] == [date["id"], told["id"]]
    assert (derived["value"]["utc"], derived["value"]["sub_seconds"]) == (
        "1967-07-01T01:00:00Z",
        "045",
    )
    assert told["value"] == {"local": "1967-07-01T10:00:00", "sub_seconds": "045"}


def test_what_people_say_of_a_record_leaves_the_instant_as_it_is(world: World) -> None:
    asset_id = world.an_asset(taken=TAKEN)
    world.work()
    before = said(world, asset_id, "capture_instant")
    world.change(asset_id, [Assertion("title", "A tram")])
    assert said(world, asset_id, "capture_instant") == before
    world.change(asset_id, [Assertion("date_created", "1967-07-01T10:00:00")])
    assert said(world, asset_id, "capture_instant") == before


def test_a_scans_date_is_no_capture_and_has_no_instant(world: World) -> None:
    asset_id = world.an_asset(taken=TAKEN)
    world.work()
    world.change(asset_id, [Assertion("digital_source_type", "print")])
    assert said(world, asset_id, "capture_instant") == []
    [mine] = [
        s["id"]
        for s in said(world, asset_id, "digital_source_type")
        if s["source_kind"] == "asserted"
    ]
    world.change(asset_id, retractions=[Retraction(mine, "It was mistaken for another.")])
    assert said(world, asset_id, "capture_instant") != []


def test_a_new_policys_zone_counts_from_each_records_next_version(world: World) -> None:
    asset_id = world.an_asset(taken=TAKEN)
    world.work()
    city = deepcopy(packaged_documents()[0])
    city["policy"] |= {"version": "99.0.0", "effective_from": "2026-01-01"}
    city["completeness"]["default_time_zone"] = "Asia/Tokyo"
    [before] = said(world, asset_id, "capture_instant")
    with world.owner.transaction() as db:
        record_document(db, city)
    world.work()
    assert said(world, asset_id, "capture_instant") == [before]
    world.change(asset_id, [Assertion("title", "A tram")])
    [after] = said(world, asset_id, "capture_instant")
    assert after["value"]["zone"] == "Asia/Tokyo"
    assert after["value"]["utc"] == "1967-07-01T01:00:00Z"
    assert after["id"] != before["id"]
