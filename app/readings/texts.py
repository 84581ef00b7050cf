"""Text that PostgreSQL can keep, beside the bytes it came from and how it was read.

A charset is declared, by the file or by the tag's own standard, or it is guessed; a guess counts
only where no other reading of the bytes comes near. What is undecided is kept and is no answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.readings.charsets.guess import Guess, guess
from app.readings.charsets.undoing import is_spoilt, undo_misreading

CHARSET_UNKNOWN = "charset unknown"
CHARSET_GUESSED = "charset guessed"
RECOGNISED = "charset recognised"
UNDECIDED = "charset undecided"
MISREAD = "misread when it was written"
REPLACEMENT = "replacement characters"
CUT_CHARACTER = "cut inside a character"
NUL_INSIDE = "text after NUL"
QUESTION_MARKS = "question marks"
BLANK = "blank"

UNDECLARED, CONTRADICTED, UNDONE = (
    "redecode-undeclared",
    "redecode-contradicted",
    "redecode-misread",
)

# What is kept and shown beside, but never is the answer of its field.
NO_ANSWER = frozenset({CHARSET_UNKNOWN, UNDECIDED, MISREAD, REPLACEMENT, QUESTION_MARKS, BLANK})
UNUSABLE = 9
_DAMAGE = {RECOGNISED: 1} | dict.fromkeys(NO_ANSWER, UNUSABLE)


@dataclass(frozen=True, slots=True)
class Around:
    """What else a file says, by which texts of no declared charset are told apart."""

    others: Sequence[bytes] = ()  # of the same block of metadata, undeclared too
    known: Sequence[str] = ()  # texts whose charset is certain


@dataclass(frozen=True, slots=True)
class Text:
    """One text with what is known of its bytes."""

    value: str
    raw: bytes | None = None  # kept where the value in its charset does not give them back
    charset: str | None = None
    note: str | None = None
    origin: str | None = None  # declared, guessed or unknown
    certainty: float | None = None  # of a guess, 0 to 1
    rule: str | None = None  # by which it was decoded anew
    first: "Text | None" = None  # what it was before

    @property
    def damage(self) -> int:
        """How far from real text this is: 0 is sound, UNUSABLE is no answer."""
        return _DAMAGE.get(self.note or "", 0)


_NOTHING = Around()


def read_text(text: str, raw: bytes | None, charset: str | None, around: Around = _NOTHING) -> Text:
    """Make storable text of what the tool gave.

    Args:
        text: as the tool gave it; stray bytes are surrogate escapes.
        raw: the exact bytes of the tag, NULs and all, where the tool gave them.
        charset: as declared in the file or fixed by its standard; None when nothing says.
        around: what else the file says.
    """
    given = _bytes_of(text)
    exact = given if raw is None else raw.removesuffix(b"\0")  # the one that ends it in EXIF
    if text.isascii() and b"\x1b$" not in given:
        found = Text(text, exact, charset or "ascii", origin="declared")
    elif charset is None:
        found = read_undeclared(given, exact, around)
    elif _has_surrogates(text):
        found = _contradicted(given, exact, charset, around)
    else:
        found = _unless_misread(Text(text, exact, charset, origin="declared"), around)
    if exact.rstrip(b"\0 ").count(b"\0"):
        found = replace(found, raw=raw or exact, note=found.note or NUL_INSIDE)
    return settled(found)


def decode_declared(raw: bytes, charset: str) -> Text:
    """Decode bytes whose charset the file declares; what does not fit becomes U+FFFD."""
    ended = raw.removesuffix(b"\0\0") if charset.startswith("utf-16") else raw
    return settled(_cut_or_flawed(ended, ended, charset))


def read_undeclared(given: bytes, exact: bytes, around: Around = _NOTHING) -> Text:
    """Read bytes of no declared charset: the reading that stands out, or none."""
    found, first = guess(given, around.others, around.known), _unknown(given, exact)
    if found and found.decided and found.codec == "utf-8":
        note = CUT_CHARACTER if found.cut else CHARSET_GUESSED
        text = Text(found.text, exact, "utf-8", note, "guessed", found.certainty)
        return _unless_misread(text, around)
    if not (found and found.decided) and _is_utf8(given):
        undone = _unless_misread(first, around)
        if undone.rule:
            return undone
    return _anew(found, first, UNDECLARED)


def settled(text: Text) -> Text:
    """Take out what cannot be stored or says nothing, and note what is no text at all."""
    value = text.value.replace("\0", "").strip()
    note = _note_of(value) or text.note
    if text.first:
        text = replace(text, first=settled(text.first))
    return replace(text, value=value, note=note, raw=_needed(text.raw, value, text))


def _anew(found: Guess | None, first: Text, rule: str) -> Text:
    """Put a guess before the first reading; undecided, it stands behind and says how sure it is."""
    if found is None:
        return first
    if not found.decided:
        return replace(first, certainty=found.certainty)
    return Text(
        found.text, first.raw, found.codec, RECOGNISED, "guessed", found.certainty, rule, first
    )


def _unknown(given: bytes, exact: bytes) -> Text:
    """Read bytes so that something can be shown, and say that it is no answer."""
    try:
        value = given.decode("utf-8")
    except UnicodeDecodeError:
        # Bytes 0x80 to 0x9f that Windows-1252 leaves open stay the control characters of Latin 1.
        value = "".join(map(_latin, given))
    return Text(value, exact, None, CHARSET_UNKNOWN, "unknown")


def _contradicted(given: bytes, exact: bytes, charset: str, around: Around) -> Text:
    """Read bytes that are not in the charset that is declared."""
    first = _cut_or_flawed(given, exact, charset)
    if first.note == CUT_CHARACTER:
        return first
    found = guess(given, around.others, around.known)
    return _anew(found, first, CONTRADICTED) if found and found.decided else first


def _unless_misread(text: Text, around: Around) -> Text:
    """Undo what a program did that read bytes in a wrong charset before it wrote this text."""
    if found := undo_misreading(text.value, around.known):
        return _anew(found, replace(text, note=MISREAD), UNDONE)
    return replace(text, note=MISREAD) if is_spoilt(text.value) else text


def _cut_or_flawed(given: bytes, exact: bytes, charset: str) -> Text:
    value = given.decode(charset, "replace")
    if "\ufffd" not in value or value.encode(charset, "replace") == given:
        return Text(value, exact, charset, origin="declared")
    if value.count("\ufffd") == 1 and value.endswith("\ufffd"):
        return Text(value[:-1], exact, charset, CUT_CHARACTER, "declared")
    return Text(value, exact, charset, REPLACEMENT, "declared")


def _latin(byte: int) -> str:
    one = bytes([byte])
    try:
        return one.decode("cp1252")
    except UnicodeDecodeError:
        return one.decode("latin-1")


def _note_of(value: str) -> str | None:
    """Note what is no text although it has characters: blanks, and marks where letters were."""
    if not value:
        return BLANK
    letters = [letter for letter in value if not letter.isspace()]
    marks = sum(letter in "?\ufffd" for letter in letters)
    if marks < 2 or 2 * marks <= len(letters):
        return None
    return REPLACEMENT if "\ufffd" in letters else QUESTION_MARKS


def _needed(raw: bytes | None, value: str, text: Text) -> bytes | None:
    """Keep bytes that the value alone does not give back."""
    if raw is None or text.note is not None or text.charset is None:
        return raw
    try:
        return None if value.encode(text.charset) == raw else raw
    except (UnicodeEncodeError, LookupError):
        return raw


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _bytes_of(text: str) -> bytes:
    """Undo the escapes of stray bytes; a surrogate that is none stands for itself."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
