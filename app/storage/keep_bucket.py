"""A keep in a bucket of an object store, which is durable when it answers."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Self
from uuid import UUID

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore

from app.kit.refusals import Refusal
from app.storage.errors import KeepUnavailable
from app.storage.s3 import bucket_store

PART = 8 * 1024 * 1024  # of a multipart upload; a store takes no smaller one than 5 MiB


class BucketKeep:
    """A keep beneath a prefix of a bucket."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        """Ask for nothing yet."""
        self._store = store
        self._prefix = prefix.strip("/")

    @classmethod
    def of(cls, bucket: str, prefix: str) -> Self:
        """Open a bucket with the credentials of this process."""
        try:
            return cls(bucket_store(bucket), prefix)
        except Refusal as refusal:
            raise KeepUnavailable(refusal.detail) from refusal

    def put(self, key: UUID, pieces: Iterable[bytes]) -> int:
        """Send one object, in parts when it is longer than one."""
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                size += len(piece)
                yield piece

        start = counted()
        first = b"".join([next(start, b"")])
        second = next(start, None)
        with _refusals():
            if second is None:
                obstore.put(self._store, self._path(key), first, mode="create")
            else:
                rest = chain([first, second], start)
                obstore.put(
                    self._store,
                    self._path(key),
                    rest,
                    use_multipart=True,
                    chunk_size=PART,
                    max_concurrency=2,
                )
        return size

    def read(self, key: UUID, start: int, length: int) -> Iterator[bytes]:
        """Yield a stretch of the object, asked for part by part."""
        path = self._path(key)
        with _refusals():
            for at in range(start, start + length, PART):
                rest = min(PART, start + length - at)
                yield bytes(obstore.get_range(self._store, path, start=at, length=rest))

    def remove(self, key: UUID) -> None:
        """Remove the object."""
        with _refusals(), suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, self._path(key))

    def list_keys(self) -> Iterator[UUID]:
        """Yield the last segments of names that are keys."""
        with _refusals():
            for page in obstore.list(self._store, prefix=self._prefix or None):
                for one in page:
                    with suppress(ValueError):
                        yield UUID(one["path"].rpartition("/")[2])

    def _path(self, key: UUID) -> str:
        inner = f"{key.hex[-2:]}/{key}"
        return f"{self._prefix}/{inner}" if self._prefix else inner


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        # Its words may hold a signed address, so that its kind has to be enough.
        raise KeepUnavailable(f"The keep's store refused: {type(error).__name__}.") from error
