"""Uploads into a bucket of a real store: begun, resumed, finished, handed out, expired."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator

import httpx2
import pytest
from badstore import serving_badly
from buckets import reading_buckets
from contents import Uploader, repr_digest
from images import draw
from swift import Swift
from world import World

from app.assets import tasks
from app.kit.jobs import bind
from app.kit.settings import settings
from app.storage.keeping import PIECE, open_keep

BUCKET = "city-uploads"
CONTENT = draw(11, {"description": "Harbour"}, size=(96, 64))
LONG = draw(12, size=(64, 64)) + os.urandom(PIECE + 4096)  # of more than one part


@pytest.fixture(scope="module", autouse=True)
def _keeping_in_swift(town: World, swift: Swift) -> Iterator[None]:
    swift.a_bucket(BUCKET)
    with reading_buckets(swift.settings("owner"), keep=f"s3://{BUCKET}/kept"):
        bind(town.worker)
        yield


@pytest.fixture
def someone(town: World, town_api: httpx2.Client) -> Uploader:
    return Uploader.of(town, town_api)


def lying() -> int:
    return len(list(open_keep(str(settings().keep)).list_keys()))


def test_a_content_in_a_bucket_is_read_and_handed_out_with_its_digest(
    town: World, someone: Uploader, swift: Swift
) -> None:
    asset_id = someone.registers()
    claim = repr_digest(CONTENT)
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claim).status_code == 201
    town.work()
    page = someone.sees(asset_id)
    assert (page["content"], page["location"], page["reading"]) == ("kept", None, "read")
    address = f"/v1/assets/{asset_id}/content"
    whole = someone.http.get(address, headers=someone.headers)
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["Repr-Digest"] == claim
    some = someone.http.get(address, headers=someone.headers | {"Range": "bytes=5-9"})
    assert (some.status_code, some.content) == (206, CONTENT[5:10])
    names = [one["name"] for one in swift.state(BUCKET)]  # type: ignore[attr-defined]
    assert any(name.startswith("kept/") for name in names)


def test_a_long_content_goes_on_where_it_stopped_and_is_put_together(
    town: World, someone: Uploader
) -> None:
    asset_id, before = someone.registers(), lying()
    middle, total = PIECE + 10, len(LONG)
    first = someone.sends_part(asset_id, LONG, 0, middle)
    assert (first.status_code, first.headers["Upload-Offset"]) == (202, str(middle))
    assert someone.stands(asset_id) == (str(middle), "?0")
    again = someone.sends_part(asset_id, LONG, 100, middle)  # an answer that was lost
    assert (again.status_code, again.headers["Upload-Offset"]) == (202, str(middle))
    differing = someone.sends_part(asset_id, b"!" * total, 100, middle)
    assert differing.json()["code"] == "upload-differs"
    assert someone.sends_part(asset_id, LONG, middle, total).status_code == 201
    town.work()
    whole = someone.http.get(f"/v1/assets/{asset_id}/content", headers=someone.headers)
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(LONG).digest()
    digest = b64encode(hashlib.sha256(LONG).digest()).decode()
    assert whole.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    tasks.tend_uploads()
    assert lying() == before + 1  # its parts are gone


def test_a_content_that_is_not_what_it_claimed_is_set_aside(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    claim = repr_digest(b"another")
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claim).status_code == 201
    town.work()
    assert someone.sees(asset_id)["content"] == "refused"
    assert someone.sends(asset_id, CONTENT).status_code == 201
    town.work()
    assert someone.sees(asset_id)["content"] == "kept"


def test_an_abandoned_upload_expires_with_its_parts(town: World, someone: Uploader) -> None:
    asset_id, before = someone.registers(), lying()
    for start, end in ((0, 100), (100, 300)):
        assert someone.sends_part(asset_id, CONTENT, start, end).status_code == 202
    assert lying() == before + 2
    aged = "UPDATE uploads SET last_part_at = last_part_at - interval '8 days'"
    town.find(f"{aged} WHERE state = 'open'", "catalogue_owner")
    tasks.tend_uploads()
    assert lying() == before
    assert someone.events(asset_id)[-1][0] == "x:upload-expired"
    assert someone.sends(asset_id, CONTENT).status_code == 201


def test_a_store_that_sends_elsewhere_gets_no_content_there(someone: Uploader) -> None:
    asset_id = someone.registers()
    with serving_badly(lambda asked: asked.send(200, ETag='"mark"')) as elsewhere:
        away = f"{elsewhere.address}/taken"
        with serving_badly(lambda asked: asked.send(307, Location=away)) as store:
            keep = str(settings().keep)
            with reading_buckets(store.settings(), keep=keep):
                answer = someone.sends(asset_id, CONTENT)
        assert elsewhere.asked == []
    assert (answer.status_code, answer.json()["code"]) == (503, "keep-unavailable")
    assert answer.headers["Retry-After"]
    assert someone.stands(asset_id) == ("0", "?0")
    assert someone.sends(asset_id, CONTENT).status_code == 201
