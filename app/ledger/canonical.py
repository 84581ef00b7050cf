"""Canonical JSON and its digest: the only bytes of ours that records are hashed from."""

import hashlib
import json
from contextlib import suppress
from typing import Any

import rfc8785

# Where keys and numbers are plain, this writes the bytes of RFC 8785, some twenty times faster.
_write_plain = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
EXACT = 2**53  # integers beyond it are no JSON numbers that every reader agrees on


def canonical(document: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the one byte string of a JSON document (RFC 8785).

    Raises:
        rfc8785.CanonicalizationError: a value that JSON cannot say exactly.
    """
    if _is_plain(document):
        with suppress(UnicodeEncodeError):  # a lone surrogate, which the standard's way names
            return _write_plain(document).encode()
    return rfc8785.dumps(document)


def _is_plain(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether Python writes a value as RFC 8785 does.

    Not where a number is no small integer, where keys are not ASCII (Python sorts by code points,
    the standard by UTF-16 units), or where a class is not the built-in one.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        for key, inner in value.items():  # no generator: this is looked at for every fact
            if type(key) is not str or not key.isascii() or not _is_plain(inner):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))
    return kind is int and bool(-EXACT < value < EXACT)


def digest_of(document: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256, in 64 hex digits, of a document's canonical JSON."""
    return hashlib.sha256(canonical(document)).hexdigest()


def digest_of_canonical(document: bytes) -> str:
    """Return the SHA-256, in 64 hex digits, of what is canonical JSON already."""
    return hashlib.sha256(document).hexdigest()


def canonical_object(**parts: bytes) -> bytes:
    """Join canonical values to the canonical object of these names, which are ASCII."""
    said = (b'"%s":%s' % (name.encode(), parts[name]) for name in sorted(parts))
    return b"{" + b",".join(said) + b"}"


def read_canonical(document: bytes) -> dict[str, Any]:
    """Read a record back from its canonical bytes."""
    found: dict[str, Any] = json.loads(document)
    return found
