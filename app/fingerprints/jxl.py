"""JPEG XL: how large a picture says it is, since its decoder decodes before anybody can ask."""

import struct
from io import BytesIO
from typing import BinaryIO

import numpy as np
from imagecodecs import jpegxl_decode
from PIL import Image

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
BOXES = 64  # looked at before the picture has to come
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_WIDTHS = (9, 13, 18, 30)  # bits of a number, by the two bits before it (ISO/IEC 18181-1, D.2)


def is_jxl(head: bytes) -> bool:
    """Tell JPEG XL by its first bytes."""
    return head.startswith((CODESTREAM, CONTAINER))


def size_of(file: BinaryIO) -> tuple[int, int]:
    """Return width and height from the header.

    Raises:
        ValueError: there is none.
    """
    start = _codestream(file)
    if not start.startswith(CODESTREAM):
        message = "no codestream"
        raise ValueError(message)
    bits = _Bits(start[len(CODESTREAM) :])
    small = bits.take(1)
    height = bits.side(small=bool(small))
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return bits.side(small=bool(small)), height


def picture_of(file: BinaryIO) -> Image.Image:
    """Decode a picture, upright and with eight bits; of a moving one the first.

    Raises:
        Exception: of the decoder's own kinds.
    """
    file.seek(0)
    pixels = np.asarray(jpegxl_decode(file.read(), index=0, numthreads=1))
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    elif pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float32)).clip(0, 1) * 255
    return Image.fromarray(pixels.astype(np.uint8))


def _codestream(file: BinaryIO) -> bytes:
    """Return the first bytes of the codestream, bare or in its box."""
    file.seek(0)
    head = file.read(len(CONTAINER))
    if not head.startswith(CONTAINER):
        return head
    for _ in range(BOXES):
        size, kind = struct.unpack(">I4s", _exactly(file, 8))
        header = 8
        if size == 1:
            [size], header = struct.unpack(">Q", _exactly(file, 8)), 16
        if kind == b"jxlc":
            return file.read(len(CONTAINER))
        if kind == b"jxlp":
            return file.read(4 + len(CONTAINER))[4:]
        if size < header:
            break
        file.seek(size - header, 1)
    message = "no codestream"
    raise ValueError(message)


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        message = "the file ends in its header"
        raise ValueError(message)
    return found


class _Bits:
    """Bits of a few bytes, the lowest first."""

    def __init__(self, source: bytes) -> None:
        self._left = int.from_bytes(BytesIO(source).read(16), "little")
        self._count = 8 * min(len(source), 16)

    def take(self, count: int) -> int:
        if count > self._count:
            message = "the file ends in its header"
            raise ValueError(message)
        found = self._left & ((1 << count) - 1)
        self._left >>= count
        self._count -= count
        return found

    def side(self, *, small: bool) -> int:
        if small:
            return 8 * (self.take(5) + 1)
        return self.take(_WIDTHS[self.take(2)]) + 1
