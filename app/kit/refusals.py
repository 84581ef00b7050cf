"""A refusal is a fact with a stable code; the edge turns it into a problem (RFC 9457)."""

from typing import ClassVar


class Refusal(Exception):
    """What was refused, why, and what would mend it.

    Subclasses live in the rooms' errors.py, are named for the fact they tell and set `code`;
    each code has its paragraph in openapi/problems.md.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409

    def __init__(self, detail: str, *, pointers: dict[str, str] | None = None) -> None:
        """Keep the sentence for people and, by JSON Pointer, what is wrong where."""
        super().__init__(detail)
        self.detail = detail
        self.pointers = pointers or {}
