"""Canonical JSON and its digest: the only bytes of ours that records are hashed from."""

import hashlib
import json
from typing import Any

import rfc8785


def canonical(document: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the one byte string of a JSON document (RFC 8785).

    Raises:
        rfc8785.CanonicalizationError: a value that JSON cannot say exactly.
    """
    return rfc8785.dumps(document)


def digest_of(document: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256, in 64 hex digits, of a document's canonical JSON."""
    return hashlib.sha256(canonical(document)).hexdigest()


def read_canonical(document: bytes) -> dict[str, Any]:
    """Read a record back from its canonical bytes."""
    found: dict[str, Any] = json.loads(document)
    return found
