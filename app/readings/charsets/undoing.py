"""Text that a program read in a wrong charset before it wrote it down, and how to undo that."""

from collections.abc import Collection

from app.readings.charsets.guess import Guess, guess

_FEW = 2  # letters beyond ASCII, with fewer of which nothing can be told


def undo_misreading(text: str, known: Collection[str] = ()) -> Guess | None:
    """Read the bytes anew that Latin 1 or Windows-1252 made another text of.

    Returns:
        The reading that stands out, if it is another than the text itself; else None.
    """
    if sum(letter >= "\x80" for letter in text) < _FEW:
        return None
    try:
        raw = b"".join(map(_byte, text))
    except UnicodeEncodeError:
        return None
    found = guess(raw, known=known)
    if found is None or not found.decided or found.text == text or found.codec in _LATIN:
        return None
    return found


_LATIN = frozenset({"cp1252", "mac_roman"})


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")
