"""A body is cut between lines wherever the network cut it, in little memory, and never trusted."""

import gzip
import os
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue import receiving
from app.catalogue.errors import EncodingUnknown, ImportTooLarge
from app.catalogue.receiving import (
    LARGEST_PIECE,
    LINES_A_PIECE,
    LONGEST_LINE,
    Cutter,
    Piece,
    unpacking,
)
from app.kit.errors import Malformed


def cut(parts: Iterable[bytes], *, broken: bool = False) -> list[Piece]:
    cutter = Cutter()
    pieces = [piece for part in parts for piece in cutter.feed(part)]
    return [*pieces, *cutter.finish(broken=broken)]


def in_parts(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@given(body=st.binary(max_size=300).map(lambda b: b.replace(b"a", b"\n")), size=st.integers(1, 50))
def test_whatever_arrives_is_kept_byte_for_byte_and_cut_alike(body: bytes, size: int) -> None:
    whole, parts = cut([body]), cut(in_parts(body, size))
    assert [(p.start, p.end, p.lines, p.filled) for p in whole] == [
        (p.start, p.end, p.lines, p.filled) for p in parts
    ]
    assert b"".join(p.content for p in parts) == body
    assert sum(p.lines for p in parts) == len(body.split(b"\n")) - (body[-1:] in (b"", b"\n"))


def test_a_piece_holds_so_many_lines_and_so_many_bytes_and_no_more() -> None:
    many = cut([b"x\n" * (LINES_A_PIECE + 1)])
    assert [p.filled for p in many] == [LINES_A_PIECE, 1]
    long = cut([b"y" * 250_000 + b"\n"] * 5)
    assert [p.lines for p in long] == [4, 1]
    assert all(p.kept_bytes <= LARGEST_PIECE for p in long)
    assert [p.end for p in long[:-1]] == [p.start for p in long[1:]]


def test_what_broke_off_within_a_line_ends_before_it() -> None:
    [piece] = cut([b"one\ntw"], broken=True)
    assert (piece.content, piece.end) == (b"one\n", 4)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_so_long_and_no_longer(end: bytes) -> None:
    [most] = cut([b"x" * LONGEST_LINE + end])
    assert (most.too_long, len(most.content)) == ([], LONGEST_LINE + len(end))
    [more] = cut([b"a\n", b"x" * LONGEST_LINE, b"x" + end])
    assert (more.too_long, more.content, more.filled) == ([1], b"a\n\n", 2)
    assert more.end == LONGEST_LINE + 3 + len(end)


def test_a_line_of_a_gigabyte_goes_by_without_being_kept() -> None:
    cutter, part = Cutter(), bytes(1024 * 1024)
    most = 0
    for _ in range(1024):
        assert not list(cutter.feed(part))
        most = max(most, sum(map(len, cutter._begun)))
    [piece] = [*cutter.feed(b"\nnext\n"), *cutter.finish()]
    assert most <= LONGEST_LINE
    assert (piece.too_long, piece.content, piece.end) == ([0], b"\nnext\n", 1024**3 + 6)


def test_a_packed_body_is_the_body_it_was_packed_from() -> None:
    body = os.urandom(3_000_000)
    packed = gzip.compress(body[:1_000_000]) + gzip.compress(body[1_000_000:])
    for size in (1000, len(packed)):
        unpack = unpacking("GZIP")
        assert b"".join(x for part in in_parts(packed, size) for x in unpack.feed(part)) == body
        unpack.finish()


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 6)
    sizes: list[int] = []
    with pytest.raises(ImportTooLarge, match="unpacks to more than"):
        sizes.extend(map(len, unpacking("gzip").feed(bomb)))
    assert max(sizes) <= LARGEST_PIECE
    assert sum(sizes) <= max(receiving.FREE_BYTES, receiving.MOST_RATIO * len(bomb))


def test_what_is_no_gzip_or_half_a_gzip_is_refused() -> None:
    with pytest.raises(Malformed, match="not packed by gzip"):
        list(unpacking("gzip").feed(b"{}\n"))
    half = unpacking("gzip")
    list(half.feed(gzip.compress(os.urandom(5000))[:2000]))
    with pytest.raises(Malformed, match="ends too early"):
        half.finish()
    with pytest.raises(EncodingUnknown, match="'br'"):
        unpacking("br")


def test_no_body_is_larger_than_any_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_BYTES", 10)
    for encoding, body in ((None, b"x" * 11), ("gzip", gzip.compress(b"x" * 11))):
        with pytest.raises(ImportTooLarge, match="send several"):
            list(unpacking(encoding).feed(body))
