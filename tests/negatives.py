"""A raw file drawn in code: a DNG with one mosaic, as a sensor would have seen a picture."""

import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

# TIFF/EP and DNG 1.4, by number: what a reader needs to develop a mosaic.
LONG, SHORT, BYTE, ASCII, RATIONAL, SIGNED_RATIONAL = 4, 3, 1, 2, 5, 10
CODES = {LONG: "I", SHORT: "H", BYTE: "B"}
MATRIX = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)  # XYZ to sRGB
WHITE = 16_383


def dng(picture: Image.Image, taken: str = "2019:05:02 10:30:00") -> bytes:
    """Write a picture as the mosaic of red, green and blue that a sensor sees; even sides."""
    width, height = (one // 2 * 2 for one in picture.size)
    sensed = mosaic(picture.crop((0, 0, width, height)))
    entries: list[tuple[int, int, Sequence[float] | bytes]] = [
        (254, LONG, [0]),
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [16]),
        (259, SHORT, [1]),
        (262, SHORT, [32803]),
        (271, ASCII, b"Scenario\0"),
        (272, ASCII, b"V1\0"),
        (273, LONG, [8]),
        (274, SHORT, [1]),
        (277, SHORT, [1]),
        (278, LONG, [height]),
        (279, LONG, [len(sensed)]),
        (306, ASCII, taken.encode() + b"\0"),
        (33421, SHORT, [2, 2]),
        (33422, BYTE, [0, 1, 1, 2]),
        (50706, BYTE, [1, 4, 0, 0]),
        (50708, ASCII, b"Scenario V1\0"),
        (50717, LONG, [WHITE]),
        (50721, SIGNED_RATIONAL, MATRIX),
        (50728, RATIONAL, [1, 1, 1]),
        (50778, SHORT, [21]),
    ]
    at = 8 + len(sensed)
    return b"II*\0" + struct.pack("<I", at) + sensed + folder(entries, at)


def mosaic(picture: Image.Image) -> bytes:
    """Let light fall on a mosaic in rows of red and green, green and blue."""
    light = (np.asarray(picture.convert("RGB"), np.float64) / 255) ** 2.2
    seen = light[:, :, 1].copy()
    seen[::2, ::2], seen[1::2, 1::2] = light[::2, ::2, 0], light[1::2, 1::2, 2]
    return (seen * WHITE).astype("<u2").tobytes()


def folder(entries: Sequence[tuple[int, int, Sequence[float] | bytes]], at: int) -> bytes:
    """Write a TIFF folder that begins at a place of the file, its longer values behind it."""
    behind, told = b"", b""
    beyond = at + 2 + 12 * len(entries) + 4
    for tag, kind, said in entries:
        body = written(kind, said)
        count = len(said)
        if len(body) <= 4:
            value = body.ljust(4, b"\0")
        else:
            value = struct.pack("<I", beyond + len(behind))
            behind += body + b"\0" * (len(body) % 2)
        told += struct.pack("<HHI", tag, kind, count) + value
    return struct.pack("<H", len(entries)) + told + bytes(4) + behind


def written(kind: int, said: Sequence[float] | bytes) -> bytes:
    """Write values of one kind."""
    if isinstance(said, bytes):
        return said
    if kind in (RATIONAL, SIGNED_RATIONAL):
        code = "<II" if kind == RATIONAL else "<ii"
        return b"".join(struct.pack(code, round(one * 10_000), 10_000) for one in said)
    return struct.pack(f"<{len(said)}{CODES[kind]}", *(int(one) for one in said))
