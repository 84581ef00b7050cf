"""Chunks of PNG and RIFF, counted by kind: what ExifTool does not count and PRONOM asks for."""

import os
import struct
from collections import Counter
from collections.abc import Iterator

MOST = 4096  # looked at; of a file with more nothing is concluded that a later one could change
TAG = "container:Chunks"
_TOLD = frozenset({"acTL", "iTXt", "iCCP", "sPLT", "sRGB", "IEND", "ANMF"})
_WAYS = {"image/png": (8, ">I4s", 4), "image/webp": (12, "<4sI", 0)}


def chunk_counts(descriptor: int, mime: str | None) -> dict[str, int] | None:
    """Count the kinds that tell something; None for formats without chunks."""
    if mime not in _WAYS:
        return None
    counted = Counter(kind.decode("latin-1") for kind in chunk_kinds(descriptor, mime))
    return {kind: count for kind, count in counted.items() if kind in _TOLD}


def chunk_kinds(descriptor: int, mime: str) -> Iterator[bytes]:
    """Yield the kind of each chunk of a PNG or WebP as far as the file goes."""
    at, head, tail = _WAYS[mime]
    for _ in range(MOST):
        try:
            first, second = struct.unpack(head, os.pread(descriptor, 8, at))
        except struct.error:  # the end, or a file cut short
            return
        kind, length = (second, first) if tail else (first, second)
        yield kind
        at += 8 + length + (tail or length % 2)  # a sum behind PNG's, RIFF's padded to even
