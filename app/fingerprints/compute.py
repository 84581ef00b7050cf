"""Hash the bytes of what was read before; takes the proof, never an id."""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from app.readings.committed import CommittedReading

PIECE = 1 << 20
TOOL = "hashlib"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 (32 bytes) and length of one file, from one read of it."""

    read: CommittedReading
    sha256: bytes
    size_bytes: int


def fingerprint(read: CommittedReading, file: BinaryIO) -> Fingerprint:
    """Hash a file from where it stands to its end, in pieces of 1 MiB."""
    digest, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return Fingerprint(read, digest.digest(), size)
