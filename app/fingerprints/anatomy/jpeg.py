"""JPEG (ITU-T T.81, Annex B): scans are the image, tables and profiles its rendering.

The image parts, joined, are of each scan its header and its entropy-coded bytes, as ExifTool's
`ImageDataHash` has it for files of one scan; of several scans that hash leaves out bytes before
each table, this does not. Both leave out the tables, so files of equal scans may show different
pictures: tables are parts of the rendering.
"""

import re
from collections.abc import Iterator

from app.fingerprints.anatomy.parts import Kind, Malformed, Part, number, within

START = b"\xff\xd8"
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_COMMENT, _FIRST_APP, _LAST_APP = 0xFE, 0xE0, 0xEF
_JFIF = b"JFIF\0"
_ADOBE, _PROFILE, _MORE_PICTURES = b"Adobe", b"ICC_PROFILE\0", b"MPF\0"
# The first marker that is neither a stuffed byte, a restart nor a fill byte ends a scan (B.1.1).
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def parts_of_jpeg(content: bytes) -> Iterator[Part]:
    """Yield the parts of a JPEG file in their order.

    Raises:
        Malformed: a marker is missing, or the file ends inside a segment or a scan.
    """
    yield Part(Kind.METADATA, 0, 2)
    at = 2
    while True:
        marker, start = _marker(content, at)
        if start - 2 > at:  # fill bytes before the marker
            yield Part(Kind.METADATA, at, start - 2)
        if marker == _END:
            yield Part(Kind.METADATA, start - 2, start)
            if start < len(content):
                yield Part(Kind.TRAILER, start, len(content))
            return
        if marker in _ALONE:
            yield Part(Kind.RENDERING, start - 2, start)
            at = start
            continue
        end = within(content, start + _length(content, start))
        if marker == _SCAN:
            at = _scan_end(content, end)
            yield Part(Kind.IMAGE, start - 2, at)
            continue
        yield from _segment(marker, content[start + 2 : start + 16], start, end)
        at = end


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Return the next marker's code and where what follows it begins."""
    if content[at : at + 1] != b"\xff":
        raise Malformed(f"There is no marker at byte {at}.")
    while content[at : at + 1] == b"\xff":
        at += 1
    return number(content, at, 1), at + 1


def _length(content: bytes, at: int) -> int:
    length = number(content, at, 2)
    if length < 2:  # it counts itself
        raise Malformed(f"The segment at byte {at} is shorter than its length.")
    return length


def _segment(marker: int, head: bytes, start: int, end: int) -> Iterator[Part]:
    telling = marker == _COMMENT or _FIRST_APP <= marker <= _LAST_APP
    named = start + 2 + len(_JFIF)
    if telling and head.startswith(_JFIF) and named < end:
        # That it is JFIF says what its components are; density and thumbnail only tell.
        yield Part(Kind.METADATA, start - 2, start + 2)
        yield Part(Kind.RENDERING, start + 2, named)
        yield Part(Kind.METADATA, named, end)
        return
    renders = not telling or head.startswith((_ADOBE, _PROFILE, _MORE_PICTURES))
    yield Part(Kind.RENDERING if renders else Kind.METADATA, start - 2, end)


def _scan_end(content: bytes, start: int) -> int:
    found = _NEXT_MARKER.search(content, start)
    if found is None:
        raise Malformed("The file ends inside a scan.")
    return found.start()
