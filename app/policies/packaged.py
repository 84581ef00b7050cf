"""The example documents that come with the product."""

from importlib.resources import files
from typing import Any

from app.policies.documents import read_yaml

# A base stands before its overlays.
NAMES = (
    "city-default",
    "film-archive",
    "newsroom",
    "legal-status",
    "legal-instruments",
    "retention-schedules",
)


def packaged_documents() -> list[dict[str, Any]]:
    """Read them all, in an order in which they can be recorded."""
    folder = files("app.policies") / "data"
    return [read_yaml(name, (folder / f"{name}.yaml").read_text("utf-8")) for name in NAMES]
