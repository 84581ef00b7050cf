"""exifread, for JPEG and TIFF that ExifTool failed on: EXIF only, marked as limited.

Never HEIC, AVIF or JXL: exifread 3.5 does not return from 96 bytes of one, and keeps its boxes
from file to file. It runs in a child of its own, for one file.
"""

import io
import json
import os
from collections.abc import Sequence
from fractions import Fraction
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import exifread
from exifread.core.ifd_tag import IfdTag

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FALLBACK = "exifread"
FALLBACK_VERSION = version(FALLBACK)

_GROUPS = {"Image": "EXIF:IFD0", "EXIF": "EXIF:ExifIFD", "GPS": "EXIF:GPS"}
_SEXAGESIMAL = frozenset({"GPSLatitude", "GPSLongitude"})
_LONGEST_TAG = 65536


class Pread(io.RawIOBase):
    """Read an open file from any place without moving the offset it shares with the worker."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._at = 0
        self._size = os.fstat(descriptor).st_size

    def readable(self) -> bool:
        """Say yes, as io asks for it."""
        return True

    def seekable(self) -> bool:
        """Say yes, as io asks for it."""
        return True

    def tell(self) -> int:
        """Return the own offset."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the own offset only; before the start is the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a buffer as far as the file goes."""
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def read_limited(descriptor: int) -> bytes:
    """Return EXIF tags as JSON in the shape of ExifTool's answer."""
    with io.BufferedReader(Pread(descriptor)) as file:
        head = file.read(4)
        file.seek(0)
        tags = exifread.process_file(file, details=False, extract_thumbnail=False)
    is_jpeg = head.startswith(b"\xff\xd8")
    answer: dict[str, Any] = {
        "File:FileType": {"val": "JPEG" if is_jpeg else "TIFF"},
        "File:MIMEType": {"val": "image/jpeg" if is_jpeg else "image/tiff"},
    }
    for name, tag in tags.items():
        group, _, short = name.partition(" ")
        if group in _GROUPS:
            answer[f"{_GROUPS[group]}:{short}"] = _value(short, tag)
    return json.dumps([answer]).encode()


def _value(name: str, tag: IfdTag) -> dict[str, str]:
    values = tag.values
    if name in _SEXAGESIMAL:
        return {"val": _degrees(values)}
    if isinstance(values, bytes):
        kept = values[:_LONGEST_TAG]
        return {"val": kept.decode("utf-8", "replace"), "hex": kept.hex(" ")}
    if isinstance(values, list):
        return {"val": " ".join(str(value) for value in values[:64])}
    return {"val": str(values)[:_LONGEST_TAG].encode("utf-8", "replace").decode()}


def _degrees(values: Sequence[Fraction]) -> str:
    """Sum degrees, minutes and seconds; a zero denominator gives an empty text, as in ExifTool."""
    try:
        whole = sum(float(part) / 60**place for place, part in enumerate(values[:3]))
    except (ZeroDivisionError, TypeError, ValueError, OverflowError):
        return ""
    return str(whole)
