"""Text that a program read in a wrong charset before it wrote it down, and how to undo that."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress

from app.readings.charsets.guess import Guess, guess

_FEW = 2  # letters beyond ASCII, with fewer of which nothing can be told
_LATIN = frozenset({"cp1252", "mac_roman"})
_OTHERS = ("mac_roman", "gb18030", "cp950", "cp932")  # in which UTF-8 is read by mistake too
_EASTERN = re.compile(rb"[\xe1-\xef][\x80-\xbf]{2}")  # a letter of UTF-8, which is no word of Latin


def undo_misreading(text: str, known: Collection[str] = ()) -> Guess | None:
    """Read the bytes anew that Latin 1 or Windows-1252, or of UTF-8 others, made another text of.

    Returns:
        The reading that stands out, if it is another than the text itself; else None.
    """
    if sum(letter >= "\x80" for letter in text) < _FEW:
        return None
    for raw in (_as_latin(text), *_as_utf8(text)):
        found = guess(raw, known=known) if raw else None
        if found and found.decided and found.text != text and found.codec not in _LATIN:
            return found
    return None


def is_spoilt(text: str) -> bool:
    """Tell whether most of a text is UTF-8 read as Latin 1, whatever was lost of it since."""
    beyond = sum(letter >= "\x80" for letter in text)
    letters = len(_EASTERN.findall(b"".join(_byte(letter) or b"\0" for letter in text)))
    return letters >= _FEW and 2 * 3 * letters >= beyond


def _as_latin(text: str) -> bytes | None:
    found = [_byte(letter) for letter in text]
    return None if None in found else b"".join(filter(None, found))


def _as_utf8(text: str) -> Iterator[bytes]:
    """Yield the bytes that another charset makes of a text, where they are UTF-8."""
    for wrong in _OTHERS:
        with suppress(UnicodeError):
            raw = text.encode(wrong)
            raw.decode()
            yield raw


def _byte(letter: str) -> bytes | None:
    """Return the byte of a letter in Windows-1252, or in Latin 1 where that leaves it open."""
    for codec in ("cp1252", "latin-1"):
        with suppress(UnicodeEncodeError):
            return letter.encode(codec)
    return None
