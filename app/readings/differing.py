"""What one reading of a file says otherwise than an earlier one, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Document = Mapping[str, Any]
Kind = Literal["added", "removed", "changed"]
SHOWN = ("value", "locator", "picked", "raw_bytes", "raw_charset", "note")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field's sources before and after, without those that say the same as before."""

    field: str
    kind: Kind
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]


def differences(before: Sequence[Document], after: Sequence[Document]) -> list[Difference]:
    """Compare two readings' statements; the order in which a file lists them says nothing."""
    old, new = by_field(before), by_field(after)
    found = []
    for field in sorted(old.keys() | new.keys()):
        gone, come = apart(old.get(field, []), new.get(field, []))
        if gone or come:
            kind: Kind = "changed" if field in old and field in new else "removed"
            found.append(Difference(field, kind if field in old else "added", gone, come))
    return found


def by_field(statements: Sequence[Document]) -> dict[str, list[dict[str, Any]]]:
    """Group what is said, as it is shown, by its field."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in statements:
        groups.setdefault(one["field"], []).append({name: one.get(name) for name in SHOWN})
    return groups


def apart(
    old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what stands on one side only; a source that is named twice counts twice."""
    come = list(new)
    gone = []
    for one in old:
        if one in come:
            come.remove(one)
        else:
            gone.append(one)
    return gone, come
