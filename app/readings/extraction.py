"""What metadata extraction found in one file: pure values, nothing of a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How an extraction ended; each of the three is a reading."""

    READ = "read"
    NOTHING_FOUND = "nothing_found"  # an image that says nothing beyond its format and dimensions
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Extracted:
    """One value of one field from one place in the file."""

    field: str
    value: Any  # JSON: text free of NUL and surrogates, finite numbers, lists, dicts
    locator: str  # group and tag, as in EXIF:ExifIFD:DateTimeOriginal; several joined by "+"
    picked: bool  # the candidate of its field by the Metadata Working Group's order
    # Kept where the value in its charset would not give them back; a list's are one for each item.
    raw_bytes: bytes | tuple[bytes, ...] | None = None
    raw_charset: str | None = None
    note: str | None = None  # why it is not picked, or what is uncertain about it
    charset_origin: str | None = None  # of a text: declared, guessed or unknown
    certainty: float | None = None  # of a guessed charset, 0 to 1
    lang: str | None = None  # BCP 47, where the file tags the value with a language
    rule: str | None = None  # of a derived value; None: as it stands in the file
    inputs: tuple[str, ...] = ()  # locators of what a derived value was made from
    rival: bool = False  # the candidate of another place, a sidecar or the file, beside the picked


@dataclass(frozen=True, slots=True)
class Stop:
    """A limit or a crash ended the first reader, so that it says nothing of the file."""

    reason: str  # timed_out, crashed or out_of_memory
    tool_version: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """The whole answer about one file: a function of its bytes and the tool's version only.

    One that was stopped is no answer of the content but of the machine, too: it is tried again.
    """

    outcome: Outcome
    reason: str | None  # why unreadable; None otherwise
    tool: str
    tool_version: str
    limited: bool  # by the fallback reader, which knows less: worth reading again later
    format: str | None  # by content, in ExifTool's words: JPEG, TIFF, HEIC
    mime: str | None
    statements: tuple[Extracted, ...]
    raw: bytes  # the tool's own JSON, exactly as it came; behind it that about each sidecar
    readers: Mapping[str, str] = field(default_factory=dict)  # what else decided it, by version
    noise: Mapping[str, str] = field(default_factory=dict)  # said beside the answer, by reader
    stopped: Stop | None = None
