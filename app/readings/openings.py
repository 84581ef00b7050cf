"""An image and the sidecars beside it, opened together: a sidecar that fails costs only itself."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from app.assets.sent_beside import Named
from app.kit.refusals import Refusal
from app.readings.extraction import Extraction
from app.readings.sidecars import (
    CHANGED,
    GONE,
    MOST_BYTES,
    MOST_READ,
    NO_FILE,
    TOO_LARGE,
    TOO_MANY,
    UNREACHABLE,
    Sidecar,
    in_turn,
    understood,
)
from app.storage.errors import NotAFile, NotThere
from app.storage.opening import OpenBytes, open_located, prove_there


@dataclass(slots=True)
class Beside:
    """One sidecar of an image that is open; `file` None: it is not, for a reason."""

    location: str
    file: OpenBytes | None
    byte_token: str | None = None
    reason: str | None = None

    def heard(self, said: Extraction, image: str) -> Sidecar:
        """Take the reader's answer about it, unless it changed meanwhile."""
        failed = None if said.raw else said.reason
        found = Sidecar(self.location, self.byte_token, said.raw, failed or self._moved())
        return understood(found, image)

    def silent(self) -> Sidecar:
        """Say why there is no answer."""
        return Sidecar(self.location, self.byte_token, reason=self.reason)

    def _moved(self) -> str | None:
        try:
            same = self.file is not None and self.file.current_token() == self.file.token
        except Refusal as refusal:
            return why(refusal)
        return None if same else CHANGED


@dataclass(slots=True)
class Opened:
    """A file whose turn it is, its sidecars, and what closes them all."""

    file: OpenBytes
    held: ExitStack
    path: str = ""
    beside: list[Beside] = field(default_factory=list)

    def descriptors(self) -> Iterator[int]:
        """Yield the file's own descriptor, then those of its sidecars that opened."""
        yield self.file.descriptor
        for one in self.beside:
            if one.file is not None:
                yield one.file.descriptor

    def heard(self, answers: Iterator[Extraction]) -> list[Sidecar]:
        """Take the answers about the sidecars, which follow that about the file."""
        return [
            one.silent() if one.file is None else one.heard(next(answers), self.path)
            for one in self.beside
        ]


def opened(root: str, path: str, sidecars: Sequence[str], sent: Named | None = None) -> Opened:
    """Open a file and what lies beside it.

    Args:
        root: of the source system, or of the keep.
        path: beneath it.
        sidecars: beneath the system's root; of an upload as its system calls them.
        sent: of an upload its own name, and where its sidecars lie.

    Raises:
        NotThere, NotAFile, LocationMalformed, OutsideRoots, Unreachable: of the file itself.
    """
    held = ExitStack()
    file = held.enter_context(open_located(root, path))
    name = path if sent is None else sent.name
    beside = []
    for among, one in enumerate(in_turn(name, sidecars)):
        lies = (root, one) if sent is None else sent.places.get(one)
        gone = Beside(one, None, None, GONE)
        found = gone if lies is None else open_beside(*lies, held, among=among)
        beside.append(replace(found, location=one))
    return Opened(file, held, name, beside)


def open_beside(root: str, location: str, held: ExitStack, *, among: int) -> Beside:
    """Open one sidecar, looked at first: no store need send what is not to be read.

    Args:
        root: of the source system.
        location: of the sidecar.
        held: what it is closed with.
        among: how many sidecars of its image go before it.
    """
    try:
        token = prove_there(root, location)
        if among >= MOST_READ:
            return Beside(location, None, str(token), TOO_MANY)
        if token.size > MOST_BYTES:
            return Beside(location, None, str(token), TOO_LARGE)
        file = held.enter_context(open_located(root, location))
    except Refusal as refusal:
        return Beside(location, None, None, why(refusal))
    if file.token.size > MOST_BYTES:  # it grew between looking and opening
        return Beside(location, None, str(file.token), TOO_LARGE)
    return Beside(location, file, str(file.token))


def why(refusal: Refusal) -> str:
    """Say what a refusal to open means for a sidecar."""
    match refusal:
        case NotThere():
            return GONE
        case NotAFile():
            return NO_FILE
        case _:
            return UNREACHABLE
