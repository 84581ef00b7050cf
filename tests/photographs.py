"""Pictures that look like photographs to a hash, drawn in code, and files made of them."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

CFA, LINEAR = 32803, 34892
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def photograph(number: int = 1, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """Draw clouds of colour with finer and finer ones in them, as nature's pictures have it.

    The same number always gives the same picture.
    """
    chance = np.random.default_rng(number)
    drawn = np.zeros((size[1], size[0], 3))
    for octave in range(5):
        grid = chance.integers(0, 256, (4 << octave, 6 << octave, 3), dtype=np.uint8)
        cloud = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        drawn += (np.asarray(cloud) - 127.5) / 1.7**octave
    return Image.fromarray((drawn * 0.7 + 127.5).clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    """Write a picture in a format that Pillow writes."""
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def a_png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """Write a PNG whose header says what it likes; `rows` with their filter bytes."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(a_chunk(*part) for part in parts)


def a_chunk(name: bytes, content: bytes) -> bytes:
    """Write one chunk of a PNG."""
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def deep_png(samples: np.ndarray[Any, Any]) -> bytes:
    """Write samples of 16 bits (HxWx3 or HxWx4) as PNG."""
    height, width, channels = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return a_png(width, height, rows, depth=16, colour={3: 2, 4: 6}[channels])


Entry = tuple[int, int, int, bytes]  # tag, type, count, value


def shorts(tag: int, *values: int) -> Entry:
    """Write an entry of whole numbers of 16 bits."""
    return tag, 3, len(values), struct.pack(f"<{len(values)}H", *values)


def longs(tag: int, *values: int) -> Entry:
    """Write an entry of whole numbers of 32 bits."""
    return tag, 4, len(values), struct.pack(f"<{len(values)}I", *values)


def a_tiff(*pages: tuple[list[Entry], bytes]) -> bytes:
    """Write a TIFF of pages, each its entries (without the place of its one strip) and strip."""
    written, link = bytearray(b"II*\0\0\0\0\0"), 4
    for entries, strip in pages:
        place = len(written)
        written += strip + b"\0" * (len(strip) % 2)
        whole = sorted([*entries, longs(273, place), longs(279, len(strip))])
        values: list[bytes] = []
        for _, _, _, value in whole:
            if len(value) > 4:
                values.append(struct.pack("<I", len(written)))
                written += value + b"\0" * (len(value) % 2)
            else:
                values.append(value.ljust(4, b"\0"))
        struct.pack_into("<I", written, link, len(written))
        written += struct.pack("<H", len(whole))
        for (tag, kind, many, _), value in zip(whole, values, strict=True):
            written += struct.pack("<HHI", tag, kind, many) + value
        link = len(written)
        written += bytes(4)
    return bytes(written)


def deep_tiff(samples: np.ndarray[Any, Any]) -> tuple[list[Entry], bytes]:
    """Return one page of 16 bits in RGB, for `a_tiff`."""
    height, width, channels = samples.shape
    size = [longs(256, width), longs(257, height), longs(278, height)]
    kinds = [shorts(258, *[16] * channels), shorts(259, 1), shorts(262, 2), shorts(277, channels)]
    return size + kinds, samples.astype("<u2").tobytes()


def a_dng(grey: Pixels) -> bytes:
    """Write a camera raw file (DNG 1.4) whose mosaic shows a grey picture of even sides."""
    height, width = grey.shape
    size = [longs(256, width), longs(257, height), longs(278, height)]
    kinds = [shorts(258, 16), shorts(259, 1), shorts(262, CFA), shorts(277, 1)]
    mosaic = [shorts(33421, 2, 2), (33422, 1, 4, bytes([0, 1, 1, 2]))]
    matrix = struct.pack("<18i", *[n for k in range(9) for n in (int(k % 4 == 0), 1)])
    neutral = struct.pack("<6I", 1, 1, 1, 1, 1, 1)
    names = [(tag, 2, 5, b"Drawn"[:4] + b"\0") for tag in (271, 272, 50708)]
    dng = [(50706, 1, 4, bytes([1, 4, 0, 0])), (50721, 10, 9, matrix), (50728, 5, 3, neutral)]
    levels = [shorts(50714, 0), longs(50717, 65535)]
    strip = (grey.astype("<u2") * 257).tobytes()
    return a_tiff(([*size, *kinds, *mosaic, *names, *dng, *levels], strip))
