"""A keep in a bucket of an object store, which is durable when it answers."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Self
from urllib.parse import quote
from uuid import UUID
from xml.sax.saxutils import escape, unescape

from app.kit.refusals import Refusal
from app.storage.asking import Question, asked, persistently
from app.storage.buckets import BucketRoot, Place
from app.storage.errors import KeepUnavailable, NotThere, Unreachable
from app.storage.listing import keys_beneath
from app.storage.s3 import Access, access, check_bucket

PART = 8 * 1024 * 1024  # of a multipart upload; a store takes no smaller one than 5 MiB
LONGEST_WORDS = 1 << 20  # of an answer that is no content
ONCE = ((b"If-None-Match", b"*"),)  # nothing may lie there yet
_UPLOAD = re.compile(r"<UploadId>([^<]{1,2000})</UploadId>")


class BucketKeep:
    """A keep beneath a prefix of a bucket."""

    def __init__(self, root: BucketRoot) -> None:
        """Ask for nothing yet."""
        self._root = root

    @classmethod
    def of(cls, bucket: str, prefix: str) -> Self:
        """Name a bucket and a prefix."""
        with _refusals():
            inner = prefix.strip("/")
            return cls(BucketRoot(check_bucket(bucket), f"{inner}/" if inner else ""))

    def put(self, key: UUID, pieces: Iterable[bytes]) -> int:
        """Send one object, in parts when it is longer than one."""
        place = self._place(key)
        with _refusals():
            parts = _parts(pieces)
            first = next(parts, b"")
            second = next(parts, None)
            if second is None:
                _say(Question(place, "PUT", content=first, headers=ONCE))
                return len(first)
            with _Parts(place) as sent:
                for part in chain((first, second), parts):
                    sent.send(part)
        return sent.size

    def read(self, key: UUID, start: int, length: int) -> Iterator[bytes]:
        """Yield a stretch of the object, asked for part by part."""
        with _refusals():
            for at in range(start, start + length, PART):
                last = min(at + PART, start + length) - 1
                stretch = ((b"Range", b"bytes=%d-%d" % (at, last)),)
                asked_for = Question(self._place(key), headers=stretch, good=frozenset({206}))
                yield _say(asked_for, last + 1 - at).body

    def remove(self, key: UUID) -> None:
        """Remove the object."""
        with _refusals(), suppress(NotThere):
            _say(Question(self._place(key), "DELETE", good=frozenset({200, 204})))

    def list_keys(self) -> Iterator[UUID]:
        """Yield the last segments of names that are keys."""
        with _refusals():
            for name, _, _ in keys_beneath(self._root):
                with suppress(ValueError):
                    yield UUID(name.rpartition("/")[2])

    def _place(self, key: UUID) -> Place:
        return Place(self._root.bucket, f"{self._root.prefix}{key.hex[-2:]}/{key}", str(key))


class _Parts:
    """An object on its way in parts; it is there when the block ends, and else nothing of it is."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._upload = ""
        self._tags: list[str] = []
        self.size = 0

    def __enter__(self) -> Self:
        began = _say(Question(self._place, "POST", "uploads=", b""))
        found = _UPLOAD.search(began.body.decode("utf-8", "replace"))
        if found is None:
            raise Unreachable("The store does not say how it names the parts.")
        self._upload = f"uploadId={quote(unescape(found[1]), safe='')}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._end()
        except BaseException:
            self._give_up()
            raise
        if error is not None:
            self._give_up()

    def send(self, part: bytes) -> None:
        """Send the next part."""
        query = f"partNumber={len(self._tags) + 1}&{self._upload}"
        self._tags.append(_say(Question(self._place, "PUT", query, part)).e_tag)
        self.size += len(part)

    def _end(self) -> None:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
            for number, tag in enumerate(self._tags, start=1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        ended = _say(Question(self._place, "POST", self._upload, body))
        if b"CompleteMultipartUploadResult" not in ended.body:  # S3 may fail after it said 200
            raise Unreachable("The store did not put the parts together.")

    def _give_up(self) -> None:
        with suppress(Refusal):
            _say(Question(self._place, "DELETE", self._upload, good=frozenset({200, 204})))


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    e_tag: str


def _say(question: Question, most: int = LONGEST_WORDS) -> _Answer:
    told = access()
    return persistently(partial(_say_once, told, question, most), told.object_seconds)


def _say_once(told: Access, question: Question, most: int) -> _Answer:
    with asked(told, question) as answer:
        body = bytearray()
        for piece in answer.iter_stream():
            body += piece
            if len(body) > most:
                raise Unreachable("The store sent more than it was asked for.")
    tags = [value for name, value in answer.headers if name.lower() == b"etag"]
    return _Answer(bytes(body), tags[0].decode("latin-1") if tags else "")


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what comes in pieces of any length in parts of one length, the last one shorter."""
    pending = bytearray()
    for piece in pieces:
        pending += piece
        while len(pending) >= PART:
            yield bytes(pending[:PART])
            del pending[:PART]
    if pending:
        yield bytes(pending)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except KeepUnavailable:
        raise
    except Refusal as refusal:
        raise KeepUnavailable(f"The keep cannot be used: {refusal.detail}") from refusal
