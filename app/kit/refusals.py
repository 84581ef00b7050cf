"""A refusal is a fact with a stable code; the edge turns it into a problem (RFC 9457)."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


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


def refuses(*refusals: Any) -> Callable[[T], T]:  # noqa: ANN401 - refusals, and what implies them
    """Declare what a route, or a right that it asks for, refuses; the contract tells it."""

    def declare(call: T) -> T:
        call.__dict__["refuses"] = refusals
        return call

    return declare


def refused_by(call: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any callable
    """Return what was declared of a route or a right."""
    return getattr(call, "refuses", ())
