"""From what lies in a folder or a bucket to registrations by reference; nothing is opened."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from uuid import uuid4

from app.cli.progress import following
from app.cli.remote import NotDone, Remote
from app.cli.scanning_buckets import prefix_at
from app.cli.sending import Line, Told, Way, send, written
from app.kit.refusals import Refusal
from app.storage.buckets import is_bucket_root
from app.storage.files import walk_files
from app.storage.locations import display_name, encode_location, parse_root
from app.storage.tokens import FileToken

LONGEST_IDENTIFIER = 2000  # characters, as the contract has it
Segments = tuple[bytes, ...]
Tell = Callable[[str], None]


class Place(Protocol):
    """What is to be registered: a folder or a prefix beneath the root of a source system."""

    @property
    def system(self) -> str:
        """Return the code of its system."""

    @property
    def beneath(self) -> str:
        """Return its location beneath the system's root; empty: it is the root."""

    @property
    def left_out(self) -> str:
        """Name what `seen` tells of."""

    def count(self) -> int:
        """Say how much there is."""

    def seen(self, tell: Tell, no_file: Tell) -> Iterator[tuple[bytes, str]]:
        """Yield the way to each file from the system's root, and its state; tell what is left out.

        What is no file at all, as a link, is told apart.

        Raises:
            NotDone: it cannot be entered.
        """

    def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to register: its system, the system's root, and the way from there to it."""

    left_out: ClassVar[str] = "folders not listed"
    system: str
    root: bytes
    below: Segments
    only_direct: bool = False  # leave out what lies in sub-folders

    @property
    def path(self) -> bytes:
        """Return where it lies on this machine."""
        return b"/".join((self.root.rstrip(b"/"), *self.below)) or b"/"

    @property
    def beneath(self) -> str:
        """Return its location."""
        return encode_location(b"/".join(self.below)) if self.below else ""

    def count(self) -> int:
        """Count its files."""
        return sum(1 for _ in files_of(self, lambda _: None))

    def seen(self, tell: Tell, no_file: Tell) -> Iterator[tuple[bytes, str]]:
        """Yield its files as their folders tell of them."""
        for segments in files_of(self, tell, no_file):
            token = token_of(b"/".join((self.path.rstrip(b"/"), *segments)))
            if token is not None:  # or gone since its folder was listed: nobody saw it
                yield b"/".join((*self.below, *segments)), token

    def close(self) -> None:
        """Hold nothing."""


def place_of(remote: Remote, where: str, system: str) -> Place:
    """Find the way from a source system's root to a folder, or a prefix of a bucket.

    Raises:
        NotDone: no such system for this key, no such place, or it lies outside the root.
    """
    systems = {one["code"]: one for one in remote.pages("/v1/source-systems")}
    if system not in systems:
        known = ", ".join(sorted(systems)) or "none"
        raise NotDone(f"There is no source system {system!r} for this key; it knows {known}.")
    root = systems[system]["root"]
    return (
        prefix_at(system, root, where) if is_bucket_root(root) else folder_at(system, root, where)
    )


def folder_at(system: str, root_uri: str, where: str) -> Folder:
    """Find the way from a system's root to a folder of this machine.

    Raises:
        NotDone: no such folder, or it lies outside the root.
    """
    root = parse_root(root_uri)
    try:
        real = os.fsencode(Path(where).resolve(strict=True))
    except OSError as trouble:
        raise NotDone(f"{where} cannot be entered: {trouble.strerror}.") from trouble
    except RuntimeError as trouble:  # before Python 3.13
        raise NotDone(f"{where} cannot be entered: it is a loop of links.") from trouble
    if real == root:
        return Folder(system, root, ())
    start = root.rstrip(b"/") + b"/"
    if not real.startswith(start):
        raise NotDone(
            f"{where} is neither {root_uri}, the root of {system}, nor does it lie beneath it."
        )
    return Folder(system, root, tuple(real[len(start) :].split(b"/")))


def register_place(
    remote: Remote,
    place: Place,
    legal_status: Sequence[str],
    tell: Tell,
    *,
    no_file: Tell = lambda _: None,
    extra: Callable[[str], dict[str, object]] = lambda _: {},
) -> Told:
    """Say which files lie at a place; new ones are registered, known ones recognised.

    Args:
        remote: with a registrar's key.
        place: what to register.
        legal_status: what the caller states of each file.
        tell: told the sentence about everything that is left out.
        no_file: told the sentence about everything that is no file.
        extra: what else is said of the file at a location, such as `statements`.
    """
    found = place.count()
    with following(f"Registering {place.system}", found) as track:
        lines = lines_of(place.seen(tell, no_file), place.system, legal_status, extra)
        params = {"source_system": place.system, "beneath": place.beneath}
        return send(remote, Way("/v1/scans", f"scan {uuid4()}", params), lines, track)


def lines_of(
    seen: Iterable[tuple[bytes, str]],
    system: str,
    legal_status: Sequence[str],
    extra: Callable[[str], dict[str, object]],
) -> Iterator[Line]:
    """Yield a registration for each file; what names it in its system is its location."""
    for path, token in seen:
        location = encode_location(path)
        said = {
            "source_system": system,
            "source_identifier": identifier_of(location, path),
            "location": location,
            "original_name": display_name(path.rpartition(b"/")[2]),
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


def files_of(folder: Folder, unlisted: Tell, no_file: Tell = lambda _: None) -> Iterator[Segments]:
    """Yield the regular files of a folder, without its sub-folders where that is asked."""

    def report(segments: Segments, trouble: OSError) -> None:
        if segments and not folder.only_direct:
            where = display_name(b"/".join((*folder.below, *segments)))
            unlisted(f"{where} cannot be listed: {trouble.strerror}; what lies in it is left out.")

    def notice(segments: Segments, kind: str) -> None:
        where = display_name(b"/".join((*folder.below, *segments)))
        no_file(f"{where} is no file but a {kind}; it is left alone.")

    if folder.only_direct:
        yield from direct_files(folder.path)
        return
    try:
        yield from walk_files(folder.path, unreadable=report, no_file=notice)
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
