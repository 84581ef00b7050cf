"""Content Credentials (C2PA): whether a manifest is there, whether it holds, what it tells.

The library's own verdict is not used: it asks the clock whether a certificate has expired, and a
reading is of the bytes alone. What failed is told one by one, and what only the clock says is left
out of the judgement.
"""

import json
from collections.abc import Iterator
from typing import Any

from app.readings.extraction import Extracted
from app.readings.tags import Tags

LIBRARY = "c2pa-python"
TAG = "C2PA:Manifest"
NONE, VALID, INVALID, UNTRUSTED = "none", "valid", "invalid", "untrusted"
REMOTE = "names a manifest elsewhere, which is never fetched"
UNSTAMPED = "no time stamp: trusted while the signer's certificate lasts"
_REMOTE_TAG = "XMP:XMP-dcterms:Provenance"
_UNTRUSTED = frozenset({"signingCredential.untrusted"})
_OF_THE_CLOCK = ("expired", "outsideValidity", "outside_validity")
_IDENTITY = "cawg."  # who vouches for the signer besides: not whether the picture is as signed


def status_statement(tags: Tags) -> Iterator[Extracted]:
    """State none, valid, invalid or untrusted, with what failed; nothing where none can be."""
    manifest = _manifest(tags)
    if manifest is None:
        return
    note = _note(manifest, tags)
    yield Extracted("c2pa_status", _status(manifest), TAG, True, note=note)


def history_statement(tags: Tags) -> Iterator[Extracted]:
    """Tell what the manifest says was done, with what and by whom; not picked when it is broken."""
    manifest = _manifest(tags)
    if not manifest or "error" in manifest:
        return
    told = {key: manifest[key] for key in ("generator", "issuer", "signer", "signed_at")}
    value = {key: part for key, part in told.items() if part}
    value["actions"] = [
        {key: part for key, part in action.items() if part} for action in manifest["actions"]
    ]
    status = _status(manifest)
    note = None if status == VALID else status
    yield Extracted("edit_history", value, TAG, status != INVALID, note=note)


def source_type_statement(tags: Tags, *, known: bool) -> Iterator[Extracted]:
    """Tell the digital source type of the manifest's last action that names one.

    Args:
        tags: of the file.
        known: whether XMP, which goes before C2PA, tells one already.
    """
    manifest = _manifest(tags)
    types = [action["source_type"] for action in (manifest or {}).get("actions", [])]
    said = next(filter(None, reversed(types)), None)
    if manifest and said:
        status = _status(manifest)
        picked = not known and status != INVALID
        note = None if status == VALID else status
        yield Extracted("digital_source_type", said, TAG, picked, note=note)


def _manifest(tags: Tags) -> dict[str, Any] | None:
    text = tags.text(TAG)
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found


def _status(manifest: dict[str, Any]) -> str:
    if not manifest:
        return NONE
    if "error" in manifest:
        return INVALID
    failures = _judged(manifest)
    if failures - _UNTRUSTED:
        return INVALID
    return UNTRUSTED if failures else VALID


def _judged(manifest: dict[str, Any]) -> set[str]:
    return {
        code
        for code in manifest["failures"]
        if not code.endswith(_OF_THE_CLOCK) and not code.startswith(_IDENTITY)
    }


def _note(manifest: dict[str, Any], tags: Tags) -> str | None:
    if not manifest:
        return REMOTE if tags.text(_REMOTE_TAG) else None
    if _status(manifest) == VALID:
        return None if manifest["signed_at"] else UNSTAMPED
    failed = [manifest["error"]] if "error" in manifest else sorted(_judged(manifest))
    return "; ".join(failed)[:500] or None
