"""Originals leave as attachments only, byte for byte as they were read."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from contents import Uploader
from images import draw
from world import World

from app.catalogue.downloading import pieces
from app.catalogue.errors import ContentChanged
from app.catalogue.rules import Stretch, disposition, stretch_of
from app.storage.files import open_beneath

CONTENT = draw(4, size=(90, 70))


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


@pytest.fixture(scope="module")
def kept(town: World, someone: Uploader) -> UUID:
    asset_id = someone.registers(original_name='<script>"a";\n%00/../海港.jpg')
    assert someone.sends(asset_id, CONTENT).status_code == 201
    town.work()
    return asset_id


def fetch(someone: Uploader, asset_id: UUID, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/v1/assets/{asset_id}/content"
    return someone.http.get(address, headers=someone.headers | named)


def test_the_original_leaves_as_an_attachment_with_its_digest(
    someone: Uploader, kept: UUID
) -> None:
    answer = fetch(someone, kept)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    digest = b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="_script__a____00_..___.jpg";'
        " filename*=UTF-8''_script__a____00_.._%E6%B5%B7%E6%B8%AF.jpg"
    )


def test_a_file_by_reference_too(town: World, someone: Uploader) -> None:
    asset_id = town.an_asset(someone.system, CONTENT)
    town.work()
    assert fetch(someone, asset_id).content == CONTENT


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-5", 206, -5, None),
        ("bytes=5-99999999", 206, 5, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("bytes=9-5", 200, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_a_range_is_a_part_and_what_is_none_is_the_whole(
    someone: Uploader, kept: UUID, asked: str, status: int, start: int, end: int | None
) -> None:
    answer = fetch(someone, kept, Range=asked)
    assert (answer.status_code, answer.content) == (status, CONTENT[start:end])
    if status == 206:
        first = start % len(CONTENT)
        last = (end or len(CONTENT)) - 1
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


def test_a_range_beyond_the_end_is_not_there(someone: Uploader, kept: UUID) -> None:
    for asked in (f"bytes={len(CONTENT)}-", "bytes=-0"):
        answer = fetch(someone, kept, Range=asked)
        assert (answer.status_code, answer.json()["code"]) == (416, "range-not-there")
        assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_whoever_has_it_is_not_sent_it_again(someone: Uploader, kept: UUID) -> None:
    tag = fetch(someone, kept).headers["ETag"]
    assert fetch(someone, kept, If_None_Match=tag).status_code == 304
    assert fetch(someone, kept, Range="bytes=0-1", If_Range=tag).status_code == 206
    assert fetch(someone, kept, Range="bytes=0-1", If_Range='"older"').status_code == 200


def test_what_is_awaited_or_unread_or_changed_is_not_handed_out(
    town: World, someone: Uploader
) -> None:
    awaited, unread = someone.registers(), someone.registers()
    assert someone.sends(unread, CONTENT).status_code == 201
    assert fetch(someone, awaited).json()["code"] == "content-awaited"
    assert fetch(someone, unread).json()["code"] == "not-yet-read"
    changed = town.an_asset(someone.system, CONTENT)
    town.work()
    file = town.file_of(changed)
    file.write_bytes(draw(5))
    answer = fetch(someone, changed)
    assert (answer.status_code, answer.json()["code"]) == (409, "content-changed")
    file.unlink()
    assert fetch(someone, changed).json()["code"] == "location-not-there"


def test_bytes_that_change_on_their_way_out_end_early(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(600_000))
    with open_beneath(os.fsencode(tmp_path), (b"file",)) as file:
        stream = pieces(file, Stretch(0, 600_000))
        taken = [next(stream)]
        with (tmp_path / "file").open("ab") as other:
            other.write(b"more")
        with pytest.raises(ContentChanged):
            taken.extend(stream)
    assert sum(map(len, taken)) < 600_000


def test_nobody_fetches_another_departments_originals(
    town: World, someone: Uploader, kept: UUID
) -> None:
    other = Uploader.of(town, someone.http)
    assert fetch(other, kept).status_code == 404
    address = f"/v1/assets/{kept}/content"
    assert someone.http.get(address, headers=town.headers("dashboard")).status_code == 403


@pytest.mark.parametrize(
    "name", ["", ".", "...", "\u202egpj.exe", "a" * 5000, "\ud800", "x\r\nSet-Cookie: a=b", "é.jpg"]
)
def test_every_name_makes_a_header_that_can_be_sent(name: str) -> None:
    said = disposition(name)
    assert said.isascii()
    assert said.isprintable()
    assert said.startswith('attachment; filename="')
    assert len(said) < 2000
    assert "\u202e" not in said
    assert said.count('"') == 2


def test_an_empty_content_has_no_part() -> None:
    assert stretch_of(None, 0) is None
    with pytest.raises(ValueError, match="no byte"):
        stretch_of("bytes=0-", 0)
