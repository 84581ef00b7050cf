"""Camera raw: told by its first bytes and its tags, decoded at half size by LibRaw."""

import struct
from typing import Any, BinaryIO

import numpy as np
import rawpy

from app.fingerprints.seeing.facts import Facts
from app.fingerprints.shown import check

STARTS = (b"FUJIFILMCCD-RAW", b"IIU\x00", b"IIRO", b"IIRS", b"MMOR", b"\x00MRM", b"FOVb")
CANON = b"ftypcrx "
TIFF = {b"II*\x00": "<", b"MM\x00*": ">"}
PHOTOMETRIC, SUB_IFDS, DNG_VERSION = 262, 330, 50706
MOSAIC = {32803, 34892}  # colour filter array, linear raw (TIFF/EP; DNG 1.7)
MOST_FOLDERS, MOST_TAGS = 32, 512
SIZES = {3: 2, 4: 4, 13: 4}  # bytes of a SHORT, a LONG, an IFD


def is_raw(file: BinaryIO) -> bool:
    """Tell camera raw from pictures, TIFF among them, by what lies in its folders."""
    file.seek(0)
    head = file.read(16)
    if head.startswith(STARTS) or head[4:12] == CANON or head[8:10] == b"CR":
        return True
    order = TIFF.get(head[:4])
    return order is not None and has_mosaic(file, order, head)


def has_mosaic(file: BinaryIO, order: str, head: bytes) -> bool:
    """Look through a TIFF's folders, and those below them, for what only raw has."""
    waiting = [struct.unpack(f"{order}I", head[4:8])[0]]
    for _ in range(MOST_FOLDERS):
        if not waiting:
            break
        tags, behind = folder(file, order, waiting.pop(0))
        if DNG_VERSION in tags or MOSAIC & set(tags.get(PHOTOMETRIC, ())):
            return True
        waiting += [*tags.get(SUB_IFDS, ()), *([behind] if behind else [])]
    return False


def folder(file: BinaryIO, order: str, at: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """Read the whole numbers in one folder, and where the next one lies; nothing of rubbish."""
    file.seek(at)
    counted = file.read(2)
    count = struct.unpack(f"{order}H", counted)[0] if len(counted) == 2 else 0
    entries = file.read(min(count, MOST_TAGS) * 12 + 4)
    tags: dict[int, tuple[int, ...]] = {}
    for start in range(0, len(entries) - 15, 12):
        tag, kind, many = struct.unpack_from(f"{order}HHI", entries, start)
        value = entries[start + 8 : start + 12]
        tags[tag] = numbers(file, order, kind, many, value)
    behind = struct.unpack(f"{order}I", entries[-4:])[0] if len(entries) == count * 12 + 4 else 0
    return tags, behind


def numbers(file: BinaryIO, order: str, kind: int, many: int, value: bytes) -> tuple[int, ...]:
    """Read an entry's numbers where they lie, a few of them."""
    size = SIZES.get(kind)
    if size is None or many > MOST_FOLDERS:
        return ()
    if size * many > 4:
        file.seek(struct.unpack(f"{order}I", value)[0])
        value = file.read(size * many)
    letter = "H" if size == 2 else "I"
    if len(value) < size * many:
        return ()
    return struct.unpack_from(f"{order}{many}{letter}", value)


def decoded(file: BinaryIO) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], Facts]:
    """Decode a raw picture upright at half its size, and return what its header tells.

    Raises:
        TooLarge: it has more pixels than the budget.
        Exception: of LibRaw's own kinds.
    """
    file.seek(0)
    with rawpy.imread(file) as found:
        sizes = found.sizes
        check(sizes.raw_width * sizes.raw_height)
        pixels = found.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
        across, down = sizes.width, sizes.height
        if (pixels.shape[0] > pixels.shape[1] and across > down) or (
            pixels.shape[0] < pixels.shape[1] and across < down
        ):
            across, down = down, across
        facts = Facts(
            format="RAW",
            width=across,
            height=down,
            frames=1,
            bit_depth=int(found.white_level).bit_length(),
            colour=found.color_desc.decode("ascii", "replace"),
            alpha=False,
            orientation=1,
            colour_space=None,
            auxiliary=None,
            icc_sha256=None,
        )
    return pixels, facts
