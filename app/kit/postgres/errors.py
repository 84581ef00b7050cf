"""What is told to people when the embedded PostgreSQL cannot be had."""


class PostgresUnavailable(RuntimeError):
    """One sentence that says what is wrong with the embedded server and what would mend it."""
