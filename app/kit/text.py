"""Text that PostgreSQL can store: without NUL, without lone surrogates."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

DEEPEST = 12  # levels of a JSON value
LONGEST_NAME = 2000  # bytes, which an index can hold
LARGEST = 20_000  # characters of all its texts together


def _storable(value: str) -> str:
    if "\0" in value:
        message = "must not contain the character NUL"
        raise ValueError(message)
    return value


def storable_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Refuse a JSON value that is too deep, too large, or holds what cannot be stored."""
    if _size(value, DEEPEST) > LARGEST:
        message = f"must hold at most {LARGEST} characters"
        raise ValueError(message)
    return value


def _size(value: Any, depth: int) -> int:  # noqa: ANN401
    if depth == 0:
        message = f"must be at most {DEEPEST} levels deep"
        raise ValueError(message)
    match value:
        case str():
            return len(_storable(value).encode())  # a lone surrogate is no UTF-8: a ValueError
        case list():
            return 2 + sum(_size(part, depth - 1) for part in value)
        case dict():
            return 2 + sum(_size(k, depth - 1) + _size(v, depth - 1) for k, v in value.items())
        case int() if abs(value) >= 2**53:  # beyond it JSON readers disagree (RFC 8259, 6)
            message = "must be a number below 2^53; write longer ones as text"
            raise ValueError(message)
        case float() if value != value or value in (float("inf"), float("-inf")):
            message = "must be a finite number"
            raise ValueError(message)
        case _:
            return len(str(value))


Storable = Annotated[str, AfterValidator(_storable)]
Line = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_storable)]


def _short(value: str) -> str:
    if len(value.encode()) > LONGEST_NAME:
        message = f"must be at most {LONGEST_NAME} bytes long in UTF-8"
        raise ValueError(message)
    return value


Name = Annotated[Line, AfterValidator(_short)]
Label = dict[Annotated[str, Field(pattern="^(en|zh-Hant|zh-Hans)$")], Line]
