"""What a line of NDJSON can be, and why it may be none."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.catalogue.errors import LineTooLong
from app.catalogue.receiving import LONGEST_LINE
from app.kit.errors import Malformed
from app.kit.problems import pointer


@dataclass(frozen=True, slots=True)
class Line:
    """One line that holds something, and where it stands in the body."""

    number: int
    content: bytes | None  # None: too long, and not kept


class KeySaidTwice(ValueError):
    """An object says a key twice, and readers disagree which counts."""


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs."""
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "an object says a key twice"
        raise KeySaidTwice(message)
    return found


def unreadable() -> LineTooLong:
    """Refuse a line that was too long to be kept."""
    return LineTooLong(f"A line holds at most {LONGEST_LINE} bytes.")


def malformed(error: ValidationError, what: str) -> Malformed:
    """Refuse a line that says something else than asked, naming each place."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = {pointer(one["loc"]): one["msg"] for one in found}
    return Malformed(f"{what}; `errors` names each place.", pointers=places)
