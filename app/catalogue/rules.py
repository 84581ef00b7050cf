"""How a download is asked for and named; nothing that a stranger wrote leaves unescaped."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

LONGEST_NAME = 150  # characters of a proposed file name
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# RFC 6266, appendix D, and what file systems and shells take for more than a letter.
_TRAPS = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|%;]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes `start` to before `end`."""

    start: int
    end: int


def stretch_of(header: str | None, size: int) -> Stretch | None:
    """Read a Range header; None is the whole, as for every range that we do not serve.

    Raises:
        ValueError: a range that this content has no byte of.
    """
    found = _RANGE.fullmatch(header.strip()) if header is not None else None
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if not last else min(int(last) + 1, size)
        if last and int(last) < start:
            return None
    if start >= end:
        message = "no byte of the content lies there"
        raise ValueError(message)
    return Stretch(start, end)


def disposition(name: str) -> str:
    """Propose a file name as an attachment: in ASCII, and in full (RFC 8187)."""
    plain = "".join(
        char
        for char in _TRAPS.sub("_", name)
        if unicodedata.category(char)[0] not in "CZ" or char == " "
    )
    full = plain.strip(" .")[:LONGEST_NAME] or "content"
    ascii_only = full.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(full, safe='')}"
