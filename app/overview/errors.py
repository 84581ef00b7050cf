"""Why a simulation is not run or stopped."""

from typing import ClassVar

from app.kit.refusals import Refusal


class SimulationOver(Refusal):
    """The simulation has ended, so there is nothing left to stop."""

    code: ClassVar[str] = "simulation-over"
