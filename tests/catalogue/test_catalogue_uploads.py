"""A content comes in pieces, is kept under a key that says nothing of it, and then lives on."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from contents import Uploader, repr_digest
from images import draw
from world import World

from app.kit.settings import settings
from app.storage.keeping import FolderKeep

CONTENT = draw(7, {"description": "Harbour"}, size=(96, 64))
LENGTH = len(CONTENT)


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


def kept_file(world: World, asset_id: UUID) -> Path:
    """Return where an uploaded content lies."""
    [[keep, path]] = world.find(
        "SELECT k.keep, l.path FROM kept_objects k JOIN uploads u ON u.content_key = k.key"
        " JOIN kept_locations c ON c.upload_id = u.id"
        " JOIN locations l ON l.asset_id = c.asset_id AND l.ordinal = c.ordinal"
        " WHERE u.asset_id = :id AND u.state = 'kept'",
        id=asset_id,
    )
    return Path(str(keep).removeprefix("file://"), path)


def test_an_uploaded_content_travels_as_one_by_reference_does(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sees(asset_id)["content"] == "awaited"
    assert someone.stands(asset_id) == ("0", "?0")
    answer = someone.sends(asset_id, CONTENT)
    assert answer.status_code == 201
    assert answer.json() == {
        "asset_id": str(asset_id),
        "state": "kept",
        "received_bytes": LENGTH,
        "total_bytes": LENGTH,
    }
    assert someone.stands(asset_id) == (str(LENGTH), "?1")
    assert someone.sees(asset_id, "/fingerprints")["items"] == []
    town.work()
    page = someone.sees(asset_id)
    assert (page["content"], page["location"], page["reading"]) == ("kept", None, "read")
    [found] = someone.sees(asset_id, "/fingerprints")["items"]
    assert found["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert [kind for kind, _ in someone.events(asset_id)][:4] == ["ing", "acc", "mee", "mes"]
    reasons = someone.sees(asset_id, "/eligibility")["reasons"]
    assert not [code for code in reasons if code.startswith(("processing", "missing:locations"))]


def test_a_key_of_the_keep_says_nothing_of_the_content(town: World, someone: Uploader) -> None:
    one, two = someone.registers(), someone.registers()
    for asset_id in (one, two):
        assert someone.sends(asset_id, CONTENT).status_code == 201
    paths = [kept_file(town, asset_id) for asset_id in (one, two)]
    assert paths[0] != paths[1]
    for path in paths:
        assert path.read_bytes() == CONTENT
        assert UUID(path.name).version == 7
        assert path.stat().st_mode & 0o077 == 0


def test_parts_follow_each_other_and_head_says_where_the_next_begins(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end in ((0, 100), (100, 101)):
        answer = someone.sends_part(asset_id, CONTENT, start, end)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (202, str(end))
        assert someone.stands(asset_id) == (str(end), "?0")
    assert someone.sees(asset_id)["content"] == "open"
    assert someone.sends_part(asset_id, CONTENT, 101, LENGTH).status_code == 201
    assert kept_file(town, asset_id).read_bytes() == CONTENT
    left = town.find(
        "SELECT k.key FROM upload_parts p JOIN kept_objects k USING (key) JOIN uploads u"
        " ON u.id = p.upload_id WHERE u.asset_id = :id AND k.given_up_at IS NULL",
        id=asset_id,
    )
    assert left == []


def test_the_total_may_be_told_with_the_last_part(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, 200, "*").status_code == 202
    assert someone.sends_part(asset_id, CONTENT, 200, LENGTH, "*").status_code == 202
    asked = someone.sends(asset_id, b"", Content_Range=f"bytes */{LENGTH}")
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (202, str(LENGTH))
    assert someone.sends_part(asset_id, CONTENT, LENGTH - 1, LENGTH).status_code == 201
    assert kept_file(town, asset_id).read_bytes() == CONTENT


def test_a_part_at_the_wrong_offset_is_told_the_right_one(someone: Uploader) -> None:
    asset_id = someone.registers()
    early = someone.sends_part(asset_id, CONTENT, 50, 100)
    assert (early.status_code, early.headers["Upload-Offset"]) == (409, "0")
    assert early.json()["code"] == "upload-offset"
    assert someone.sends_part(asset_id, CONTENT, 0, 100).status_code == 202
    gap = someone.sends_part(asset_id, CONTENT, 150, 200)
    assert (gap.status_code, gap.headers["Upload-Offset"]) == (409, "100")
    assert someone.stands(asset_id) == ("100", "?0")


def test_a_part_sent_again_does_no_harm_and_other_bytes_do_not_take_its_place(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end, offset in ((0, 100, 100), (0, 100, 100), (60, 160, 160), (100, 130, 160)):
        answer = someone.sends_part(asset_id, CONTENT, start, end)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (202, str(offset))
    other = CONTENT[:30] + b"!" + CONTENT[31:]
    answer = someone.sends_part(asset_id, other, 0, 200)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-differs")
    assert someone.stands(asset_id) == ("160", "?0")
    for _ in range(2):  # the last part too: its answer may have been lost
        assert someone.sends_part(asset_id, CONTENT, 160, LENGTH).status_code == 201
    assert kept_file(town, asset_id).read_bytes() == CONTENT


def test_a_kept_content_is_not_replaced_and_the_same_one_again_changes_nothing(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends(asset_id, CONTENT).status_code == 201
    before = someone.events(asset_id)
    assert someone.sends(asset_id, CONTENT).status_code == 201
    for other in (CONTENT + b"!", CONTENT[:-1], b"", b"!" + CONTENT[1:]):
        answer = someone.sends(asset_id, other)
        assert (answer.status_code, answer.json()["code"]) == (409, "upload-differs")
    claimed = someone.sends(asset_id, CONTENT, Repr_Digest=repr_digest(b"another"))
    assert (claimed.status_code, claimed.json()["code"]) == (409, "upload-differs")
    assert kept_file(town, asset_id).read_bytes() == CONTENT
    assert someone.events(asset_id) == before


def test_a_whole_content_begins_anew_and_the_part_that_waits_is_told_so(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, 100).status_code == 202
    other = draw(8)
    assert someone.sends(asset_id, other).status_code == 201
    late = someone.sends_part(asset_id, CONTENT, 100, 200)
    assert (late.status_code, late.json()["code"]) == (409, "upload-differs")
    assert kept_file(town, asset_id).read_bytes() == other
    assert [k for k, _ in someone.events(asset_id)] == ["ing", "x:upload-superseded", "acc"]


def test_of_two_who_upload_at_once_one_wins_and_the_other_is_told(
    town: World, someone: Uploader
) -> None:
    for number in range(6):
        asset_id = someone.registers()
        contents = [draw(20 + number, size=(40, 40)), draw(40 + number, size=(50, 40))]
        barrier, answers = Barrier(2), []

        def send(content: bytes, asset_id: UUID = asset_id, barrier: Barrier = barrier) -> None:
            barrier.wait()
            answers.append((someone.sends(asset_id, content).status_code, content))  # noqa: B023

        threads = [Thread(target=send, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(status for status, _ in answers) == [201, 409]
        assert kept_file(town, asset_id).read_bytes() == dict(answers)[201]
        assert [k for k, _ in someone.events(asset_id)].count("acc") == 1


def test_of_two_who_send_the_same_part_the_slower_is_told_where_it_stands(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()

    def slowly() -> Iterator[bytes]:
        yield CONTENT[:50]
        while someone.sees(asset_id)["content"] != "open":
            time.sleep(0.01)
        assert someone.sends_part(asset_id, CONTENT, 0, 80).status_code == 202
        yield CONTENT[50:100]

    told = {"Content-Range": f"bytes 0-99/{LENGTH}"}
    address = f"/v1/assets/{asset_id}/content"
    late = someone.http.put(address, content=slowly(), headers=someone.headers | told)
    assert (late.status_code, late.json()["code"]) == (409, "upload-offset")
    assert late.headers["Upload-Offset"] == "80"
    keys = {key for (key,) in town.find("SELECT key FROM kept_objects")}
    folder = Path(str(settings().keep).removeprefix("file://"))
    assert set(FolderKeep(folder).list_keys()) <= keys


@pytest.mark.parametrize(
    "header",
    ["bytes 5-1/10", "bytes 0-9/9", "bytes=0-9", "bytes 0-9", "items 0-9/10", "bytes -1-9/10",
     "bytes 0-99999999999999999999/*", "bytes 0-9/10, bytes 10-19/20", ""],
)  # fmt: skip
def test_a_range_that_names_no_part_is_malformed(someone: Uploader, header: str) -> None:
    answer = someone.sends(someone.registers(), CONTENT[:10], Content_Range=header)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Content-Range")


def test_a_body_of_another_length_than_its_range_is_malformed(someone: Uploader) -> None:
    asset_id = someone.registers()
    told = someone.sends(asset_id, CONTENT[:10], Content_Range="bytes 0-19/100")
    assert told.status_code == 422

    def without_length() -> Iterator[bytes]:
        yield CONTENT[:5]
        yield CONTENT[5:10]

    address = f"/v1/assets/{asset_id}/content"
    for told_end, stands in (("bytes 0-3/100", "0"), ("bytes 0-19/100", "10")):
        answer = someone.http.put(
            address,
            content=without_length(),
            headers=someone.headers | {"Content-Range": told_end},
        )
        assert answer.status_code == 422
        assert someone.stands(asset_id) == (stands, "?0")


def test_a_content_without_a_length_is_whole_when_it_ends(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    answer = someone.http.put(
        f"/v1/assets/{asset_id}/content",
        content=iter([CONTENT[:99], CONTENT[99:]]),
        headers=someone.headers,
    )
    assert answer.status_code == 201
    assert kept_file(town, asset_id).read_bytes() == CONTENT


def test_an_empty_content_is_one_too_and_reads_as_such(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    assert someone.sends(asset_id, b"").status_code == 201
    town.work()
    page = someone.sees(asset_id)
    assert (page["reading"], page["reading_reason"]) == ("unreadable", "empty_file")


def test_what_is_longer_than_an_upload_may_be_is_refused_early(
    someone: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "largest_upload", 500)
    asset_id = someone.registers()
    assert someone.sends(asset_id, CONTENT).status_code == 413
    assert someone.sends_part(asset_id, CONTENT, 0, 10, 501).status_code == 413
    chunked = someone.http.put(
        f"/v1/assets/{asset_id}/content", content=iter([CONTENT]), headers=someone.headers
    )
    assert chunked.status_code == 413
    assert someone.stands(asset_id) == ("0", "?0")


def test_headers_that_cannot_be_heeded_are_refused(someone: Uploader) -> None:
    asset_id = someone.registers()
    for name, value in (
        ("Content_Digest", repr_digest(CONTENT)),
        ("Content_Encoding", "gzip"),
        ("Repr_Digest", "sha-256=abc"),
        ("Repr_Digest", "sha-256=:YWJj:"),
        ("Repr_Digest", "sha-256=:" + "A" * 43 + ":"),
    ):
        answer = someone.sends(asset_id, CONTENT, **{name: value})
        assert answer.status_code == 422, value
        assert answer.json()["errors"][0]["pointer"] == f"/{name.replace('_', '-')}"
    assert someone.sees(asset_id)["content"] == "awaited"


def test_an_asset_by_reference_takes_no_upload(town: World, someone: Uploader) -> None:
    asset_id = town.an_asset(someone.system)
    answer = someone.sends(asset_id, CONTENT)
    assert (answer.status_code, answer.json()["code"]) == (409, "content-already-there")
    head = someone.http.head(f"/v1/assets/{asset_id}/content", headers=someone.headers)
    assert head.headers["Upload-Complete"] == "?1"
    town.work()


def test_nobody_uploads_into_another_department_or_without_the_right(
    town: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    other = Uploader.of(town, someone.http)
    assert other.sends(asset_id, CONTENT).status_code == 404
    assert other.sends(uuid4(), CONTENT).status_code == 404
    address = f"/v1/assets/{asset_id}/content"
    assert someone.http.head(address, headers=other.headers).status_code == 404
    curator = town.headers("curator", department=someone.system.department)
    assert someone.http.put(address, content=CONTENT, headers=curator).status_code == 403
    assert someone.http.put(address, content=CONTENT).status_code == 401
    assert someone.stands(asset_id) == ("0", "?0")


def test_an_asset_whose_content_is_awaited_is_not_missing(town: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    town.work()
    answer = someone.sees(asset_id, "/eligibility")
    assert answer["status"] == "not_assessed"
    assert "processing:awaiting_content" in answer["reasons"]
    assert "processing:unread" not in answer["reasons"]
    assert [kind for kind, _ in someone.events(asset_id)] == ["ing"]


def test_no_source_system_reaches_into_the_keep(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = town.folder / "store" / "keep"
    inside.mkdir(parents=True)
    monkeypatch.setattr(settings(), "keep", f"{inside.as_uri()}/")
    for folder in (inside, inside / "ab", inside.parent):
        with pytest.raises(Exception, match="Uploads are kept there"):
            town.a_source_system(folder=folder)
    assert town.a_source_system(folder=town.folder / "store-beside").code
