"""Who makes statements, and by which way in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who makes statements, with what roles, and by which way in."""

    agent: str
    person: str | None
    roles: tuple[str, ...]
    locator: str = "api"
    series_statements: str | None = None
