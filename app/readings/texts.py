"""Text that PostgreSQL can keep, beside the bytes it came from and how it was read."""

from dataclasses import dataclass, replace

CHARSET_UNKNOWN = "charset unknown"
CHARSET_GUESSED = "charset guessed"
REPLACEMENT = "replacement characters"
CUT_CHARACTER = "cut inside a character"
NUL_INSIDE = "text after NUL"
QUESTION_MARKS = "question marks"
BLANK = "blank"

# How much worse than real text a value is: a worse one is picked only where nothing better stands.
_DAMAGE = {REPLACEMENT: 1, CHARSET_UNKNOWN: 2, QUESTION_MARKS: 3, BLANK: 9}
UNUSABLE = 9


@dataclass(frozen=True, slots=True)
class Text:
    """One text with what is known of its bytes."""

    value: str
    raw: bytes | None = None
    charset: str | None = None
    note: str | None = None

    @property
    def damage(self) -> int:
        """How far from real text this is: 0 is sound, UNUSABLE says nothing."""
        return _DAMAGE.get(self.note or "", 0)


def read_text(text: str, raw: bytes | None, charset: str | None) -> Text:
    """Make storable text of what the tool gave.

    Args:
        text: as the tool gave it; stray bytes are surrogate escapes.
        raw: the exact bytes of the tag, NULs and all, where the tool gave them.
        charset: as declared in the file or fixed by its standard; None when nothing says.
    """
    given = _bytes_of(text)
    exact = given if raw is None else raw
    if _has_surrogates(text):
        found = _undecoded(given, exact, charset)
    elif charset is None and not text.isascii():
        found = Text(text, exact, "utf-8", CHARSET_GUESSED)
    else:
        found = Text(text, None, charset)
    if raw is not None and raw.rstrip(b"\0 ").count(b"\0"):
        found = replace(found, raw=raw, note=found.note or NUL_INSIDE)
    return _judged(replace(found, value=found.value.replace("\0", "").strip()))


def decode_declared(raw: bytes, charset: str) -> Text:
    """Decode bytes whose charset the file declares; what does not fit becomes U+FFFD."""
    value = raw.decode(charset, "replace")
    flawed = "\ufffd" in value
    found = Text(value, raw if flawed else None, charset, REPLACEMENT if flawed else None)
    return _judged(replace(found, value=value.replace("\0", "").strip()))


def _undecoded(given: bytes, exact: bytes, charset: str | None) -> Text:
    """Read bytes that are not UTF-8: never a silent best guess, always the bytes beside it."""
    if charset is None:
        # Bytes 0x80 to 0x9f that Windows-1252 leaves open stay the control characters of Latin 1.
        return Text("".join(map(_latin, given)), exact, None, CHARSET_UNKNOWN)
    value = given.decode("utf-8", "replace")
    if value.count("\ufffd") == 1 and value.endswith("\ufffd"):
        return Text(value[:-1], exact, charset, CUT_CHARACTER)
    return Text(value, exact, charset, REPLACEMENT)


def _latin(byte: int) -> str:
    one = bytes([byte])
    try:
        return one.decode("cp1252")
    except UnicodeDecodeError:
        return one.decode("latin-1")


def _judged(text: Text) -> Text:
    """Note what is no text although it has characters: blanks, and marks where letters were."""
    if not text.value:
        return replace(text, note=BLANK)
    letters = [letter for letter in text.value if not letter.isspace()]
    marks = sum(letter == "?" for letter in letters)
    if marks > 1 and 2 * marks > len(letters):
        return replace(text, note=QUESTION_MARKS)
    return text


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _bytes_of(text: str) -> bytes:
    """Undo the escapes of stray bytes; a surrogate that is none stands for itself."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
