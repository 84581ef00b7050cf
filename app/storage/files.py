"""The file system as a source: opened beneath a root, read-only, never through a link.

Every step is taken relative to the descriptor of the step before (openat), so that renaming or
swapping a folder for a symbolic link while we walk can end in a refusal but never elsewhere.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import ELOOP, ENAMETOOLONG, ENODEV, ENOENT, ENOTDIR, ENXIO
from pathlib import Path

from app.storage.errors import NotAFile, NotThere, OutsideRoots, Supplanted, Unreachable
from app.storage.locations import display_name
from app.storage.tokens import FileToken

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_ABSENT = frozenset({ENOENT, ENOTDIR, ENAMETOOLONG})
_REFUSED = frozenset({ELOOP, ENXIO, ENODEV})

Report = Callable[[tuple[bytes, ...], OSError], None]
Notice = Callable[[tuple[bytes, ...], str], None]  # what is no file, and what it is
FILE, FOLDER = "file", "folder"
_KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file that is open for reading; its descriptor lives as long as the context."""

    descriptor: int
    token: FileToken

    def current_token(self) -> FileToken:
        """Look again: differs from `token` when the bytes may have changed since opening."""
        return FileToken.of(os.fstat(self.descriptor))


@contextmanager
def open_beneath(root: bytes, segments: tuple[bytes, ...]) -> Iterator[OpenFile]:
    """Open one regular file beneath a root that check_root resolved.

    Raises:
        NotThere: the storage answers that nothing has this name.
        NotAFile: a link, or a link on the way to it; Supplanted: a folder, FIFO, socket or device.
        Unreachable: the root is not there, may not be entered, or the storage failed; the file
            may well exist.
    """
    where = display_name(b"/".join(segments))
    folder = _enter_root(root)
    try:
        for segment in segments[:-1]:
            folder = _step(folder, segment, where)
        descriptor = _open_file(folder, segments[-1], where)
    finally:
        os.close(folder)
    try:
        yield OpenFile(descriptor, _token_of_regular(descriptor, where))
    finally:
        os.close(descriptor)


def device_above(root: bytes, segments: tuple[bytes, ...]) -> int:
    """Return the device of the deepest folder that is there on the way to a file beneath a root.

    Raises:
        Unreachable: the root, or a folder that is there, cannot be entered.
    """
    where = display_name(b"/".join(segments))
    folder = _enter_root(root)
    try:
        for segment in segments[:-1]:
            try:
                folder = _step(folder, segment, where)
            except (NotThere, NotAFile):
                break
        return os.fstat(folder).st_dev
    finally:
        os.close(folder)


def check_root(path: bytes, allowed: Sequence[Path]) -> bytes:
    """Resolve an existing folder that lies in one of the allowed ones, links followed once, here.

    Raises:
        NotThere: no such folder.
        OutsideRoots: it leads out of every allowed folder, or none is allowed.
        Unreachable: the storage did not answer.
    """
    try:
        real = Path(os.fsdecode(path)).resolve(strict=True)
        is_folder = stat.S_ISDIR(real.stat().st_mode)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise _root_refusal(error, display_name(path)) from error
    if not any(real.is_relative_to(folder.resolve()) for folder in allowed):
        raise OutsideRoots(f"{display_name(path)} lies in no folder this installation may read.")
    if not is_folder:
        raise NotThere(f"{display_name(path)} is not a folder.")
    return os.fsencode(real)


def walk_files(
    root: bytes, *, unreadable: Report, no_file: Notice = lambda *_: None
) -> Iterator[tuple[bytes, ...]]:
    """Yield the regular files beneath a root, by bytes within each folder, never through a link.

    A folder that cannot be listed is told to `unreadable` and passed over: what lies beneath it is
    unreachable, not gone. Links, pipes, sockets and devices are told to `no_file`, and not opened.
    Memory is bounded by the listings of the folders on one path.

    Raises:
        Unreachable: the root itself.
    """
    top: tuple[bytes, ...] = ()
    try:
        pending = [(top, iter(_list_beneath(root, top)))]
    except OSError as error:
        raise Unreachable(f"The storage root {display_name(root)} cannot be listed.") from error
    while pending:
        above, entries = pending[-1]
        entry = next(entries, None)
        if entry is None:
            pending.pop()
            continue
        name, kind = entry
        here = (*above, name)
        if kind == FILE:
            yield here
            continue
        if kind != FOLDER:
            no_file(here, kind)
            continue
        try:
            pending.append((here, iter(_list_beneath(root, here))))
        except OSError as error:
            unreadable(here, error)


