"""What happens to pairs."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class LikesPostponed(Fact):
    """A job's time was over before these were looked at; what came meanwhile goes first."""
