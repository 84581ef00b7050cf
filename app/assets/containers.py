"""Which package owns a file: told by marker files in the folders above it, never by their names.

A package that is not whole counts as one: it may be under way, or be mended.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

# What an object store, which lists by beginnings and compares bytes, is asked for.
STARTS = (b"bagit.txt", b"0=ocfl_", b"mets.xml", b"METS.", b"inventory.json", b"manifest-")
_BAG = re.compile(rb"bagit\.txt")  # RFC 8493, 2.1.1; what it says does not matter
_MANIFEST = re.compile(rb"(tag)?manifest-[a-z0-9]+\.txt|fetch\.txt")  # RFC 8493, 2.1.3 and 2.2
_PAYLOAD = b"data"  # RFC 8493, 2.1.2
_OCFL = re.compile(rb"0=ocfl_.*", re.DOTALL)  # OCFL 1.1, 3.3 and 4.1: an object, a storage root
_INVENTORY = re.compile(rb"inventory\.json\.[a-z0-9-]+")  # OCFL 1.1, 3.6: beside inventory.json
_METS = re.compile(rb".*mets.*\.xml|.*\.mets", re.DOTALL)
_NOT_IN_NAMES = re.compile(rb".*\.xml", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Container:
    """A package by the folder that is its root, and the marker that says so."""

    kind: str  # bag, ocfl, mets; unknown: the marker may be one and could not be looked at
    folder: str  # a location; empty: the root of the source system; `..`: above it
    marker: bytes


def containers_in(folder: str, names: Collection[bytes], towards: bytes = b"") -> list[Container]:
    """Tell which packages begin in a folder, by the names of its files.

    Args:
        folder: as the answer is to name it.
        names: of the regular files that lie directly in it.
        towards: what leads from it to the file: a folder in it, or the file itself.
    """
    lower = {name.lower() for name in names}
    first: dict[str, bytes] = {}
    for name in sorted(names):
        kind = kind_of(name) or kind_in_part(name, lower, towards.lower())
        if kind is not None:
            first.setdefault(kind, name)
    return [Container(kind, folder, name) for kind, name in sorted(first.items())]


def kind_of(name: bytes) -> str | None:
    """Tell which package a file of this name makes of its folder; card readers change case."""
    lower = name.lower()
    marks = {"bag": _BAG, "ocfl": _OCFL, "mets": _METS}
    return next((kind for kind, mark in marks.items() if mark.fullmatch(lower)), None)


def kind_in_part(name: bytes, beside: Collection[bytes], towards: bytes) -> str | None:
    """Tell of which package without its marker this is a part: one that is written, or spoilt."""
    lower = name.lower()
    if towards == _PAYLOAD and _MANIFEST.fullmatch(lower):
        return "bag"
    if b"inventory.json" in beside and _INVENTORY.fullmatch(lower):
        return "ocfl"
    return None


def may_be_mets(name: bytes) -> bool:
    """Tell whether only its content can say if a file is a METS document."""
    return _NOT_IN_NAMES.fullmatch(name.lower()) is not None and kind_of(name) is None
