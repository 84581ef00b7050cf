"""What happens to readings."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class AssetsRead(Fact):
    """Readings of these assets are committed, whatever their outcome."""


@dataclass(frozen=True, slots=True)
class RereadingAsked(Fact):
    """People asked that these assets be read again."""

    rereading_id: str
