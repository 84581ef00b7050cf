"""Objects of a real Swift: every key can be opened, every change shows, nothing is written."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import reading_buckets
from swift import KEYS, Swift

from app.storage import listing
from app.storage.errors import LocationMalformed, NotThere, OutsideRoots, Unreachable
from app.storage.listing import walk_objects
from app.storage.locations import encode_location
from app.storage.opening import OpenBytes, check_location, open_located, settle_root
from app.storage.s3 import signed

ODD = [
    *("plain.jpg", "with space.jpg", "1967/一九六七 颱風.jpg", "a+b%41%2F&c=d?e#f;g@h:i.jpg"),
    *("new\nline.jpg", "tab\there", "-dash", "quote\"'<>`{|}^\\~.jpg", "%2e%2e/x", "é/e\u0301.jpg"),
]


@pytest.fixture(scope="module")
def bucket(swift: Swift) -> str:
    return swift.a_bucket("photos-of-a-town")


@pytest.fixture(scope="module")
def versioned(swift: Swift) -> str:
    return swift.a_bucket("photos-with-versions", versions=True)


@pytest.fixture(autouse=True)
def _allowed(swift: Swift, bucket: str, versioned: str) -> Iterator[None]:
    with reading_buckets(swift.settings(), bucket, versioned, "no-such-bucket"):
        yield


def content(file: OpenBytes) -> bytes:
    return os.read(file.descriptor, 1 << 20)


@pytest.mark.parametrize("key", ODD)
def test_every_key_is_opened_by_its_location(swift: Swift, bucket: str, key: str) -> None:
    swift.put(bucket, f"odd/{key}", key.encode())
    with open_located(f"s3://{bucket}/odd/", encode_location(key.encode())) as file:
        assert content(file) == key.encode()
        assert file.current_token() == file.token
        assert file.token.object_key == f"s3:{bucket}/odd/{key}"


def test_a_copy_is_read_from_its_start_cannot_be_written_and_has_no_name(
    swift: Swift, bucket: str, tmp_path: Path
) -> None:
    swift.put(bucket, "one", b"bytes")
    told = reading_buckets(swift.settings(), bucket, scratch_dir=tmp_path)
    with told, open_located(f"s3://{bucket}/", "one") as file:
        assert os.lseek(file.descriptor, 0, os.SEEK_CUR) == 0
        assert os.fstat(file.descriptor).st_size == file.token.size == 5
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(file.descriptor, b"x")


def test_an_empty_object_is_opened(swift: Swift, bucket: str) -> None:
    swift.put(bucket, "empty", b"")
    with open_located(f"s3://{bucket}/", "empty") as file:
        assert (content(file), file.token.size) == (b"", 0)
        assert file.current_token() == file.token


def test_a_larger_object_comes_whole(swift: Swift, bucket: str) -> None:
    picture = os.urandom(3_000_001)
    swift.put(bucket, "large", picture)
    with open_located(f"s3://{bucket}/", "large") as file:
        assert os.pread(file.descriptor, 4_000_000, 0) == picture


@pytest.mark.parametrize("versions", [False, True], ids=["one state a key", "versions"])
def test_a_replaced_object_shows(
    swift: Swift, bucket: str, versioned: str, *, versions: bool
) -> None:
    place = versioned if versions else bucket
    swift.put(place, "one", b"before")
    with open_located(f"s3://{place}/", "one") as file:
        swift.put(place, "one", b"behind")
        assert content(file) == b"before"
        assert file.current_token() != file.token
        assert file.current_token().object_key == file.token.object_key
        assert bool(getattr(file.token, "version", "")) == versions


def test_the_same_bytes_put_again_are_another_version(swift: Swift, versioned: str) -> None:
    swift.put(versioned, "same", b"same")
    with open_located(f"s3://{versioned}/", "same") as file:
        swift.put(versioned, "same", b"same")
        assert file.current_token() != file.token


def test_an_object_removed_meanwhile_is_not_there(swift: Swift, bucket: str) -> None:
    swift.put(bucket, "short-lived", b"x")
    with open_located(f"s3://{bucket}/", "short-lived") as file:
        swift.remove(bucket, "short-lived")
        with pytest.raises(NotThere):
            file.current_token()


def test_two_names_of_one_object_share_its_key(swift: Swift, bucket: str) -> None:
    swift.put(bucket, "a/b/c", b"x")
    with (
        open_located(f"s3://{bucket}/", "a/b/c") as one,
        open_located(f"s3://{bucket}/a/b/", "c") as other,
    ):
        assert one.token == other.token
        assert one.token.object_key == other.token.object_key


def test_a_key_that_is_not_there_is_missing_and_a_folder_is_no_object(
    swift: Swift, bucket: str
) -> None:
    swift.put(bucket, "folder/", b"")
    for key in ("nothing", "folder"):
        with pytest.raises(NotThere, match=key), open_located(f"s3://{bucket}/", key):
            pass


def test_a_bucket_that_is_not_there_says_nothing_of_its_keys(swift: Swift) -> None:
    told = reading_buckets(swift.settings("owner"), "no-such-bucket")
    with told, pytest.raises(Unreachable, match="no bucket no-such-bucket"):
        open_located("s3://no-such-bucket/", "x").__enter__()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"CATALOGUE_S3_ACCESS_KEY_ID": "city:stranger"}, "SignatureDoesNotMatch"),
        ({"CATALOGUE_S3_SECRET_ACCESS_KEY": "guessed"}, "SignatureDoesNotMatch"),
        ({"CATALOGUE_S3_ACCESS_KEY_ID": "city:nobody"}, "InvalidAccessKeyId|SignatureDoesNot"),
        (
            {
                "CATALOGUE_S3_ACCESS_KEY_ID": "city:stranger",
                "CATALOGUE_S3_SECRET_ACCESS_KEY": KEYS["stranger"],
            },
            "AccessDenied",
        ),
    ],
    ids=["another's secret", "wrong secret", "unknown", "no right"],
)
def test_who_may_not_look_learns_nothing(
    swift: Swift, bucket: str, wrong: dict[str, str], said: str
) -> None:
    swift.put(bucket, "one", b"x")
    with reading_buckets(swift.settings() | wrong, bucket):
        for key in ("one", "nothing"):
            with pytest.raises(Unreachable, match=said), open_located(f"s3://{bucket}/", key):
                pass


def test_without_credentials_nothing_is_asked(swift: Swift, bucket: str) -> None:
    told = swift.settings() | {"CATALOGUE_S3_SECRET_ACCESS_KEY": ""}
    with reading_buckets(told, bucket), pytest.raises(Unreachable, match="No credentials"):
        open_located(f"s3://{bucket}/", "one").__enter__()


def test_credentials_of_the_surroundings_are_not_used(
    swift: Swift, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "other")
    key = "signed anew\n"  # for a plain one the signer may be kept from before
    swift.put(bucket, key, b"x")
    with open_located(f"s3://{bucket}/", encode_location(key.encode())) as file:
        assert content(file) == b"x"


@pytest.mark.parametrize("key", ["a/../b", "..", "./a", "a/.", "../../other-bucket/a"])
def test_a_key_that_a_url_would_turn_into_another_is_not_signed(swift: Swift, key: str) -> None:
    with pytest.raises(LocationMalformed):
        signed(swift.access("reader"), "GET", "photos-of-a-town", key)


@pytest.mark.parametrize(
    ("root", "refusal"),
    [
        ("s3://another-bucket/", OutsideRoots),
        ("s3://Photos/", LocationMalformed),
        ("s3://ab/", LocationMalformed),
        ("s3://a..b/", LocationMalformed),
        ("s3:///key", LocationMalformed),
        ("s3://user:secret@photos-of-a-town/", LocationMalformed),
        ("s3://photos-abc-s3alias/", LocationMalformed),
        ("s3://photos-of-a-town/a/../b/", LocationMalformed),
        ("s3://photos-of-a-town//", LocationMalformed),
        ("s3://photos-of-a-town/a//", LocationMalformed),
        ("s3://photos-of-a-town/%A7/", LocationMalformed),
        ("gs://photos-of-a-town/", LocationMalformed),
    ],
)
def test_a_root_out_of_bounds_is_refused(root: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        settle_root(root)


def test_a_root_is_kept_in_one_form(bucket: str) -> None:
    for root in (f"s3://{bucket}/香/a%20b", f"S3://{bucket}/%E9%A6%99/a b/"):
        assert settle_root(root) == f"s3://{bucket}/%E9%A6%99/a%20b/"
    assert settle_root(f"s3://{bucket}") == f"s3://{bucket}/"


def test_a_root_whose_bucket_does_not_answer_is_refused(swift: Swift) -> None:
    with pytest.raises(Unreachable):
        settle_root("s3://no-such-bucket/")


@pytest.mark.parametrize("name", [b"\xa7.jpg", b"x" * 1025, "香".encode()[:2]], ids=repr)
def test_a_location_that_no_key_can_say_is_refused(bucket: str, name: bytes) -> None:
    with pytest.raises(LocationMalformed):
        check_location(f"s3://{bucket}/", (name,))
    with pytest.raises(LocationMalformed):
        open_located(f"s3://{bucket}/", encode_location(name)).__enter__()


def test_a_walk_goes_page_by_page_and_names_what_it_cannot_say(
    swift: Swift, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"walk/{key}" for key in ODD]
    for key in [*keys, "walk/folder/", "walk/a//b", "walkaway"]:
        swift.put(bucket, key, key.encode())
    monkeypatch.setattr(listing, "PAGE", 3)
    unnameable: list[str] = []
    found = list(walk_objects(f"s3://{bucket}/walk/", unnameable=unnameable.append))
    assert sorted(one.key for one in found) == sorted(keys)
    assert unnameable == ["walk/a//b"]
    assert {one.key: one.mark.size for one in found} == {key: len(key.encode()) for key in keys}
    for one in found[:3]:
        with open_located(f"s3://{bucket}/walk/", encode_location(b"/".join(one.segments))) as file:
            assert content(file) == one.key.encode()
            assert not one.mark.contradicts(str(file.token))


def test_a_listing_contradicts_the_token_of_what_was_replaced(swift: Swift, bucket: str) -> None:
    swift.put(bucket, "listed/one", b"before")
    with open_located(f"s3://{bucket}/listed/", "one") as file:
        swift.put(bucket, "listed/one", b"behind")
        [one] = walk_objects(f"s3://{bucket}/listed/", unnameable=pytest.fail)
        assert one.mark.contradicts(str(file.token))
        assert one.mark.contradicts("fs:1:2:6:3:4")


def test_what_is_read_is_left_as_it_was_and_its_reader_could_not_change_it(
    swift: Swift, bucket: str
) -> None:
    swift.put(bucket, "kept/one", b"x")
    before = swift.state(bucket)
    with open_located(f"s3://{bucket}/kept/", "one") as file:
        file.current_token()
    assert list(walk_objects(f"s3://{bucket}/kept/", unnameable=pytest.fail))
    settle_root(f"s3://{bucket}/kept/")
    assert swift.ask("PUT", bucket, "kept/one", body=b"y", who="reader").status_code == 403
    assert swift.ask("DELETE", bucket, "kept/one", who="reader").status_code == 403
    assert swift.state(bucket) == before
