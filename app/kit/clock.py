"""The one place that reads the clock of this machine; decisions use the database's."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
