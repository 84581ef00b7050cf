"""A keep whose store fails: refused in one sentence, sent to no other address, never half there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from badstore import KEY_ID, SECRET, Asked, BadStore, Behaviour, complaint, serving_badly
from buckets import reading_buckets

from app.storage.errors import KeepUnavailable
from app.storage.keep_bucket import PART
from app.storage.keeping import Keep, open_keep

KEY = uuid4()
LONG = [b"x" * PART, b"y" * PART, b"z"]
BEGUN = (
    b"<InitiateMultipartUploadResult><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>"
)
WHOLE = b"<CompleteMultipartUploadResult/>"
ACTS: dict[str, Callable[[Keep], object]] = {
    "put": lambda keep: keep.put(KEY, [b"bytes"]),
    "put in parts": lambda keep: keep.put(KEY, LONG),
    "read": lambda keep: list(keep.read(KEY, 0, 5)),
    "remove": lambda keep: keep.remove(KEY),
    "list": lambda keep: list(keep.list_keys()),
}


@contextmanager
def kept(store: BadStore) -> Iterator[Keep]:
    told: dict[str, object] = {"s3_silence_seconds": 0.4, "s3_object_seconds": 5}
    with reading_buckets(store.settings(), **told):
        yield open_keep("s3://keep-bucket/inner/")


def tried(behaviour: Behaviour, act: Callable[[Keep], object]) -> tuple[str, list[str]]:
    """Do it, and return why it was refused and what was asked."""
    with (
        serving_badly(behaviour) as store,
        kept(store) as keep,
        pytest.raises(KeepUnavailable) as refused,
    ):
        act(keep)
    return refused.value.detail, [method for method, _ in store.asked]


def silent(asked: Asked) -> None:
    asked.store.stopped.wait(10)
    asked.break_off()


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nothing_is_sent_to_or_taken_from_where_the_store_sends_us(
    act: Callable[[Keep], object],
) -> None:
    def kindly(asked: Asked) -> None:
        asked.send(200, BEGUN, ETag='"mark"')

    with serving_badly(kindly) as elsewhere:
        away = lambda asked: asked.send(307, Location=f"{elsewhere.address}/taken")  # noqa: E731
        why, _ = tried(away, act)
        assert elsewhere.asked == []
    assert "is not followed" in why


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(
    ("behaviour", "said", "times"),
    [
        (complaint(403, "AccessDenied"), "403 AccessDenied", 1),
        (complaint(404, "NoSuchBucket"), "no bucket keep-bucket", 1),
        (complaint(503, "SlowDown"), "503 SlowDown", 3),
        (silent, "did not answer in time", 3),
        (lambda asked: asked.break_off(), "broke off", 3),
    ],
    ids=["no right", "no bucket", "an outage", "silence", "a broken connection"],
)
def test_a_store_that_fails_is_unavailable_and_its_words_hold_no_secret(
    act: Callable[[Keep], object], behaviour: Behaviour, said: str, times: int
) -> None:
    why, asked = tried(behaviour, act)
    assert (said in why, len(asked)) == (True, times), (why, asked)
    assert not re.search(f"{KEY_ID}|{SECRET}|X-Amz", why)


def in_parts(last: bytes, failing: int = 0) -> Behaviour:
    """Take parts, but for one, and say this when they are to be put together."""

    def answer(asked: Asked) -> None:
        query = asked.path.partition("?")[2]
        if asked.command == "POST":
            asked.send(200, BEGUN if query.startswith("uploads=") else last)
        elif asked.command == "DELETE":
            asked.send(204)
        elif query.startswith(f"partNumber={failing}&"):
            asked.complain(400, "EntityTooSmall")
        else:
            asked.send(200, ETag=f'"{len(asked.body)}"')

    return answer


def test_parts_are_put_together_under_the_names_that_the_store_gave() -> None:
    bodies: list[bytes] = []

    def noting(asked: Asked) -> None:
        bodies.append(asked.body)
        assert "uploads=" in asked.path or "uploadId=a%26b" in asked.path
        in_parts(WHOLE)(asked)

    with serving_badly(noting) as store, kept(store) as keep:
        assert keep.put(KEY, iter(LONG)) == 2 * PART + 1
    assert [method for method, _ in store.asked] == ["POST", "PUT", "PUT", "PUT", "POST"]
    assert b"".join(bodies[1:4]) == b"".join(LONG)
    assert re.findall(rb"<ETag>([^<]*)", bodies[4]) == [b'"8388608"', b'"8388608"', b'"1"']


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (in_parts(b"<Error><Code>InternalError</Code></Error>"), "did not put the parts together"),
        (in_parts(WHOLE, failing=2), "EntityTooSmall"),
    ],
    ids=["it fails after it said 200", "a part is refused"],
)
def test_parts_that_come_to_nothing_are_given_up(behaviour: Behaviour, said: str) -> None:
    why, asked = tried(behaviour, ACTS["put in parts"])
    assert said in why
    assert asked[-1] == "DELETE"


def test_a_content_that_breaks_off_on_its_way_is_given_up_too() -> None:
    def pieces() -> Iterator[bytes]:
        yield from LONG[:2]
        raise KeepUnavailable("The piece cannot be read.")

    why, asked = tried(in_parts(WHOLE), lambda keep: keep.put(KEY, pieces()))
    assert (why, asked[-1]) == ("The piece cannot be read.", "DELETE")


def test_a_store_that_does_not_heed_a_range_is_not_read() -> None:
    why, _ = tried(lambda asked: asked.send(200, b"bytes and more"), ACTS["read"])
    assert "no proper answer" in why


def test_more_than_was_asked_for_is_refused() -> None:
    why, _ = tried(lambda asked: asked.send(206, b"bytes and more"), ACTS["read"])
    assert "more than it was asked for" in why


def test_what_is_not_there_is_removed_already() -> None:
    with serving_badly(complaint(404, "NoSuchKey")) as store, kept(store) as keep:
        keep.remove(UUID(int=1))


def test_a_first_write_says_that_nothing_may_lie_there() -> None:
    def only_new(asked: Asked) -> None:
        status = 200 if asked.headers["If-None-Match"] == "*" else 500
        asked.send(status, ETag='"mark"')

    with serving_badly(only_new) as store, kept(store) as keep:
        assert keep.put(KEY, [b"by", b"tes"]) == 5


@pytest.mark.parametrize("root", ["s3://Keep/", "s3://a/", "s3://keep-s3alias/"])
def test_a_keep_that_is_no_bucket_is_unavailable(root: str) -> None:
    with pytest.raises(KeepUnavailable):
        open_keep(root)
