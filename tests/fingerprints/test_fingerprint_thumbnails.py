"""A small picture is asked for, made after the fingerprint, and never the original."""

from collections.abc import Iterator
from io import BytesIO
from uuid import UUID

import httpx2
import pytest
from contents import Uploader, repr_digest
from images import draw
from PIL import Image
from sqlalchemy.exc import DBAPIError
from world import World

from app.fingerprints.thumbnails import make_requested
from app.kit.jobs import bind


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    bind(town.worker)
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


def thumbnail(someone: Uploader, asset_id: UUID, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/v1/assets/{asset_id}/thumbnail"
    return someone.http.get(address, headers=someone.headers | named)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "by reference"])
def test_the_first_to_ask_has_it_made_and_the_next_gets_it(
    town: World, someone: Uploader, kept: bool
) -> None:
    original = draw(1, {"description": "SECRET"}, size=(700, 350))
    if kept:
        asset_id = someone.registers()
        assert someone.sends(asset_id, original).status_code == 201
    else:
        asset_id = town.an_asset(someone.system, original)
    early = thumbnail(someone, asset_id)
    assert (early.status_code, early.json()["code"]) == (409, "thumbnail-awaited")
    town.work()
    for _ in range(2):
        asked = thumbnail(someone, asset_id)
        assert (asked.status_code, asked.headers["Retry-After"]) == (202, "1")
    requests = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%make_thumbnails'"
    assert town.find(requests + " AND status = 'todo'") == [(1,)]
    town.work()
    answer = thumbnail(someone, asset_id)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert b"SECRET" not in answer.content
    with Image.open(BytesIO(answer.content)) as small:
        assert small.size == (512, 256)
    again = thumbnail(someone, asset_id, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_too_large_or_no_picture_has_none_and_says_so(
    town: World, someone: Uploader
) -> None:
    canvas = b"\xff\xff\xff\xff"  # 65,535 times 65,535
    head = b"GIF89a" + canvas + b"\x00\x00\x00,"
    huge = head + bytes(4) + canvas + b"\x00\x02\x02L\x01\x00;"
    expected = {huge: "thumbnail-too-large", b"no picture at all": "thumbnail-undecodable"}
    for content, code in expected.items():
        asset_id = someone.registers()
        assert someone.sends(asset_id, content).status_code == 201
        town.work()
        assert thumbnail(someone, asset_id).status_code == 202
        town.work()
        answer = thumbnail(someone, asset_id)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_no_picture_is_made_of_other_bytes_than_those_that_were_hashed(
    town: World, someone: Uploader
) -> None:
    asset_id = town.an_asset(someone.system)
    town.work()
    assert thumbnail(someone, asset_id).status_code == 202
    town.file_of(asset_id).write_bytes(draw(99, size=(30, 30)))
    make_requested()
    outcome = "SELECT outcome, key FROM thumbnails WHERE asset_id = :id"
    assert town.find(outcome, id=asset_id) == [("changed", None)]
    assert thumbnail(someone, asset_id).json()["code"] == "thumbnail-undecodable"
    town.work()


def test_what_is_out_of_reach_waits_and_keeps_nothing_else_back(
    town: World, someone: Uploader
) -> None:
    away, there = town.an_asset(someone.system), town.an_asset(someone.system)
    town.work()
    for asset_id in (away, there):
        assert thumbnail(someone, asset_id).status_code == 202
    file = town.file_of(away)
    file.rename(file.with_suffix(".away"))
    make_requested()
    assert thumbnail(someone, there).status_code == 200
    assert thumbnail(someone, away).status_code == 202
    file.with_suffix(".away").rename(file)
    make_requested()
    assert thumbnail(someone, away).json()["code"] == "thumbnail-undecodable"  # its token changed
    town.work()


def test_of_a_content_that_was_set_aside_nothing_is_shown(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    wrong = repr_digest(b"another content")
    assert someone.sends(asset_id, draw(5), Repr_Digest=wrong).status_code == 201
    town.work()
    assert thumbnail(someone, asset_id).json()["code"] == "thumbnail-awaited"


def test_nobody_sees_another_departments_pictures(town: World, someone: Uploader) -> None:
    asset_id = town.an_asset(someone.system)
    town.work()
    other = Uploader.of(town, someone.http)
    assert thumbnail(other, asset_id).status_code == 404
    dashboards = town.headers("dashboard")
    address = f"/v1/assets/{asset_id}/thumbnail"
    assert someone.http.get(address, headers=dashboards).status_code == 403


def test_the_database_itself_gives_no_thumbnail_up(town: World, someone: Uploader) -> None:
    asset_id = town.an_asset(someone.system)
    town.work()
    assert thumbnail(someone, asset_id).status_code == 202
    make_requested()
    [[key]] = town.find("SELECT key FROM thumbnails WHERE asset_id = :id", id=asset_id)
    give_up = "UPDATE kept_objects SET given_up_at = clock_timestamp() WHERE key = :key"
    with pytest.raises(DBAPIError, match="a thumbnail is not given up"):
        town.find(give_up, key=key)
