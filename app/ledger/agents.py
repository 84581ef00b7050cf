"""Who acts: carried by every event, taken from the key that was proved or the process at work."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Agent:
    """A person through a key, or one of our own processes; `department` None is the whole city."""

    name: str
    person_id: UUID | None = None
    department: str | None = None


def process(name: str) -> Agent:
    """Name one of our own processes as the agent of what it does by itself."""
    return Agent(f"process:{name}")
