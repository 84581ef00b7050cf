"""What an extraction found, as JSON for its reading."""

import base64
from collections.abc import Sequence
from typing import Any

from app.kit.spoofing import made_visible
from app.readings.charsets.guess import DETECTOR, DETECTOR_VERSION
from app.readings.extraction import Extracted


def as_documents(extracted: Sequence[Extracted]) -> list[dict[str, Any]]:
    """Write every source's value, the picked ones marked, raw bytes in base64."""
    return [_document(one) for one in extracted]


def _document(one: Extracted) -> dict[str, Any]:
    shown = made_visible(one.value)
    document = {
        "field": one.field,
        "value": one.value,
        "locator": one.locator,
        "picked": one.picked,
        "source_kind": "derived" if one.rule else "extracted",
        "raw_bytes": _base64(one.raw_bytes),
        "raw_charset": one.raw_charset,
        "charset_origin": one.charset_origin,
        "certainty": one.certainty and round(one.certainty, 4),
        "note": one.note,
    }
    optional = {
        "lang": one.lang,
        "shown_as": shown if shown != one.value else None,
        "rule": one.rule,
        "inputs": list(one.inputs) or None,
        "rival": one.rival or None,
        "tool": DETECTOR if one.rule else None,
        "tool_version": DETECTOR_VERSION if one.rule else None,
    }
    return document | {name: said for name, said in optional.items() if said is not None}


def _base64(raw: bytes | tuple[bytes, ...] | None) -> str | list[str] | None:
    if isinstance(raw, tuple):
        return [base64.b64encode(item).decode() for item in raw]
    return None if raw is None else base64.b64encode(raw).decode()
