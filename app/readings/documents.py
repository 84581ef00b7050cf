"""What an extraction found, as JSON for its reading."""

import base64
from collections.abc import Sequence
from typing import Any

from app.readings.extraction import Extracted


def as_documents(extracted: Sequence[Extracted]) -> list[dict[str, Any]]:
    """Write every source's value, the picked ones marked, raw bytes in base64."""
    return [
        {
            "field": one.field,
            "value": one.value,
            "locator": one.locator,
            "picked": one.picked,
            "raw_bytes": one.raw_bytes and base64.b64encode(one.raw_bytes).decode(),
            "raw_charset": one.raw_charset,
            "note": one.note,
        }
        for one in extracted
    ]
