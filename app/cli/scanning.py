"""From files in a folder to registrations by reference; nothing is opened, let alone written."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from app.cli.progress import following
from app.cli.remote import NotDone, Remote
from app.cli.sending import Line, Told, Way, send, written
from app.kit.refusals import Refusal
from app.storage.buckets import is_bucket_root
from app.storage.files import walk_files
from app.storage.locations import display_name, encode_location, parse_root
from app.storage.tokens import FileToken

LONGEST_IDENTIFIER = 2000  # characters, as the contract has it
Segments = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to register: its system, the system's root, and the way from there to it."""

    system: str
    root: bytes
    below: Segments
    only_direct: bool = False  # leave out what lies in sub-folders

    @property
    def path(self) -> bytes:
        """Return where it lies on this machine."""
        return b"/".join((self.root.rstrip(b"/"), *self.below)) or b"/"


def folder_of(remote: Remote, path: Path, system: str) -> Folder:
    """Find the way from a source system's root to a folder.

    Raises:
        NotDone: no such system for this key, no such folder, or it lies outside the root.
    """
    systems = {one["code"]: one for one in remote.get("/v1/source-systems")}
    if system not in systems:
        known = ", ".join(sorted(systems)) or "none"
        raise NotDone(f"There is no source system {system!r} for this key; it knows {known}.")
    where = systems[system]["root"]
    if is_bucket_root(where):
        raise NotDone(f"{where} is no folder: register its objects by `catalogue import`.")
    root = parse_root(where)
    try:
        real = os.fsencode(path.resolve(strict=True))
    except OSError as trouble:
        raise NotDone(f"{path} cannot be entered: {trouble.strerror}.") from trouble
    if real == root:
        return Folder(system, root, ())
    start = root.rstrip(b"/") + b"/"
    if not real.startswith(start):
        raise NotDone(
            f"{path} is neither {where}, the root of {system}, nor does it lie beneath it."
        )
    return Folder(system, root, tuple(real[len(start) :].split(b"/")))


def register_folder(
    remote: Remote,
    folder: Folder,
    legal_status: Sequence[str],
    unlisted: Callable[[str], None],
    *,
    extra: Callable[[str], dict[str, object]] = lambda _: {},
) -> Told:
    """Say which regular files lie in a folder; new ones are registered, known ones recognised.

    Args:
        remote: with a registrar's key.
        folder: what to register.
        legal_status: what the caller states of each file.
        unlisted: told the sentence about each sub-folder that cannot be listed.
        extra: what else is said of the file at a location, such as `statements`.
    """
    found = sum(1 for _ in files_of(folder, lambda _: None))
    with following(f"Registering {folder.system}", found) as track:
        lines = lines_of(folder, legal_status, unlisted, extra)
        beneath = encode_location(b"/".join(folder.below)) if folder.below else ""
        params = {"source_system": folder.system, "beneath": beneath}
        return send(remote, Way("/v1/scans", f"scan {uuid4()}", params), lines, track)


def lines_of(
    folder: Folder,
    legal_status: Sequence[str],
    unlisted: Callable[[str], None],
    extra: Callable[[str], dict[str, object]],
) -> Iterator[Line]:
    """Yield a registration for each file; what names it in its system is its location."""
    for segments in files_of(folder, unlisted):
        path = b"/".join((*folder.below, *segments))
        token = token_of(b"/".join((folder.path.rstrip(b"/"), *segments)))
        if token is None:
            continue  # gone since its folder was listed, or never reachable: nobody saw it
        location = encode_location(path)
        said = {
            "source_system": folder.system,
            "source_identifier": identifier_of(location, path),
            "location": location,
            "original_name": display_name(segments[-1]),
            "legal_status": list(legal_status),
            "token": token,
        }
        yield Line(written(said | extra(location)), display_name(path))


def token_of(path: bytes) -> str | None:
    """Say a file's state as its folder tells it; nothing is opened."""
    try:
        seen = os.lstat(path)
    except OSError:
        return None
    return str(FileToken.of(seen)) if stat.S_ISREG(seen.st_mode) else None


def identifier_of(location: str, path: bytes) -> str:
    """Return the location, or where percent signs make it too long the path as people see it."""
    return location if len(location) <= LONGEST_IDENTIFIER else display_name(path)


def files_of(folder: Folder, unlisted: Callable[[str], None]) -> Iterator[Segments]:
    """Yield the regular files of a folder, without its sub-folders where that is asked."""

    def report(segments: Segments, trouble: OSError) -> None:
        if segments and not folder.only_direct:
            where = display_name(b"/".join((*folder.below, *segments)))
            unlisted(f"{where} cannot be listed: {trouble.strerror}; what lies in it is left out.")

    if folder.only_direct:
        yield from direct_files(folder.path)
        return
    try:
        yield from walk_files(folder.path, unreadable=report)
    except Refusal as refusal:
        raise NotDone(refusal.detail) from refusal


def direct_files(path: bytes) -> Iterator[Segments]:
    """Yield the regular files that lie in a folder itself, never through a link."""
    try:
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    except OSError as trouble:
        raise NotDone(f"{display_name(path)} cannot be listed: {trouble.strerror}.") from trouble
    yield from ((name,) for name in names)
