"""PNG and APNG (W3C PNG, third edition): IDAT is the image, as ExifTool's `ImageDataHash` has it.

Frames of an animation (fdAT) are no IDAT: they count as rendering, so that a picture with other
later frames is never the same.
"""

from collections.abc import Iterator

from app.fingerprints.anatomy.parts import Kind, Malformed, Part, number, within

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TELLING = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf", b"pHYs", b"caBX", b"dSIG"})
_FRAME = 12  # bytes of length, name and check sum around each chunk
_LONGEST = 0x7FFFFFFF


def parts_of_png(content: bytes) -> Iterator[Part]:
    """Yield the parts of a PNG file in their order.

    Raises:
        Malformed: a chunk is longer than the file, or there is no end.
    """
    yield Part(Kind.METADATA, 0, len(SIGNATURE))
    at = len(SIGNATURE)
    while True:
        length, name = number(content, at, 4), content[at + 4 : at + 8]
        if length > _LONGEST:
            raise Malformed(f"The chunk at byte {at} is longer than PNG allows.")
        end = within(content, at + length + _FRAME)
        if name == b"IDAT":
            yield Part(Kind.METADATA, at, at + 8)
            yield Part(Kind.IMAGE, at + 8, end - 4)
            yield Part(Kind.METADATA, end - 4, end)
        else:
            telling = name in _TELLING or name == b"IEND"
            yield Part(Kind.METADATA if telling else Kind.RENDERING, at, end)
        at = end
        if name == b"IEND":
            if end < len(content):
                yield Part(Kind.TRAILER, end, len(content))
            return
