"""Hash the bytes of what was read before; takes the proof, never an id."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from app.fingerprints.anatomy.digests import ImageData, image_data
from app.readings.committed import CommittedReading

PIECE = 8 << 20  # most files in one: pieces are copied once more to be looked through
WHOLE = 64 << 20  # bytes up to which a file is kept while it is hashed, to look at its parts
TOOL = "hashlib"
CLAIMED = frozenset({"md5", "sha1", "sha512"})  # computed beside SHA-256 where somebody claims one
NONE: frozenset[str] = frozenset()


class Bytes(Protocol):
    """What bytes come from, piece by piece; the empty piece is the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 (32 bytes) and length of one file, from one read of it."""

    read: CommittedReading
    sha256: bytes
    size_bytes: int
    computed: Mapping[str, str]  # by algorithm, in hexadecimal: SHA-256 and what was asked for
    image: ImageData | None  # None: no known anatomy, broken, or larger than WHOLE


def fingerprint(read: CommittedReading, file: Bytes, also: frozenset[str] = NONE) -> Fingerprint:
    """Hash a file from where it stands to its end, in pieces of 8 MiB, once for all digests."""
    digest, size = hashlib.sha256(), 0
    kept: list[bytes] = []
    others = {name: hashlib.new(name, usedforsecurity=False) for name in also & CLAIMED}
    while piece := file.read(PIECE):
        digest.update(piece)
        for other in others.values():
            other.update(piece)
        size += len(piece)
        if size <= WHOLE:
            kept.append(piece)
    computed = {name: other.hexdigest() for name, other in others.items()}
    computed["sha256"] = digest.hexdigest()
    image = image_data(b"".join(kept)) if size <= WHOLE else None
    return Fingerprint(read, digest.digest(), size, computed, image)
