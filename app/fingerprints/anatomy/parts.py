"""A file as parts that lie side by side: each byte belongs to exactly one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a part of a file does."""

    IMAGE = "image"  # encoded pixels
    RENDERING = "rendering"  # without it the same pixels would look otherwise: tables, profiles
    METADATA = "metadata"  # tells of the picture, or frames what does
    TRAILER = "trailer"  # behind the end of the image: other pictures, a film, anything


class Malformed(ValueError):
    """The file is not built as its first bytes say."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from start up to, not including, end."""

    kind: Kind
    start: int
    end: int


Anatomy = Callable[[bytes], Iterator[Part]]


def number(content: bytes, at: int, size: int, order: str = "big") -> int:
    """Read an unsigned number of so many bytes.

    Raises:
        Malformed: the file ends in it.
    """
    digits = content[at : at + size]
    if len(digits) < size:
        raise Malformed(f"The file ends at byte {at + len(digits)}, inside a number.")
    return int.from_bytes(digits, "little" if order == "little" else "big")


def within(content: bytes, end: int) -> int:
    """Return where a part ends, if the file goes that far.

    Raises:
        Malformed: it does not.
    """
    if end > len(content):
        raise Malformed(f"The file ends at byte {len(content)}, inside a part that ends at {end}.")
    return end
