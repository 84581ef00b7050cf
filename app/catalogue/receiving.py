"""A body of any size, piece by piece: unpacked with a cap, cut between lines, in little memory."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.catalogue.errors import EncodingUnknown, ImportTooLarge
from app.kit.errors import Malformed

LONGEST_LINE = 256 * 1024
LARGEST_PIECE = 1024 * 1024
LINES_A_PIECE = 5_000  # that hold something; also what one transaction registers
MOST_LINES = 100_000_000
MOST_BYTES = 64 * 1024**3  # unpacked
GZIP = 31  # zlib's window bits for gzip's own frame
FREE_BYTES = 16 * 1024**2  # unpacked before anybody asks how well it was packed
MOST_RATIO = 200  # NDJSON of registrations packs 10 to 40 times; deflate can reach 1,032


@dataclass(slots=True)
class Piece:
    """Some whole lines of a body: bytes `start` to `end` of it."""

    start: int
    end: int
    lines: int = 0  # blank ones too
    filled: int = 0  # that hold something
    too_long: list[int] = field(default_factory=list)  # counted from 0; kept as blank lines
    kept: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0

    @property
    def content(self) -> bytes:
        """Return the lines as they came, without those that are too long."""
        return b"".join(self.kept)

    def has_room_for(self, line: bytes) -> bool:
        """Tell whether a line fits in."""
        return self.kept_bytes + len(line) <= LARGEST_PIECE and self.filled < LINES_A_PIECE


class Cutter:
    """Cuts a body at line ends, always at the same ones, however it arrives."""

    def __init__(self, start: int = 0) -> None:
        """Begin at a byte of the body that begins a line."""
        self._piece = Piece(start, start)
        self._begun: list[bytes] = []  # of the line whose end has not come
        self._begun_bytes = 0

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take what came next; yield each piece that it fills."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            yield from self._end_line(data[start : end + 1])
            start = end + 1
        self._begin_line(data[start:])

    def finish(self, *, broken: bool = False) -> Iterator[Piece]:
        """Yield what is left; of a body that broke off, whole lines only."""
        if self._begun_bytes and not broken:
            yield from self._end_line(b"")
        if self._piece.lines:
            yield self._piece

    def _begin_line(self, part: bytes) -> None:
        self._begun_bytes += len(part)
        if self._begun_bytes <= LONGEST_LINE:
            self._begun.append(part)
        else:
            self._begun.clear()  # the rest of it goes by without being kept

    def _end_line(self, last: bytes) -> Iterator[Piece]:
        size = self._begun_bytes + len(last)
        too_long = size - last.endswith(b"\n") > LONGEST_LINE
        line = b"\n" if too_long else b"".join((*self._begun, last))
        self._begun, self._begun_bytes = [], 0
        if not self._piece.has_room_for(line):
            full, self._piece = self._piece, Piece(self._piece.end, self._piece.end)
            yield full
        piece = self._piece
        if too_long:
            piece.too_long.append(piece.lines)
        piece.kept.append(line)
        piece.kept_bytes += len(line)
        piece.lines += 1
        piece.filled += too_long or not line.isspace()
        piece.end += size


class Plain:
    """A body that is not packed."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._bytes = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pass on what came.

        Raises:
            ImportTooLarge: more than an import takes (HTTP 413).
        """
        self._bytes += len(data)
        refuse_beyond(self._bytes)
        yield data

    def finish(self) -> None:
        """Any end is one."""


class Gunzip:
    """A body packed by gzip, unpacked at most 1 MiB at a time."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._inner = zlib.decompressobj(GZIP)
        self._packed = self._bytes = 0
        self._open = False  # within a file whose end has not come

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Unpack what came.

        Raises:
            Malformed: it is no gzip (HTTP 422).
            ImportTooLarge: more than an import takes, or packed as no list of images is (413).
        """
        self._packed += len(data)
        more = bool(data)
        while more:
            part = self._unpack(data)
            yield part
            if self._inner.eof:
                data = self._inner.unused_data  # gzip files may follow each other
                self._inner = zlib.decompressobj(GZIP)
                self._open, more = False, bool(data)
            else:
                data = self._inner.unconsumed_tail
                more = bool(data) or len(part) == LARGEST_PIECE

    def finish(self) -> None:
        """Refuse a body that ends before gzip's own end."""
        if self._open:
            raise Malformed("The packed body ends too early; send it again.")

    def _unpack(self, data: bytes) -> bytes:
        self._open = True
        try:
            part = self._inner.decompress(data, LARGEST_PIECE)
        except zlib.error as error:
            raise Malformed("The body is not packed by gzip, as its header says.") from error
        self._bytes += len(part)
        refuse_beyond(self._bytes)
        if self._bytes > FREE_BYTES and self._bytes > MOST_RATIO * self._packed:
            raise ImportTooLarge(f"It unpacks to more than {MOST_RATIO} times its size.")
        return part


def refuse_beyond(unpacked: int) -> None:
    """Refuse what is larger than any import."""
    if unpacked > MOST_BYTES:
        raise ImportTooLarge(f"An import holds at most {MOST_BYTES} bytes; send several.")


def unpacking(encoding: str | None) -> Plain | Gunzip:
    """Return what unpacks a body.

    Raises:
        EncodingUnknown: neither plain nor gzip (HTTP 415).
    """
    match (encoding or "identity").strip().lower():
        case "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Gunzip()
        case other:
            raise EncodingUnknown(f"A body is packed by gzip or not at all, not by {other!r}.")
