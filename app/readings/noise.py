"""What readers say on standard error of each file: bounded, and nothing of its surroundings.

Noise is no statement and decides nothing; it says what a tool stumbled over. Where that was
installed, process numbers, addresses and line counts of its input differ from run to run and are
left out, so that equal bytes make equal noise.
"""

import io
import json
import re
from collections import deque
from collections.abc import Mapping
from contextlib import redirect_stderr

from app.kit.spoofing import UNSEEN
from app.readings.sandbox import HOME_PREFIX

TAG = "Noise:Said"  # in the answer that is kept, a member as the tool's own are: JSON by reader
LONGEST = 2000  # bytes of one reader about one file
MOST_HEARD = 32 << 10  # of which LONGEST are left when all that is no file's is taken out
CHILD = "reading child"
CUT = "…"
_VARYING = (
    (rb" at /(?:[^\s/]+/)+([^\s/]+) line", rb" at \1 line"),  # as Perl says where
    (rb'File "/(?:[^"/\n]+/)*([^"/\n]+)", line', rb'File "\1", line'),  # and Python
    (rb", <\$?\w*> (?:line|chunk) \d+", b""),  # Perl counts the lines that it was asked by
    (rb"/proc/(?:\d+|self)/fd/\d+", b"(file)"),
    (rb"(?:/[^\s/]+)*/" + HOME_PREFIX.encode() + rb"\w+", b"(home)"),
    (rb"\b0x[0-9a-fA-F]{4,}", b"0x"),
    (rb"\bpid[ =:]*\d+", b"pid"),
)


class Marked:
    """The noise of a tool that marks, by a name no file can know, where a file begins and ends."""

    def __init__(self, name: str) -> None:
        self._mark = f"\n{name}\n".encode()
        self._open = bytearray()  # since the last mark
        self._inside = False
        self._of_files: deque[bytes] = deque()

    def feed(self, some: bytes) -> None:
        """Hear more of it."""
        self._open += some
        while (end := self._open.find(self._mark)) >= 0:
            if self._inside:
                self._of_files.append(bytes(self._open[:end][:MOST_HEARD]))
            del self._open[: end + len(self._mark)]
            self._inside = not self._inside
        # The end may be the beginning of a mark.
        del self._open[MOST_HEARD : max(MOST_HEARD, len(self._open) - len(self._mark))]

    def of_next(self) -> bytes:
        """Return, and let go, what was said of the file that was read first of those not taken."""
        return self._of_files.popleft() if self._of_files else b""

    def of_last(self) -> bytes:
        """Return what was said since the last mark: of the file that the tool died over."""
        return bytes(self._open)


class Bounded(io.TextIOBase):
    """Standard error of what runs in this process: its beginning is kept, the rest is let go."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: list[str] = []
        self._room = MOST_HEARD

    def writable(self) -> bool:
        """Say yes, as io asks for it."""
        return True

    def write(self, text: str, /) -> int:
        """Keep what there is room for."""
        if kept := text[: self._room]:
            self._heard.append(kept)
            self._room -= len(kept)
        return len(text)

    def heard(self) -> bytes:
        """Return it as bytes."""
        return "".join(self._heard).encode("utf-8", "backslashreplace")


class Hearing(redirect_stderr[Bounded]):
    """Hear what code of this process says on standard error while it reads one file."""

    def __init__(self) -> None:
        super().__init__(Bounded())

    def __enter__(self) -> Bounded:
        return super().__enter__()


def shown(said: bytes) -> str:
    r"""Write noise so that it can be stored and shown, and every byte of it told.

    A backslash is doubled, a byte that is no UTF-8 is `\xNN`, a letter that turns, hides or
    commands is `\uNNNN`; beyond LONGEST bytes there is an ellipsis.
    """
    for pattern, instead in _VARYING:
        said = re.sub(pattern, instead, said)
    said = said.strip()
    kept = said[:LONGEST].replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return UNSEEN.sub(_escaped, kept) + (CUT if len(said) > LONGEST else "")


def as_told(said: Mapping[str, str]) -> bytes:
    """Write the noise of a child that ends, by reader, for its last frame; nothing: no bytes."""
    return json.dumps(spoken(said)).encode() if spoken(said) else b""


def told(text: str | bytes) -> dict[str, str]:
    """Read what as_told or the tag says; what is no such JSON says nothing."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return {str(reader): str(said) for reader, said in found.items()} if found else {}


def spoken(said: Mapping[str, str]) -> dict[str, str]:
    """Leave out readers that kept silent."""
    return {reader: text for reader, text in said.items() if text}


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"
