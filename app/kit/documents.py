"""JSON as this server reads it: UTF-8, finite, not too deep, each member once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.kit.errors import Malformed
from app.kit.places import pointer

DEEPEST = 32  # levels of a whole document; of one value in it app.kit.text allows fewer
LONGEST_NUMBER = 400  # characters
EXACT = 2**53  # from here on JSON readers disagree (RFC 8259, 6)
MOST_NAMED = 20  # faults that one answer lists
Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Stands where a value should, and says why it is none."""

    why: str


def read_document(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read a JSON document.

    Raises:
        Malformed: each place of what is wrong by its JSON Pointer (HTTP 422).
    """
    try:
        document = json.loads(
            body.decode(),  # JSON between systems is UTF-8 (RFC 8259, 8.1)
            object_pairs_hook=_members,
            parse_int=_whole,
            parse_float=_real,
            parse_constant=lambda word: Fault(f"{word} is no number in JSON"),
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8, from byte {error.start} on.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError:
        raise Malformed(f"The body is more than {DEEPEST} levels deep.") from None
    faults: dict[str, str] = {}
    for place, why in _faults(document):
        faults.setdefault(pointer(place), why)
        if len(faults) == MOST_NAMED:
            break
    if faults:
        raise Malformed(
            "The body holds what JSON here may not; `errors` names it.", pointers=faults
        )
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        members[name] = Fault("stands here more than once") if name in members else value
    return members


def _whole(digits: str) -> int | Fault:
    if len(digits) > 17 or abs(int(digits)) >= EXACT:
        return Fault("must be below 2^53; write longer numbers as text")
    return int(digits)


def _real(written: str) -> float | Fault:
    if len(written) > LONGEST_NUMBER or abs(value := float(written)) == float("inf"):
        return Fault("is too large or too long for a number")
    return value


def _faults(document: Any) -> Iterator[tuple[Place, str]]:  # noqa: ANN401
    waiting: list[tuple[Place, Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if len(place) > DEEPEST:
            yield place[:DEEPEST], f"is more than {DEEPEST} levels deep"
            return
        match value:
            case Fault():
                yield place, value.why
            case str() if why := _unstorable(value):
                yield place, why
            case list():
                waiting += [((*place, index), part) for index, part in enumerate(value)]
            case dict():
                yield from ((place, f"its name {why}") for n in value if (why := _unstorable(n)))
                waiting += [((*place, name), part) for name, part in value.items()]
            case _:
                pass


def _unstorable(value: str) -> str | None:
    if "\0" in value:
        return "must not contain the character NUL"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "must not contain half of a surrogate pair"
    return None
