"""EXIF's UserComment: eight bytes that name a charset, then the text (Exif 3.0, 4.6.6)."""

from math import inf

from app.readings.charsets.guess import MARGIN, readings
from app.readings.texts import Around, Text, decode_declared, read_text, settled

NAME_LENGTH = 8
JIS, UNICODE = b"JIS\0\0\0\0\0", b"UNICODE\0"
_NAMES = frozenset({JIS, UNICODE, b"ASCII\0\0\0", b"\0" * NAME_LENGTH})
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_comment(raw: bytes, around: Around) -> Text:
    """Read a comment by the charset it names; where it names none, or lies, by its bytes."""
    name = raw[:NAME_LENGTH]
    body = raw[NAME_LENGTH:] if name in _NAMES else raw
    match name:
        case b"UNICODE\0":
            return _unicode(body, around)
        case b"JIS\0\0\0\0\0":
            found = decode_declared(body.rstrip(b"\0"), "iso2022_jp")
            return found if found.note is None else undeclared(body, around)
        case _:
            return undeclared(body, around)


def undeclared(body: bytes, around: Around) -> Text:
    """Read the bytes of a comment that names no charset, or one it is not written in."""
    ended = body.rstrip(b"\0 ")
    return read_text(ended.decode("utf-8", "surrogateescape"), None, None, around)


def _unicode(body: bytes, around: Around) -> Text:
    """Read UTF-16 in the order of its mark, else the one in which it is likelier text.

    The standard leaves the order open, and programs keep neither to the file's nor to any other.
    Some write what is no UTF-16 at all, which any two bytes are by their form: its letters tell.
    """
    marked = _MARKS.get(body[:2])
    if marked:
        return decode_declared(body[2:], marked)
    even = body[: len(body) // 2 * 2]
    ended = even[: len(even.rstrip(b"\0") + b"\0") // 2 * 2]
    scores = {one.codec: one.score for one in readings(ended) if one.codec in _MARKS.values()}
    codec = max(scores, key=lambda codec: scores[codec], default="utf-16-le")
    narrow = [one.score for one in readings(body.rstrip(b"\0 ")) if one.codec not in scores]
    if max(narrow, default=-inf) - scores.get(codec, -inf) >= MARGIN:
        return undeclared(body, around)
    return settled(decode_declared(ended, codec))
