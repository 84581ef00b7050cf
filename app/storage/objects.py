"""An object store as a source: fetched whole into an unnamed file, which is then read like any.

A reading is a function of bytes, so whoever reads gets a descriptor, wherever the bytes came from.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from errno import EDQUOT, EFBIG, ENOSPC
from functools import partial
from pathlib import Path
from shutil import disk_usage

import httpcore2

from app.kit.settings import settings
from app.storage.asking import FailedInPassing, NotExplained, Question, asked, persistently
from app.storage.buckets import BucketRoot, Place
from app.storage.errors import Unreachable
from app.storage.s3 import Access, access
from app.storage.tokens import ObjectToken

LOOK_SECONDS = 60.0
KEPT_FREE = 64 << 20  # bytes that scratch space never goes below
LONGEST_TOKEN = 2600  # bytes; an index holds it, whose entries end at 2,704
_FULL = frozenset({ENOSPC, EDQUOT, EFBIG})


@dataclass(frozen=True, slots=True)
class OpenObject:
    """A copy of an object that nobody can write to; it goes with the context."""

    descriptor: int
    token: ObjectToken
    place: Place

    def current_token(self) -> ObjectToken:
        """Ask the store again: differs from `token` when the object was replaced since.

        Raises:
            NotThere: it is gone.
            Unreachable: the store does not say.
        """
        told = access()
        seconds = min(LOOK_SECONDS, told.object_seconds)
        return persistently(partial(_look, told, self.place), seconds)


def prove_object(root: BucketRoot, segments: tuple[bytes, ...], seconds: float) -> ObjectToken:
    """Ask the store whether an object is there, and in what state, without fetching it.

    Raises:
        LocationMalformed: no bucket can hold such a key.
        NotThere: the store says that the bucket has no such key.
        FailedInPassing: the store failed, or did not answer within these seconds.
        Unreachable: it gave another answer.
    """
    return persistently(partial(_look, access(), Place.beneath(root, segments)), seconds)


@contextmanager
def open_object(root: BucketRoot, segments: tuple[bytes, ...]) -> Iterator[OpenObject]:
    """Fetch one object whole and open the copy for reading.

    Raises:
        LocationMalformed: no bucket can hold such a key.
        NotThere: the store says that the bucket has no such key.
        Unreachable: the store did not answer, did not let us look, or did not send all of it; or
            there is no room here for a copy.
    """
    place = Place.beneath(root, segments)
    told = access()
    descriptor, token = _fetch(told, place)
    try:
        yield OpenObject(descriptor, token, place)
    finally:
        os.close(descriptor)


def _fetch(told: Access, place: Place) -> tuple[int, ObjectToken]:
    folder = settings().scratch_dir or Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as copy:
            once = partial(_fetch_once, told, place, copy.fileno(), folder)
            token = persistently(once, told.object_seconds)
            # Opened anew: who reads it starts at its beginning and cannot write to it.
            return os.open(f"/proc/self/fd/{copy.fileno()}", os.O_RDONLY | os.O_CLOEXEC), token
    except OSError as error:
        if error.errno in _FULL:
            raise Unreachable(f"There is no room for {place.shown} in {folder}.") from error
        raise Unreachable(
            f"The scratch folder {folder} cannot be used: {error.strerror}."
        ) from error


def _fetch_once(told: Access, place: Place, copy: int, folder: Path) -> ObjectToken:
    """Write an object into an emptied file, never more nor less than the store said."""
    os.ftruncate(copy, 0)
    with asked(told, Question(place)) as answer:
        token = _token_of(answer, place)
        _demand_room(token.size, place, folder)
        written = 0
        for piece in answer.iter_stream():
            written += len(piece)
            if written > token.size:
                raise Unreachable(f"The store sent more of {place.shown} than it had said.")
            _write(copy, piece, written - len(piece))
    if written < token.size:
        raise FailedInPassing(f"The store sent {written} of {token.size} bytes of {place.shown}.")
    return token


def _demand_room(size: int, place: Place, folder: Path) -> None:
    largest = settings().s3_largest_bytes
    if size > largest:
        raise Unreachable(
            f"{place.shown} has {size} bytes, more than the {largest} that are fetched."
        )
    if disk_usage(folder).free - size < KEPT_FREE:
        raise Unreachable(f"There is no room for {size} bytes of {place.shown} in {folder}.")


def _write(copy: int, piece: bytes, offset: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(copy, view, offset)
        view, offset = view[written:], offset + written


def _look(told: Access, place: Place) -> ObjectToken:
    try:
        with asked(told, Question(place, "HEAD")) as answer:
            return _token_of(answer, place)
    except NotExplained:  # HEAD has no body: only GET tells a missing key from a missing bucket
        with asked(told, Question(place)) as answer:
            return _token_of(answer, place)


def _token_of(answer: httpcore2.Response, place: Place) -> ObjectToken:
    """Take the token from the headers that came with the bytes it is about.

    Raises:
        Unreachable: they do not say how long it is, or bear no mark by which a change would show.
    """
    said = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    length = said.get(b"content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise Unreachable(f"The store does not say how long {place.shown} is.")
    version, e_tag = said.get(b"x-amz-version-id", ""), said.get(b"etag", "")
    if version in ("", "null") and (not e_tag or e_tag.startswith("W/")):
        raise Unreachable(f"The store gives {place.shown} neither a version nor a strong ETag.")
    token = ObjectToken(place.bucket, place.key, int(length), _modified(said), version, e_tag)
    if len(str(token).encode()) > LONGEST_TOKEN:
        raise Unreachable(f"The store's marks of {place.shown} are too long to keep.")
    return token


def _modified(said: Mapping[bytes, str]) -> int | None:
    try:
        return int(parsedate_to_datetime(said[b"last-modified"]).timestamp())
    except (KeyError, ValueError, OverflowError):
        return None
