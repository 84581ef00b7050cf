"""What happens in the overview."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class SimulationAsked(Fact):
    """Somebody asked what these simulations would change; the ids are theirs."""
