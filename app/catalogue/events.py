"""What happens at the front door."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class ChunkReceived(Fact):
    """Some lines of these imports are kept and wait to be registered."""


@dataclass(frozen=True, slots=True)
class ImportEnded(Fact):
    """All that these scans saw is entered; what they did not see can be looked for."""
