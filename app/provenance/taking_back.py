"""What a series says no more."""

from dataclasses import dataclass

from app.provenance.statements import Statement


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a series says of a field no more, with the reason."""

    field: str
    lang: str | None
    reason: str

    def is_about(self, statement: Statement) -> bool:
        """Tell whether a statement is what is taken back."""
        return (statement.field, statement.lang) == (self.field, self.lang)
