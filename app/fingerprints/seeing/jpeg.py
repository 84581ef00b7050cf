"""JPEG: the header that the scaled decode needs, and what a JPEG carries beside its picture."""

from io import BytesIO

from app.fingerprints.anatomy.parts import Malformed, number

END = b"\xff\xd9"
_SCAN, _FIRST_APP, _LAST_APP = 0xDA, 0xE0, 0xEF
# Google's and Apple's gain maps, ISO 21496-1, and motion photos, as their XMP and segments say.
GAIN_MAP = (b"hdrgm:", b"urn:iso:std:iso:ts:21496:-1", b"HDRGainMap")
MOTION = (b"MotionPhoto", b"MicroVideo")
MOST_SEGMENTS = 1_000


def head_of(content: bytes) -> tuple[int, bytes]:
    """Return where the first scan begins, and what the application segments before it hold.

    Raises:
        Malformed: no scan.
    """
    at, told = 2, BytesIO()
    for _ in range(MOST_SEGMENTS):
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        marker = number(content, at, 2) & 0xFF
        if marker == _SCAN:
            return at, told.getvalue()
        length = max(2, number(content, at + 2, 2))
        if _FIRST_APP <= marker <= _LAST_APP:
            told.write(content[at + 4 : at + 2 + length])
        at += 2 + length
    raise Malformed("There is no scan.")


def beside_in(told: bytes) -> int:
    """Count gain map and motion picture that the application segments speak of."""
    return sum(any(word in told for word in words) for words in (GAIN_MAP, MOTION))


def whole(content: bytes, scan: int) -> bool:
    """Tell whether there is an end behind the first scan's begin."""
    return content.rfind(END) > scan
