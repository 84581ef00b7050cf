"""What a client says of the bytes that it sends: which part of what, and what they should hash to.

A digest from outside is a claim. Nothing here or above it computes one (RFC 9530 calls the header
`Repr-Digest`); the fingerprints room compares, after the reading.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

LARGEST_NUMBER = 2**53
_RANGE = re.compile(r"bytes (?:(\d{1,16})-(\d{1,16})|\*)/(?:(\d{1,16})|\*)")
_DIGEST = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):")
# RFC 9530, 5, and what the register calls them; the older two are claims worth checking still.
_ALGORITHMS = {
    "sha-256": ("sha256", 32),
    "sha-512": ("sha512", 64),
    "sha": ("sha1", 20),
    "md5": ("md5", 16),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to before `end` of a content of `total` bytes; `total` None is not known yet.

    Without bytes, `start` equal to `end`, it asks how far the upload is.
    """

    start: int
    end: int
    total: int | None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says that the bytes hash to, in lower hexadecimal."""

    algorithm: str
    value: str

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"algorithm": self.algorithm, "value": self.value}


def parse_content_range(header: str) -> Part:
    """Read `bytes 0-99/1234`, `bytes 0-99/*` or `bytes */1234`.

    Raises:
        ValueError: anything else, or a part that does not fit its whole.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        message = "must read bytes 0-99/1234, bytes 0-99/* or bytes */1234"
        raise ValueError(message)
    first, last, whole = (None if part is None else int(part) for part in found.groups())
    total = whole
    if first is None or last is None:
        return Part(0, 0, total, asks=True)
    if last < first or last >= LARGEST_NUMBER or (total is not None and last >= total):
        message = "must name a part that begins before it ends, within its whole"
        raise ValueError(message)
    return Part(first, last + 1, total)


def parse_repr_digest(header: str) -> tuple[Claim, ...]:
    """Read `sha-256=:...:, sha-512=:...:`; algorithms that nobody here knows are passed over.

    Raises:
        ValueError: no such list, or a digest of the wrong length.
    """
    claims: dict[str, Claim] = {}
    for one in header.split(","):
        found = _DIGEST.fullmatch(one.strip())
        if found is None:
            message = "must read sha-256=:base64:, as in RFC 9530"
            raise ValueError(message)
        if found[1] in _ALGORITHMS:
            algorithm, length = _ALGORITHMS[found[1]]
            claims[algorithm] = Claim(algorithm, _decoded(found[2], length).hex())
    return tuple(claims[name] for name in sorted(claims))


def _decoded(text: str, length: int) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        message = "must hold base64 between colons"
        raise ValueError(message) from error
    if len(value) != length:
        message = f"must be {length} bytes long"
        raise ValueError(message)
    return value
