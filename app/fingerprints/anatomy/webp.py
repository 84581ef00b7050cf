"""WebP (RFC 9649): bitstreams, alpha and frames are the image, as ExifTool's hash has it."""

from collections.abc import Iterator

from app.fingerprints.anatomy.parts import Kind, Malformed, Part, number, within

RIFF, WEBP = b"RIFF", b"WEBP"
_IMAGE = frozenset({b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"ALPH"})
_EXTENDED, _FLAGS = b"VP8X", 4
_TELLING = frozenset({b"EXIF", b"XMP "})


def parts_of_webp(content: bytes) -> Iterator[Part]:
    """Yield the parts of a WebP file in their order.

    Raises:
        Malformed: a chunk, or the whole, is longer than the file.
    """
    whole = within(content, 8 + number(content, 4, 4, "little"))
    yield Part(Kind.METADATA, 0, 12)
    at = 12
    while at < whole:
        length, name = number(content, at + 4, 4, "little"), content[at : at + 4]
        end = at + 8 + length + length % 2  # padded to an even length
        if end > whole:
            raise Malformed(f"The chunk at byte {at} is longer than what holds it.")
        yield Part(Kind.METADATA, at, at + 8)
        yield from _chunk(name, at + 8, end)
        at = end
    if whole < len(content):
        yield Part(Kind.TRAILER, whole, len(content))


def _chunk(name: bytes, start: int, end: int) -> Iterator[Part]:
    if name == _EXTENDED and end - start > _FLAGS:
        # Its flags only announce what chunks follow, metadata too; the canvas size is more.
        yield Part(Kind.METADATA, start, start + _FLAGS)
        yield Part(Kind.RENDERING, start + _FLAGS, end)
    elif start < end:
        other = Kind.METADATA if name in _TELLING else Kind.RENDERING
        yield Part(Kind.IMAGE if name in _IMAGE else other, start, end)
