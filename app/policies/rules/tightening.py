"""An overlay may only tighten: what holds of base and overlay together, and what loosens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.policies.rules.joins import Join, Loosens, fixed
from app.policies.rules.model import Frozen

Part = TypeVar("Part", bound=Frozen)
Json = dict[str, Any]
CONDITIONS = {"when", "redact_when"}


@dataclass(frozen=True)
class Loosening:
    """One rule of an overlay that is weaker than its base's, by JSON Pointer."""

    pointer: str
    why: str


def stated(base: Json, overlay: Json) -> Json:
    """Write out what the overlay says in full: what it leaves out, it takes from its base.

    Its header is its own; a condition is taken whole or not at all.
    """
    return _over({key: value for key, value in base.items() if key != "policy"}, overlay)


def _over(base: Json, overlay: Json) -> Json:
    whole = dict(base)
    if overlay.get("level") in {"required", "recommended"}:
        whole["when"] = None  # the base's cases belong to the base's level
    for key, value in overlay.items():
        known = whole.get(key)
        if isinstance(known, dict) and isinstance(value, dict) and key not in CONDITIONS:
            whole[key] = _over(known, value)
        else:
            whole[key] = value
    return whole


def joined(base: Part, stated: Part, at: str = "") -> tuple[Part, list[Loosening]]:
    """Return the part that holds, and every rule of the overlay that loosens it."""
    found: list[Loosening] = []
    held: dict[str, object] = {}
    for name, info in type(base).model_fields.items():
        place = f"{at}/{info.alias or name}"
        held[name] = _join(info.metadata, getattr(base, name), getattr(stated, name), place, found)
    return base.model_copy(update=held), found


def _join(
    metadata: list[Any], base: object, stated: object, at: str, found: list[Loosening]
) -> object:
    join = next((mark for mark in metadata if isinstance(mark, Join)), None)
    if join is None and isinstance(base, Frozen) and isinstance(stated, type(base)):
        part, loosenings = joined(base, stated, at)
        found += loosenings
        return part
    if join is None and isinstance(base, Mapping) and isinstance(stated, Mapping):
        return {
            key: _join([], base[key], value, f"{at}/{key}", found) if key in base else value
            for key, value in stated.items()
        }
    try:
        return (join.of if join else fixed)(base, stated)
    except Loosens as reason:
        found.append(Loosening(at, str(reason)))
        return base
