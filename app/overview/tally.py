"""Counting what would change: by department, status and reason, in assets and bytes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of some assets alike; the ids may be a sample of `count`."""

    department: str
    was: str
    becomes: str
    newly: str | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    count: int
    bytes: int
    assets: Sequence[UUID]

    @property
    def anything(self) -> bool:
        """Tell whether anything would change."""
        return bool(self.was != self.becomes or self.newly or self.gained or self.lost)


@dataclass
class Tally:
    """Counts of one part of the catalogue, or of all its parts together."""

    assets: Counter[Key] = field(default_factory=Counter)
    bytes: Counter[Key] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count one change under all that it is."""
        self.count(("changes", change.department, change.was, change.becomes, change.newly), change)
        for kind, codes in (("gained", change.gained), ("lost", change.lost)):
            for code in codes:
                self.count((kind, change.department, code), change)

    def count(self, key: Key, change: Change) -> None:
        """Count one change under one of what it is."""
        self.assets[key] += change.count
        self.bytes[key] += change.bytes

    def document(self) -> list[dict[str, Any]]:
        """Write the counts as JSON."""
        return [
            {"key": list(key), "assets": count, "bytes": self.bytes[key]}
            for key, count in sorted(self.assets.items(), key=str)
        ]

    def read(self, document: Iterable[Mapping[str, Any]]) -> None:
        """Add counts that were written."""
        for one in document:
            key = tuple(one["key"])
            self.assets[key] += one["assets"]
            self.bytes[key] += one["bytes"]

    def of(self, kind: str) -> Iterator[tuple[Key, int, int]]:
        """Yield what was counted under one kind: key, assets, bytes."""
        for key in sorted(self.assets, key=str):
            if key[0] == kind:
                yield key[1:], self.assets[key], self.bytes[key]


def plain(codes: Sequence[str | None]) -> set[str]:
    """Return codes as reasons; the seal says nothing that completeness does not."""
    return {code.removeprefix("?") for code in codes if code is not None} - {"seal:stale"}


def moved(before: Sequence[str | None], after: Sequence[str | None]) -> dict[str, tuple[str, ...]]:
    """Return which reasons an asset would gain and lose."""
    was, becomes = plain(before), plain(after)
    return {"gained": tuple(sorted(becomes - was)), "lost": tuple(sorted(was - becomes))}
