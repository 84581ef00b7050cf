"""How many bytes hang behind the end of an image; None where its end is not known.

What hangs behind may be another picture, a film or a record: a file with it is never the same
image as one without.
"""

import struct
from typing import BinaryIO

from app.fingerprints.anatomy.jpeg import parts_of_jpeg
from app.fingerprints.anatomy.parts import Anatomy, Kind, Malformed, number, within
from app.fingerprints.anatomy.png import parts_of_png
from app.fingerprints.anatomy.webp import parts_of_webp
from app.fingerprints.seeing.raw import TIFF

WHOLE = 256 << 20  # bytes of a file that is looked through in memory
ANATOMIES: dict[str, Anatomy] = {
    "JPEG": parts_of_jpeg,
    "PNG": parts_of_png,
    "WEBP": parts_of_webp,
}
BOXES = {b"ftyp", b"meta", b"mdat", b"free", b"skip", b"jP  ", b"jp2h", b"jp2c", b"moov"}
MOST_BOXES, MOST_FOLDERS, MOST_NUMBERS = 1_000, 10_000, 1_000_000
PADDING = 8
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
STRIPS = ((273, 279), (324, 325))  # where strips and tiles lie, and how long each is
BELOW = (330, 34665, 34853, 40965)  # folders that a folder names
_GIF_END, _GIF_EXTENSION, _GIF_IMAGE = 0x3B, 0x21, 0x2C


def trailing_bytes(kind: str, file: BinaryIO) -> int | None:
    """Count the bytes behind the end of an image of a known format."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    try:
        if kind == "TIFF":
            return behind_tiff(file, size)
        if size > WHOLE:
            return None
        if kind in ANATOMIES:
            parts = ANATOMIES[kind](file.read())
            return sum(part.end - part.start for part in parts if part.kind is Kind.TRAILER)
        if kind == "GIF":
            return size - end_of_gif(file.read())
        if kind == "BMP":
            return size - end_of_bmp(file.read(54))
        return unknown_boxes(file.read()) if kind in ("HEIF", "AVIF", "JPEG2000") else None
    except (Malformed, struct.error):
        return None


def end_of_gif(content: bytes) -> int:
    """Follow the blocks of a GIF to its trailer.

    Raises:
        Malformed: it has none.
    """
    at = 13 + table_of(number(content, 10, 1))
    while (kind := number(content, at, 1)) != _GIF_END:
        if kind == _GIF_EXTENSION:
            at += 2
        elif kind == _GIF_IMAGE:
            at += 11 + table_of(number(content, at + 9, 1))
        else:
            raise Malformed(f"There is no block at byte {at}.")
        while length := number(content, at, 1):
            at += 1 + length
        at += 1
    return at + 1


def table_of(flags: int) -> int:
    """Return the bytes of a colour table, if flags say that one follows."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def end_of_bmp(head: bytes) -> int:
    """Compute where the rows of a BMP without compression end.

    Raises:
        Malformed: it is compressed, or its header is of another kind.
    """
    start, header, width, height, _, bits, packed = struct.unpack_from("<IIiiHHI", head, 10)
    if header < 40 or packed not in (0, 3):
        raise Malformed("Where it ends is not known.")
    end: int = start + (width * bits + 31) // 32 * 4 * abs(height)
    return end


def unknown_boxes(content: bytes) -> int:
    """Count the bytes in top boxes that are none of the picture's (ISO/IEC 14496-12, 4.2).

    Raises:
        Malformed: there are too many.
    """
    at, unknown = 0, 0
    if content[4:8] not in BOXES:  # a bare codestream of JPEG 2000: it ends with EOC
        return len(content) - content.rfind(b"\xff\xd9") - 2
    for _ in range(MOST_BOXES):
        left = len(content) - at
        if left < 8:
            return unknown + left
        size, kind = number(content, at, 4), content[at + 4 : at + 8]
        size = number(content, at + 8, 8) if size == 1 else size or left
        known = kind in BOXES and size >= 8
        if known and size > left:
            raise Malformed("The file ends in a box.")
        if not known and not 8 <= size <= left:
            return unknown + left
        unknown += 0 if known else size
        at += size
    raise Malformed("There are too many boxes.")


def behind_tiff(file: BinaryIO, size: int) -> int:
    """Count what no folder of a TIFF names; writers pad the end of their folders with zeros.

    Raises:
        Malformed: where it ends cannot be found.
    """
    behind = max(0, size - end_of_tiff(file))
    file.seek(size - min(behind, PADDING))
    return 0 if behind <= PADDING and not any(file.read()) else behind


def end_of_tiff(file: BinaryIO) -> int:
    """Return the end of the last thing that any folder of a TIFF names.

    Raises:
        Malformed: folders or numbers are too many, or lie outside of the file.
    """
    head = file.read(8)
    order = TIFF.get(head[:4])
    if order is None:
        raise Malformed("It is no TIFF of the usual kind.")
    waiting, seen, end = [struct.unpack(f"{order}I", head[4:8])[0]], set[int](), 8
    while waiting:
        at = waiting.pop()
        if at in seen or at == 0:
            continue
        seen.add(at)
        if len(seen) > MOST_FOLDERS:
            raise Malformed("There are too many folders.")
        found, below = folder_end(file, order, at)
        waiting += below
        end = max(end, found)
    return end


def folder_end(file: BinaryIO, order: str, at: int) -> tuple[int, list[int]]:
    """Return the end of what one folder names, and the folders that it names.

    Raises:
        Malformed: it lies outside of the file.
    """
    file.seek(at)
    count = struct.unpack(f"{order}H", file.read(2))[0]
    entries = file.read(count * 12 + 4)
    within(entries, count * 12 + 4)
    end, named = at + 6 + count * 12, [struct.unpack(f"{order}I", entries[-4:])[0]]
    lists: dict[int, list[int]] = {}
    for start in range(0, count * 12, 12):
        tag, kind, many = struct.unpack_from(f"{order}HHI", entries, start)
        length = SIZES.get(kind, 1) * many
        if length > 4:
            end = max(end, struct.unpack_from(f"{order}I", entries, start + 8)[0] + length)
        if tag in BELOW or any(tag in pair for pair in STRIPS):
            lists[tag] = numbers_of(file, order, kind, many, entries[start + 8 : start + 12])
    for starts, lengths in STRIPS:
        both = zip(lists.get(starts, ()), lists.get(lengths, ()), strict=False)
        end = max([end, *(start + length for start, length in both)])
    return end, named + [one for tag in BELOW for one in lists.get(tag, ())]


def numbers_of(file: BinaryIO, order: str, kind: int, many: int, value: bytes) -> list[int]:
    """Read the whole numbers of an entry where they lie.

    Raises:
        Malformed: too many, of another kind, or outside of the file.
    """
    size = SIZES.get(kind)
    if size not in (2, 4) or many > MOST_NUMBERS:
        raise Malformed("These are no numbers.")
    if size * many > 4:
        file.seek(struct.unpack(f"{order}I", value)[0])
        value = file.read(size * many)
    return list(struct.unpack_from(f"{order}{many}{'H' if size == 2 else 'I'}", value))
