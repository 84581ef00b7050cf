"""Whether a file holds a C2PA manifest, by its container's own rules: a look at headers only.

C2PA 2.2, annex A: where each format embeds one. What this finds goes to the library; what it does
not find is `none`, so that the library, which reads files whole, sees only files with a manifest.
"""

import os
import struct
from collections.abc import Callable

from app.readings.chunks import chunk_kinds

_STEPS = 4096  # segments, chunks, boxes or entries looked at; an honest file has far fewer
_JUMBF = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"  # the description box's type
_BMFF = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_TIFF_TAG = 0xCD41

Look = Callable[[int], bool]


def holds_manifest(descriptor: int, mime: str) -> bool | None:
    """Tell whether a manifest is embedded; None for formats that C2PA does not embed in."""
    look = _LOOKS.get(mime)
    try:
        return None if look is None else look(descriptor)
    except (struct.error, OverflowError):  # it ends before what it announces
        return False


def _in_jpeg(descriptor: int) -> bool:
    at = 2
    for _ in range(_STEPS):
        mark, kind, length = struct.unpack(">BBH", os.pread(descriptor, 4, at))
        if mark != 0xFF or kind == 0xDA:  # of a length below two the next mark is none
            return False
        if kind == 0xEB and _JUMBF in os.pread(descriptor, min(length, 64), at + 4):
            return True
        at += 2 + length
    return False


def _in_png(descriptor: int) -> bool:
    return b"caBX" in chunk_kinds(descriptor, "image/png")


def _in_webp(descriptor: int) -> bool:
    return b"C2PA" in chunk_kinds(descriptor, "image/webp")


def _in_boxes(descriptor: int) -> bool:
    """Look at the outermost boxes of HEIF, AVIF and JPEG XL."""
    at = 0
    for _ in range(_STEPS):
        length, kind = struct.unpack(">I4s", os.pread(descriptor, 8, at))
        start = os.pread(descriptor, 48, at + 8)
        if (kind == b"uuid" and start.startswith(_BMFF)) or (kind == b"jumb" and _JUMBF in start):
            return True
        if length == 1:
            (length,) = struct.unpack(">Q", start[:8])
        if length < 8:  # to the end of the file, or nonsense
            return False
        at += length
    return False


def _in_tiff(descriptor: int) -> bool:
    order = "<" if os.pread(descriptor, 2, 0) == b"II" else ">"
    big = os.pread(descriptor, 4, 0)[2:] in (b"+\0", b"\0+")
    word, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    (at,) = struct.unpack(order + word, _word(descriptor, 8 if big else 4, word))
    (entries,) = struct.unpack(order + count, _word(descriptor, at, count))
    directory = os.pread(descriptor, min(entries, _STEPS) * entry, at + struct.calcsize(count))
    tags = (directory[place : place + 2] for place in range(0, len(directory), entry))
    return struct.pack(order + "H", _TIFF_TAG) in tags


def _word(descriptor: int, at: int, word: str) -> bytes:
    return os.pread(descriptor, struct.calcsize(f"<{word}"), at) if at < 1 << 62 else b""


def _in_gif(descriptor: int) -> bool:
    """Look at the extensions before the first image; GIF has no other place to skip to."""
    at, inside = 13 + _colours(os.pread(descriptor, 13, 0)[10:11]), False
    for _ in range(_STEPS):
        block = os.pread(descriptor, 14, at)
        if block[1:11] == b"\xff\x0bC2PA_GIF" and not inside:
            return True
        if inside:  # a sub-block: its length, then as many bytes; one without length is the last
            inside = bool(block) and block[0] > 0
            at += 1 + (block[0] if block else 0)
        elif block.startswith(b"\x21"):
            at, inside = at + 2, True
        else:
            return False
    return False


def _colours(flags: bytes) -> int:
    """Return the length of the table of colours that a GIF's first flags announce."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


_LOOKS: dict[str, Look] = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/webp": _in_webp,
    "image/gif": _in_gif,
    "image/tiff": _in_tiff,
    "image/heic": _in_boxes,
    "image/heif": _in_boxes,
    "image/heic-sequence": _in_boxes,
    "image/avif": _in_boxes,
    "image/jxl": _in_boxes,
}
