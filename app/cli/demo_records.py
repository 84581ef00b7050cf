"""How single records are mended in the demo: each reads the record and says what to change."""

from collections.abc import Callable
from typing import Any

from app.cli.remote import NotDone, Refused, Remote

ATTEMPTS = 5  # the worker may write a version between our reading and our change
STALE = 412
Record = dict[str, Any]
Change = Callable[[Record], Record | None]


def change(speaker: Remote, asset_id: str, mended: Change) -> bool:
    """Change one record against the version that was read; False where nothing is left to do."""
    path = f"/v1/assets/{asset_id}/provenance"
    for _ in range(ATTEMPTS):
        answer = speaker.call("GET", path)
        wanted = mended(answer.json())
        if wanted is None:
            return False
        try:
            speaker.call("PATCH", path, json=wanted, headers={"If-Match": answer.headers["ETag"]})
        except Refused as refusal:
            if refusal.status != STALE:
                raise
        else:
            return True
    raise NotDone(f"The record of asset {asset_id} changes faster than it can be mended.")


def statements(record: Record, field: str) -> list[Record]:
    """Return what was said of a field."""
    return [s for shown in record["fields"] if shown["field"] == field for s in shown["statements"]]


def confirmed(record: Record) -> Record | None:
    """Confirm the legal status by asserting the same value as a records manager."""
    said = statements(record, "legal_status")
    if any("records_manager" in s.get("roles", ()) for s in said):
        return None
    return {"assert": [{"field": "legal_status", "value": said[-1]["value"]}]}


def settled(record: Record) -> Record | None:
    """Choose the department's creator before the one that stands in the file."""
    if not any(shown["field"] == "creator" and shown["conflict"] for shown in record["fields"]):
        return None
    [asserted] = [s for s in statements(record, "creator") if s["source_kind"] == "asserted"]
    reason = "The contract names the photographer; the file names only the desk that sent it."
    return {"resolve": [{"field": "creator", "choose": asserted["id"], "reason": reason}]}


def identified(record: Record) -> Record | None:
    """Answer what a file without any metadata leaves open; a reasoned unknown is an answer."""
    if statements(record, "title"):
        return None
    searched = "Neither the negative register nor the donor names it."
    return {
        "assert": [
            {"field": "title", "value": "未識別之劇照,編號 07", "lang": "zh-Hant"},
            {"field": "creator", "unknown_reason": searched},
            {"field": "date_created", "unknown_reason": searched},
            {"field": "digital_source_type", "value": "digitalCapture"},
        ]
    }