def list_folder(root: bytes, segments: tuple[bytes, ...]) -> dict[bytes, bool]:
    """Name what lies directly in a folder beneath a root and is no folder, by bytes.

    Returns:
        Of each name whether it is a regular file: the others are links, pipes, sockets, devices.

    Raises:
        NotThere: there is no such folder.
        NotAFile: it is a link, or a link stands on the way to it.
        Unreachable: it cannot be listed; it may well be there.
    """
    try:
        listed = _list_beneath(root, segments)
    except OSError as error:
        raise _refusal(error, display_name(b"/".join(segments))) from error
    return {name: kind == FILE for name, kind in listed if kind != FOLDER}


def _enter_root(root: bytes) -> int:
    """Open the root step by step from `/`: a folder above it swapped for a link is refused too."""
    try:
        return _descend(os.open(b"/", _FOLDER), filter(None, root.split(b"/")))
    except OSError as error:
        raise Unreachable(f"The storage root {display_name(root)} cannot be entered.") from error


def _descend(folder: int, segments: Iterable[bytes]) -> int:
    """Follow folders down, each relative to the one above; closes every descriptor but the last."""
    try:
        for segment in segments:
            below = os.open(segment, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
    except OSError:
        os.close(folder)
        raise
    return folder


def _step(folder: int, segment: bytes, where: str) -> int:
    """Go one folder down and give up the descriptor of the one above only when that worked."""
    try:
        below = os.open(segment, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno == ENOTDIR and _is_link(folder, segment):
            raise NotAFile(f"A symbolic link stands on the way to {where}.") from error
        raise _refusal(error, where) from error
    os.close(folder)
    return below


def _open_file(folder: int, name: bytes, where: str) -> int:
    try:
        # Looked at before it is opened: opening a device can already move a tape.
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "something else")
            refusal = NotAFile if stat.S_ISLNK(mode) else Supplanted
            raise refusal(f"{where} is not a regular file but a {kind}.")
        with suppress(PermissionError):  # only the owner may ask that the access time stay
            return os.open(name, _FILE | os.O_NOATIME, dir_fd=folder)
        return os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        raise _refusal(error, where) from error


def _token_of_regular(descriptor: int, where: str) -> FileToken:
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode):  # swapped between looking and opening
        raise NotAFile(f"{where} is not a regular file.")
    return FileToken.of(seen)


def _is_link(folder: int, segment: bytes) -> bool:
    try:
        return stat.S_ISLNK(os.stat(segment, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _refusal(error: OSError, where: str) -> NotThere | NotAFile | Unreachable:
    """Tell absent from refused from unreachable; what is not known is unreachable, never absent."""
    if error.errno in _ABSENT:
        return NotThere(f"There is no {where}.")
    if error.errno in _REFUSED:
        return NotAFile(f"{where} is not a regular file.")
    return Unreachable(f"{where} cannot be reached: {os.strerror(error.errno or 0)}.")


def _root_refusal(error: OSError | RuntimeError, where: str) -> NotThere | Unreachable:
    if isinstance(error, RuntimeError) or error.errno in _ABSENT | _REFUSED:
        return NotThere(f"There is no folder {where}.")
    return Unreachable(f"{where} cannot be reached: {os.strerror(error.errno or 0)}.")


def _list_beneath(root: bytes, segments: tuple[bytes, ...]) -> list[tuple[bytes, str]]:
    """List one folder anew from the root, so that depth never uses up descriptors."""
    return _listing(_descend(_enter_root(root), segments))


def _listing(folder: int) -> list[tuple[bytes, str]]:
    """Return names and what they name, sorted by bytes; closes the descriptor."""
    try:
        with os.scandir(folder) as entries:
            found = ((os.fsencode(entry.name), _kind_of(entry)) for entry in entries)
            return sorted((name, kind) for name, kind in found if kind)
    finally:
        os.close(folder)


def _kind_of(entry: os.DirEntry[str]) -> str:
    """Say what a name in a folder names, by what the folder says of it where it does."""
    if entry.is_file(follow_symlinks=False):
        return FILE
    if entry.is_dir(follow_symlinks=False):
        return FOLDER
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return ""  # gone meanwhile
    return _KINDS.get(stat.S_IFMT(mode), "something else")
