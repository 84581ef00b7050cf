"""Files of formats that no library here writes, built byte by byte: headers without a picture."""

import struct
from collections.abc import Sequence

Entry = tuple[int, int | bytes | Sequence[int]]  # a tag and its value: a number, text or numbers


def tiff(
    *directories: Sequence[Entry],
    beneath: Sequence[Sequence[Entry]] = (),
    big: bool = False,
    magic: bytes | None = None,
) -> bytes:
    """Build a little-endian TIFF: a chain of directories, and sub-directories of the first."""
    head, count, entry = (16, 8, 20) if big else (8, 2, 12)
    word = "Q" if big else "I"
    sizes = [_size(one, count, entry, word) for one in (*directories, *beneath)]
    if beneath:
        sizes[0] += entry
    starts = [head + sum(sizes[:place]) for place in range(len(sizes))]
    below = starts[len(directories) :]
    chain = [*starts[1 : len(directories)], 0]
    out, data, end = b"", b"", head + sum(sizes)
    for place, one in enumerate((*directories, *beneath)):
        entries = sorted([*one, *([(0x14A, below)] if beneath and place == 0 else [])])
        out += struct.pack("<Q" if big else "<H", len(entries))
        for tag, value in entries:
            kind, number, packed = _packed(value, big=big)
            room = 8 if big else 4
            if len(packed) > room:
                packed, data = struct.pack(f"<{word}", end + len(data)), data + packed
            out += struct.pack(f"<HH{word}", tag, kind, number) + packed.ljust(room, b"\0")
        following = chain[place] if place < len(directories) else 0
        out += struct.pack(f"<{word}", following)
    start = b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) if big else b"II*\0" + struct.pack("<I", 8)
    return (magic or start[:4]) + start[4:] + out + data


def _size(entries: Sequence[Entry], count: int, entry: int, word: str) -> int:
    return count + entry * len(entries) + struct.calcsize(f"<{word}")


def _packed(value: int | bytes | Sequence[int], *, big: bool) -> tuple[int, int, bytes]:
    if isinstance(value, bytes):
        return 2, len(value) + 1, value + b"\0"
    numbers = [value] if isinstance(value, int) else list(value)
    return 4, len(numbers), struct.pack(f"<{len(numbers)}I", *numbers)


def picture(
    width: int, height: int, *, bits: int = 8, samples: int = 3, kind: int = 0, **more: int
) -> list[Entry]:
    """Say what a directory says of its picture; `more` are photometric and compression."""
    return [
        (0xFE, kind),
        (0x100, width),
        (0x101, height),
        (0x102, [bits] * samples),
        (0x103, more.get("compression", 1)),
        (0x106, more.get("photometric", 2)),
        (0x115, samples),
    ]


def psd(width: int, height: int, *, channels: int, depth: int, mode: int, large: bool) -> bytes:
    """Build the header of a Photoshop document without layers or pixels."""
    head = struct.pack(">HIIHH", channels, height, width, depth, mode)
    version = 2 if large else 1
    return b"8BPS" + struct.pack(">H", version) + b"\0" * 6 + head + b"\0" * (16 if large else 12)


def box(kind: bytes, *parts: bytes) -> bytes:
    """Build a box of the ISO base media format."""
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def cr3(directory: Sequence[Entry]) -> bytes:
    """Build a Canon CR3: its brand, and Canon's box with the directory that holds the size."""
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    told = box(b"uuid", canon, box(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00"))
    told = box(b"uuid", canon, told[24:], box(b"CMT1", tiff(directory)))
    return box(b"ftyp", b"crx ", bytes([0, 0, 0, 1]), b"crx isom") + box(b"moov", told)


def raf(width: int, height: int, preview: bytes) -> bytes:
    """Build a Fujifilm RAF: header, the preview with its EXIF, a directory of the sensor."""
    directory = struct.pack(">IHHHH", 1, 0x111, 4, height, width)
    at = 0x94 + len(preview)
    head = b"FUJIFILMCCD-RAW 0201FF000001Drawn".ljust(0x54, b"\0")
    places = struct.pack(">6I", 0x94, len(preview), at, len(directory), 0, 0)
    return (head + places).ljust(0x94, b"\0") + preview + directory
