"""The keep: objects under keys that were drawn, written once, durable when `put` returns.

A folder is written by our own hands: obstore's LocalStore answers before the disk does, and offers
no setting that would make it wait.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.storage.errors import KeepFull, KeepUnavailable, LocationMalformed
from app.storage.keep_bucket import BucketKeep
from app.storage.locations import encode_location, parse_root

PIECE = 8 * 1024 * 1024  # bytes of one part, and the most of an upload that is held in memory
READ = 1024 * 1024
_FULL = frozenset({ENOSPC, EDQUOT, EFBIG})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Keep(Protocol):
    """What the catalogue itself holds for those who upload."""

    def put(self, key: UUID, pieces: Iterable[bytes]) -> int:
        """Write one object that is not there yet and return its length; it survives what follows.

        Raises:
            KeepFull, KeepUnavailable: nothing of it is left behind, as far as can be told.
        """

    def read(self, key: UUID, start: int, length: int) -> Iterator[bytes]:
        """Yield a stretch of an object in pieces of bounded size; a short object ends early."""

    def remove(self, key: UUID) -> None:
        """Remove an object; one that is not there is removed already."""

    def list_keys(self) -> Iterator[UUID]:
        """Yield every key that lies there; names that are no keys are passed over."""


def open_keep(root: str) -> Keep:
    """Open the keep that a root URI names.

    Raises:
        KeepUnavailable: it cannot be had.
    """
    if root.startswith("s3://"):
        bucket, _, prefix = root.removeprefix("s3://").partition("/")
        return BucketKeep.of(bucket, prefix)
    try:
        return FolderKeep(Path(os.fsdecode(parse_root(root))))
    except LocationMalformed as error:
        raise KeepUnavailable("CATALOGUE_KEEP names no folder.") from error


def folder_as_keep(path: Path) -> str:
    """Make a folder, with those above it, and return it as the root URI of a keep."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(path.parent)
    return f"file:///{encode_location(os.fsencode(path).strip(b'/'))}/"


def path_of(key: UUID) -> str:
    """Say where an object lies beneath the keep's root: its last digits spread a drawn key."""
    return f"{key.hex[-2:]}/{key}"


class FolderKeep:
    """A keep in a folder that every machine reaches under the same path."""

    def __init__(self, root: Path) -> None:
        """Touch nothing yet."""
        self._root = root

    def put(self, key: UUID, pieces: Iterable[bytes]) -> int:
        """Create the file, write it, and wait for the disk: first its bytes, then its name."""
        path = self._root / path_of(key)
        try:
            _make_folder(path.parent)  # but never the root: an absent mount is no empty keep
            descriptor = os.open(path, _NEW, 0o600)
        except OSError as error:
            raise _refusal(error) from error
        try:
            size = _write(descriptor, pieces)
            _sync_folder(path.parent)
        except BaseException as error:
            with suppress(OSError):
                path.unlink()
            if isinstance(error, OSError):
                raise _refusal(error) from error
            raise
        return size

    def read(self, key: UUID, start: int, length: int) -> Iterator[bytes]:
        """Yield a stretch of the file."""
        try:
            with (self._root / path_of(key)).open("rb", buffering=0) as file:
                file.seek(start)
                while length and (piece := file.read(min(length, READ))):
                    length -= len(piece)
                    yield piece
        except OSError as error:
            raise KeepUnavailable(f"The keep cannot be read: {error.strerror}.") from error

    def remove(self, key: UUID) -> None:
        """Remove the file."""
        try:
            with suppress(FileNotFoundError):
                (self._root / path_of(key)).unlink()
        except OSError as error:
            raise _refusal(error) from error

    def list_keys(self) -> Iterator[UUID]:
        """Yield the names of files that are keys, folder by folder."""
        for folder in _folders(self._root):
            try:
                names = sorted(path.name for path in folder.iterdir())
            except OSError as error:
                raise _refusal(error) from error
            for name in names:
                with suppress(ValueError):
                    yield UUID(name)


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and len(path.name) == 2)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _refusal(error) from error


def _write(descriptor: int, pieces: Iterable[bytes]) -> int:
    size = 0
    try:
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            size += len(piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(error: OSError) -> KeepFull | KeepUnavailable:
    if error.errno in _FULL:
        return KeepFull(
            "The keep is full: nothing of this part was kept. Go on when there is room."
        )
    return KeepUnavailable(f"The keep cannot be written: {os.strerror(error.errno or 0)}.")
