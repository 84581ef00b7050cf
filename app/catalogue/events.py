"""What happens at the front door."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class ImportReceived(Fact):
    """The lines of an import are kept; who sent it, for the right to register."""

    import_id: str
    key_id: str
    person_id: str
    department: str
    roles: list[str]
