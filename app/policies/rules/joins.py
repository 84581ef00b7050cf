"""How one value of an overlay joins its base: each returns what holds, or says what loosens.

A field of a policy carries its join as an annotation; a field without one may not change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

STATUSES = ("superseded", "draft", "example", "published")


class Loosens(Exception):
    """The overlay's value is weaker than its base's."""


@dataclass(frozen=True)
class Join:
    """Takes the base's value and the one the overlay states, and returns the one that holds."""

    of: Callable[[Any, Any], Any]


def fixed(base: object, stated: object) -> object:
    """Let nothing change: the default for every field without a join of its own."""
    if stated != base:
        message = f"from {said(base)} to {said(stated)}, but only the base may decide this"
        raise Loosens(message)
    return base


def said(value: object) -> str:
    """Write a value as a reader of the document would."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _rise(base: Any, stated: Any) -> Any:  # noqa: ANN401 - anything ordered
    if base is not None and (stated is None or stated < base):
        message = f"from {said(base)} to {said(stated)}, but it may only rise"
        raise Loosens(message)
    return stated


def _fall(base: Any, stated: Any) -> Any:  # noqa: ANN401 - anything ordered
    if base is not None and (stated is None or stated > base):
        message = f"from {said(base)} to {said(stated)}, but it may only fall"
        raise Loosens(message)
    return stated


def _narrow(base: Sequence[str] | None, stated: Sequence[str] | None) -> Sequence[str] | None:
    if base is None:
        return stated
    if stated is None:
        message = f"from {said(base)} to anything, but it may only narrow"
        raise Loosens(message)
    if added := [value for value in stated if value not in base]:
        message = f"accepts {', '.join(added)} beside {said(base)}, but it may only narrow"
        raise Loosens(message)
    return stated


def _narrow_given(base: Sequence[str] | None, stated: Sequence[str] | None) -> object:
    return fixed(base, stated) if base is None else _narrow(base, stated)


def _grow(base: Sequence[str], stated: Sequence[str]) -> Sequence[str]:
    return *base, *(value for value in stated if value not in base)


def _add(base: object, stated: object) -> object:
    return stated if base is None else fixed(base, stated)


def _samples(base: dict[str, int], stated: dict[str, int]) -> dict[str, int]:
    # A class without a percentage is viewed item by item, so naming one later can only lower it.
    for name, percent in stated.items():
        if percent < base.get(name, 100):
            message = f"{name} from {base.get(name, 100)} to {percent}, but it may only rise"
            raise Loosens(message)
    return stated


def _authority(base: Sequence[str], stated: Sequence[str]) -> Sequence[str]:
    # Nobody's authority is enlarged by another's: without both there is none, and all must hold.
    return _grow(base, stated) if base and stated else ()


def rise_in(*steps: str) -> Join:
    """Let a word move only towards the end of these steps."""

    def join(base: str | None, stated: str | None) -> str | None:
        if base is not None and (stated is None or steps.index(stated) < steps.index(base)):
            message = (
                f"from {said(base)} to {said(stated)}, but it may only move along {said(steps)}"
            )
            raise Loosens(message)
        return stated

    return Join(join)


FREE = Join(lambda _, stated: stated)  # names and labels: nothing rests on them
RISE = Join(_rise)  # false < true; nothing is the weakest
FALL = Join(_fall)  # true > false; nothing is the weakest: no limit at all
NARROW = Join(_narrow)  # nothing means anything
NARROW_GIVEN = Join(_narrow_given)  # nothing means that there is no choice to narrow
GROW = Join(_grow)
ADD = Join(_add)
SAMPLES = Join(_samples)
AUTHORITY = Join(_authority)
WEAKEST_STATUS = Join(lambda base, stated: min(base, stated, key=STATUSES.index))
