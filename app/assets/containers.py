"""Which package owns a file: told by marker files in the folders above it, never by their names."""

from collections.abc import Collection
from dataclasses import dataclass

# BagIt (RFC 8493, 2.1.1); OCFL 1.1, 3.3 and 4; METS as repositories write it beside its files.
BAG, OCFL, METS = b"bagit.txt", b"0=ocfl_", b"mets"
STARTS = (BAG, OCFL, b"mets.xml", b"METS.")


@dataclass(frozen=True, slots=True)
class Container:
    """A package by the folder that is its root, and the marker that says so."""

    kind: str  # bag, ocfl, mets
    folder: str  # a location; empty: the root of the source system; `..`: above it
    marker: bytes


def containers_in(folder: str, names: Collection[bytes]) -> list[Container]:
    """Tell which packages begin in a folder, by the names of its files."""
    kinds = ((kind_of(name), name) for name in sorted(names))
    first: dict[str, bytes] = {}
    for kind, name in kinds:
        if kind is not None:
            first.setdefault(kind, name)
    return [Container(kind, folder, name) for kind, name in sorted(first.items())]


def kind_of(name: bytes) -> str | None:
    """Tell which package a file of this name makes of its folder."""
    if name == BAG:
        return "bag"
    if name.startswith(OCFL):  # of an object as well as of a whole storage root
        return "ocfl"
    lower = name.lower()
    if lower == b"mets.xml" or (lower.endswith(b".xml") and b"mets" in lower.split(b".")[:-1]):
        return "mets"
    return None
