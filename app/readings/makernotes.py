"""MakerNotes: a maker's own block, kept as it lies in the file, up to 64 KiB of it.

That is the most that EXIF in a JPEG can hold; RAW files may carry previews in theirs. The bytes are
in the reading's own answer; the statement says whose they are, how many, and whether they are all.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from app.readings.extraction import Extracted
from app.readings.tags import Tag, Tags

KEPT_BYTES = 65536  # as in perl/Bounded.pm
CUT = "only the first 65,536 bytes are kept"
_NAME = re.compile(r"EXIF:(?:\w+:)?MakerNote(\w*)")
# ExifTool writes the same bytes twice, as "hex" and as "val", and the first takes thrice the room.
_TWICE = re.compile(
    rb'("EXIF:[^"\n]{0,40}MakerNote\w*": \{[^{}"]*(?:"(?:desc|fmt)": "[^"\n]*",\s*){0,2})'
    rb'"hex": "[0-9a-f .\[\]]*",\s*'
)
_BASE64 = "base64:"


def once(answer: bytes) -> bytes:
    """Take the second copy of a MakerNote's bytes out of the tool's answer."""
    return _TWICE.sub(rb"\1", answer) if b"MakerNote" in answer else answer


def maker_note_statements(tags: Tags) -> Iterator[Extracted]:
    """Tell of each MakerNote whose it is and how much of it is kept."""
    for tag in tags:
        if named := _NAME.fullmatch(tag.locator):
            kept = len(maker_note(tag))
            value = {"kind": named[1] or "Unknown", "kept_bytes": kept}
            note = CUT if kept == KEPT_BYTES else None
            yield Extracted("maker_notes", value, tag.locator, False, note=note)


def maker_note(tag: Tag) -> bytes:
    """Return the bytes of a MakerNote as they lie in the file."""
    if tag.text.startswith(_BASE64):
        try:
            return base64.b64decode(tag.text.removeprefix(_BASE64), validate=True)
        except binascii.Error:
            pass
    return tag.text.encode("utf-8", "surrogateescape")
