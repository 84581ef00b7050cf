"""An image in an object store travels as one in a folder does, and its store is left alone."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest
from badstore import SECRET, complaint, serving_badly, well
from buckets import reading_buckets
from images import draw
from shelf import Shelf
from sqlalchemy.exc import IntegrityError
from swift import KEYS, Swift
from world import System, World

from app.kit.jobs import bind
from app.readings.tasks import read_files

BUCKET = "city-photographs"
READING = (
    "SELECT outcome, reason, tool, tool_version, format, mime, size_bytes, statements, raw"
    " FROM readings WHERE asset_id = :id ORDER BY ordinal"
)
SHA256 = "SELECT sha256 FROM fingerprints WHERE asset_id = :id ORDER BY id"
SIGHTINGS = "SELECT state, detail FROM sightings WHERE asset_id = :id ORDER BY ordinal"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(scope="module", autouse=True)
def _reading_from_swift(town: World, swift: Swift) -> Iterator[None]:
    swift.a_bucket(BUCKET)
    with reading_buckets(swift.settings(), BUCKET):
        yield


@pytest.fixture
def shelf(town: World, town_api: httpx2.Client, swift: Swift) -> Shelf:
    made = Shelf(town, town_api, swift, town.a_department(), BUCKET)
    assert made.added().status_code == 201
    return made


def states(town: World, asset_id: UUID) -> list[str]:
    return [row.state for row in town.find(SIGHTINGS, id=asset_id)]


def readings(town: World, asset_id: UUID) -> Sequence[Any]:
    return [tuple(row) for row in town.find(READING, id=asset_id)]


def test_an_object_is_read_and_hashed_as_the_same_bytes_in_a_folder_are(
    town: World, shelf: Shelf, swift: Swift
) -> None:
    picture = draw(401, {"description": "維多利亞港", "creator": "Chan Siu Ming"})
    here = shelf.an_asset(picture, "1967/颱風 +%.jpg", "1967/%E9%A2%B1%E9%A2%A8%20+%25.jpg")
    there = town.an_asset(None, picture)
    before = swift.state(BUCKET)
    town.work()
    assert readings(town, here) == readings(town, there)
    assert len(readings(town, here)) == 1
    assert town.find(SHA256, id=here) == town.find(SHA256, id=there) != []
    assert swift.state(BUCKET) == before


def test_an_object_that_is_replaced_is_read_again_before_it_is_hashed(
    town: World, shelf: Shelf, swift: Swift
) -> None:
    asset_id = shelf.an_asset(draw(402, {"description": "before"}))
    bind(town.worker)
    read_files([asset_id])
    swift.put(BUCKET, f"{shelf.prefix}picture.jpg", draw(403, {"description": "after"}))
    town.work()
    assert len(readings(town, asset_id)) == 2
    assert len(town.find(SHA256, id=asset_id)) == 1
    assert states(town, asset_id)[:1] in (["changed"], [])


def test_only_a_clear_no_makes_an_object_missing(town: World, shelf: Shelf, swift: Swift) -> None:
    gone = shelf.an_asset(draw(404), "gone.jpg")
    hidden = shelf.an_asset(draw(405), "hidden.jpg")
    swift.remove(BUCKET, f"{shelf.prefix}gone.jpg")
    bind(town.worker)
    read_files([gone])
    swift.let_read(BUCKET, "")
    read_files([hidden])
    swift.let_read(BUCKET, "city:reader")
    assert states(town, gone) == ["missing"]
    [seen] = town.find(SIGHTINGS, id=hidden)
    assert (seen.state, "AccessDenied" in seen.detail) == ("unreachable", True)
    read_files([hidden])
    assert states(town, hidden) == ["unreachable", "present"]
    town.work()


def test_a_store_that_fails_after_reading_leaves_no_reading(town: World, shelf: Shelf) -> None:
    asset_id = shelf.an_asset(draw(406))
    bind(town.worker)

    def then_failing(asked: Any) -> None:  # noqa: ANN401 - as badstore has it
        (well if asked.attempt == 1 else complaint(403, "AccessDenied"))(asked)

    with serving_badly(then_failing) as store, reading_buckets(store.settings(), BUCKET):
        read_files([asset_id])
    assert readings(town, asset_id) == []
    assert states(town, asset_id) == ["unreachable"]
    town.work()
    assert len(readings(town, asset_id)) == 1


def test_two_assets_at_one_key_are_one_object(town: World, shelf: Shelf, swift: Swift) -> None:
    inner = Shelf(town, shelf.api, swift, shelf.department, BUCKET)
    inner.prefix = f"{shelf.prefix}inner/"
    assert inner.added().status_code == 201
    one = inner.an_asset(draw(407), "same.jpg")
    other = UUID(shelf.register("inner/same.jpg").json()["asset_id"])
    town.work()
    pairs = town.find(
        "SELECT same_object FROM likenesses WHERE a_asset_id IN (:one, :other)"
        " AND b_asset_id IN (:one, :other)",
        one=one,
        other=other,
    )
    assert [row.same_object for row in pairs] == [True]


def test_two_departments_never_share_a_prefix(town: World, shelf: Shelf, swift: Swift) -> None:
    other = Shelf(town, shelf.api, swift, town.a_department(), BUCKET)
    for root in (shelf.prefix, f"{shelf.prefix}inner/", ""):
        answer = other.added(f"s3://{BUCKET}/{root}")
        assert (answer.status_code, answer.json()["code"]) == (409, "storage-roots-overlap")
    assert other.added(f"s3://{BUCKET}/{shelf.prefix[:-1]}-next/").status_code == 201


@pytest.mark.parametrize(
    ("root", "status", "code"),
    [
        ("s3://another-bucket/", 409, "location-outside-roots"),
        ("s3://Bucket/", 422, "location-malformed"),
        ("s3://key:secret@bucket/", 422, "location-malformed"),
        (f"s3://{BUCKET}/a/../b/", 422, "location-malformed"),
    ],
)
def test_a_root_out_of_bounds_is_refused(shelf: Shelf, root: str, status: int, code: str) -> None:
    answer = shelf.added(root)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_location_that_no_key_can_say_is_refused_when_it_is_registered(shelf: Shelf) -> None:
    answer = shelf.register("%A7.jpg")
    assert (answer.status_code, answer.json()["code"]) == (422, "location-malformed")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/location"]


@pytest.mark.parametrize("root", ["s3://UPPER/", "s3://ab/", "s3://bucket", "http://bucket/"])
def test_the_database_itself_refuses_what_is_no_root(town: World, root: str) -> None:
    system: System = town.a_source_system()
    with pytest.raises(IntegrityError, match="ck_source_systems_root"):
        town.find(
            "UPDATE source_systems SET root = :root WHERE code = :code",
            "catalogue_owner",
            root=root,
            code=system.code,
        )


def test_no_credential_is_kept_anywhere(town: World, shelf: Shelf) -> None:
    shelf.an_asset(draw(408))
    town.work()
    for [table] in town.find(TABLES, "catalogue_owner"):
        for secret in (KEYS["reader"], "city:reader", SECRET, "X-Amz"):
            found = town.find(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE :it',  # noqa: S608
                "catalogue_owner",
                it=f"%{secret}%",
            )
            assert found == [(0,)], table
