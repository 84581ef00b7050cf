"""What image files are made of, for putting them together wrongly."""

import struct
import zlib
from collections.abc import Iterator, Sequence

Attack = tuple[str, bytes]
Attacks = Iterator[Attack]
Entry = tuple[int, int, int, bytes]  # tag, type, count, the four bytes of its value or offset

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, DOUBLE, IFD = 2, 3, 4, 5, 7, 12, 13
DESCRIPTION, MAKE, EXIF, GPS, SUBIFDS, PHOTOSHOP, XMP, IPTC, ICC, MAKER_NOTE = (
    *(0x010E, 0x010F, 0x8769, 0x8825, 0x014A, 0x8649, 0x02BC, 0x83BB, 0x8773, 0x927C),
)
PNG = b"\x89PNG\r\n\x1a\n"
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\0"
PHOTOSHOP_NAME = b"Photoshop 3.0\0"
SCAN = bytes.fromhex(
    "ffdb004300" + "01" * 64 + "ffc0000b080008000801011100"
    "ffc4001400010000000000000000000000000000000009"
    "ffc40014100100000000000000000000000000000000"
    "ffda0008010100003f0054df"
)


def long(value: int) -> bytes:
    """Write a value of four bytes, little-endian, whatever is left of it."""
    return struct.pack("<I", value % 2**32)


def directory(entries: Sequence[Entry], *, following: int = 0, count: int | None = None) -> bytes:
    """Write a TIFF directory; `count` lies about how many entries there are."""
    said = len(entries) if count is None else count
    body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return struct.pack("<H", said) + body + long(following)


def tiff(*directories: bytes, first: int = 8, tail: bytes = b"") -> bytes:
    """Write a TIFF of directories one after the other."""
    return b"II*\0" + long(first) + b"".join(directories) + tail


def segment(marker: int, body: bytes, *, length: int | None = None) -> bytes:
    """Write a JPEG segment; `length` lies about it."""
    said = (len(body) + 2 if length is None else length) % 65536
    return bytes((0xFF, marker)) + said.to_bytes(2, "big") + body


def jpeg(*segments: bytes, end: bytes = b"\xff\xd9") -> bytes:
    """Write a JPEG of eight by eight points behind these segments."""
    return b"\xff\xd8" + b"".join(segments) + SCAN + end


def exif(content: bytes) -> bytes:
    """Write an APP1 segment with Exif."""
    return segment(0xE1, b"Exif\0\0" + content)


def xmp(packet: bytes) -> bytes:
    """Write an APP1 segment with XMP."""
    return segment(0xE1, XMP_NAME + packet)


def rdf(inner: bytes, *, before: bytes = b"") -> bytes:
    """Write an XMP packet around some properties."""
    return (
        before + b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        b" xmlns:q='http://example.org/q/'>" + inner + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def resource(
    number: int, body: bytes, *, length: int | None = None, name: bytes = b"\0\0"
) -> bytes:
    """Write a Photoshop resource; `length` lies about it."""
    said = (len(body) if length is None else length) % 2**32
    return b"8BIM" + number.to_bytes(2, "big") + name + said.to_bytes(4, "big") + body


def photoshop(*resources: bytes) -> bytes:
    """Write an APP13 segment of resources."""
    return segment(0xED, PHOTOSHOP_NAME + b"".join(resources))


def dataset(record: int, number: int, body: bytes, *, length: int | None = None) -> bytes:
    """Write an IPTC dataset; `length` lies about it."""
    said = (len(body) if length is None else length) % 65536
    return bytes((0x1C, record, number)) + said.to_bytes(2, "big") + body


def chunk(
    kind: bytes, body: bytes, *, length: int | None = None, check: int | None = None
) -> bytes:
    """Write a PNG chunk; `length` and `check` lie."""
    said = (len(body) if length is None else length) % 2**32
    computed = zlib.crc32(kind + body) if check is None else check
    return said.to_bytes(4, "big") + kind + body + computed.to_bytes(4, "big")


def header(width: int = 1, height: int = 1, depth: int = 8, colour: int = 2) -> bytes:
    """Write the first chunk of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


DATA = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
END = chunk(b"IEND", b"")


def png(*chunks: bytes, head: bytes | None = None, end: bytes = END) -> bytes:
    """Write a PNG of one point with these chunks in it."""
    return PNG + (header() if head is None else head) + b"".join(chunks) + DATA + end


def box(kind: bytes, body: bytes = b"", *, size: int | None = None) -> bytes:
    """Write a box of ISO media; `size` lies about it."""
    said = (len(body) + 8 if size is None else size) % 2**32
    return said.to_bytes(4, "big") + kind + body


def long_box(kind: bytes, body: bytes, size: int) -> bytes:
    """Write a box whose size stands in eight bytes, as said."""
    return b"\0\0\0\1" + kind + (size % 2**64).to_bytes(8, "big") + body


def riff(*chunks: tuple[bytes, bytes], size: int | None = None, form: bytes = b"WEBP") -> bytes:
    """Write a RIFF file; `size` lies about it."""
    body = form + b"".join(k + long(len(b)) + b + b"\0" * (len(b) % 2) for k, b in chunks)
    return b"RIFF" + long(len(body) if size is None else size) + body


def bomb(size: int, byte: bytes = b"A") -> bytes:
    """Compress so many equal bytes; after a full flush the next MiB becomes what the first did."""
    squeezing = zlib.compressobj(9, wbits=-15)
    block, many, checked = byte * (1 << 20), size >> 20, 1
    one = squeezing.compress(block) + squeezing.flush(zlib.Z_FULL_FLUSH)
    for _ in range(many):
        checked = zlib.adler32(block, checked)
    return b"".join((b"\x78\xda", one * many, squeezing.flush(), checked.to_bytes(4, "big")))


def cuts(name: str, whole: bytes, *marks: bytes) -> Attacks:
    """Cut a file short just before, within and after each of its structures."""
    for mark in marks:
        at = whole.find(mark)
        assert at >= 0, (name, mark)
        called = "".join(filter(str.isalnum, mark.decode("ascii", "replace"))) or mark.hex()
        for where, place in (("before", 0), ("in", len(mark) // 2), ("after", len(mark))):
            yield f"cut_{name}_{where}_{called}", whole[: at + place]
