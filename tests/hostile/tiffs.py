"""TIFF, BigTIFF and the raw files built on it: cycles, chains, counts, offsets."""

import struct

from hostile.parts import (
    ASCII,
    DESCRIPTION,
    EXIF,
    ICC,
    IFD,
    IPTC,
    LONG,
    PHOTOSHOP,
    SHORT,
    SUBIFDS,
    UNDEFINED,
    XMP,
    Attacks,
    cuts,
    directory,
    long,
    tiff,
)

POINT = [(0x0100, SHORT, 1, long(1)), (0x0101, SHORT, 1, long(1))]
CR2 = b"II*\0\x10\0\0\0CR\2\0\xff\xff\xff\xff"
ORF, RW2, RAF = b"IIRO", b"IIU\0", b"FUJIFILMCCD-RAW "


def of_tiff() -> Attacks:
    """Yield directories that lead in circles, on for ever, or out of the file."""
    yield "tiff_directory_follows_itself", tiff(directory(POINT, following=8))
    yield (
        "tiff_two_follow_each_other",
        tiff(directory(POINT, following=38), directory(POINT, following=8)),
    )
    chain = b"".join(directory(POINT, following=8 + 30 * (n + 1)) for n in range(20_000))
    yield "tiff_20000_pages", tiff(chain)
    yield "tiff_sub_directory_is_itself", tiff(directory([(EXIF, LONG, 1, long(8))]))
    yield (
        "tiff_1000_sub_directories_are_itself",
        tiff(directory([(SUBIFDS, IFD, 1000, long(26))]), tail=long(8) * 1000),
    )
    nested = b"".join(directory([(EXIF, LONG, 1, long(8 + 18 * (n + 1)))]) for n in range(2000))
    yield "tiff_2000_directories_deep", tiff(nested)
    tree = directory([(SUBIFDS, IFD, 50, long(26))]) + b"".join(long(8) for _ in range(50))
    yield "tiff_a_tree_of_fifty_each", tiff(tree)
    for count in (0, 65535):
        yield f"tiff_{count}_entries_said", tiff(directory(POINT, count=count))
    for first in (0, 1, 4, 7, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"tiff_first_directory_at_{first}", tiff(directory(POINT), first=first)
    for count in (1, 0x10000, 0xFFFFFFFF):
        for tag, name in ((XMP, "xmp"), (IPTC, "iptc"), (ICC, "icc"), (PHOTOSHOP, "photoshop")):
            entry = (tag, UNDEFINED, count, long(38))
            yield (
                f"tiff_{name}_of_{count}",
                tiff(directory([POINT[0], entry]), tail=b"\x1c\2\x78" * 30),
            )
    strips = [(0x0111, LONG, 0xFFFFFFFF, long(8)), (0x0117, LONG, 0xFFFFFFFF, long(8))]
    yield "tiff_4_billion_strips", tiff(directory([*POINT, *strips]))
    wide = [(0x0100, LONG, 1, long(-1)), (0x0101, LONG, 1, long(-1))]
    yield "tiff_4_billion_wide", tiff(directory(wide))
    yield (
        "tiff_bits_per_sample_1_million",
        tiff(directory([*POINT, (0x0102, SHORT, 1_000_000, long(8))])),
    )
    yield (
        "tiff_caption_60_mb",
        tiff(directory([(DESCRIPTION, ASCII, 60 << 20, long(26))]), tail=b"A" * (60 << 20)),
    )
    yield (
        "tiff_xmp_60_mb",
        tiff(directory([(XMP, UNDEFINED, 60 << 20, long(26))]), tail=b"<a>" * (20 << 20)),
    )
    whole = tiff(directory([*POINT, (DESCRIPTION, ASCII, 7, long(50))]), tail=b"A tram\0")
    yield from cuts("tiff", whole, b"II*\0", struct.pack("<HHI", *POINT[0][:3]), b"A tram\0")
    yield "tiff_byte_order_of_neither", b"IM*\0" + whole[4:]
    yield "tiff_big_endian_said_of_little", b"MM\0*" + whole[4:]
    for word in (0, 41, 43, 255):
        yield f"tiff_version_{word}", b"II" + bytes((word, 0)) + whole[4:]


def of_big_tiff() -> Attacks:
    """Yield BigTIFF whose offsets and counts are longer than any file."""
    for name, first in (("at_2_to_63", 2**63), ("at_all_ones", 2**64 - 1), ("at_itself", 8)):
        yield f"bigtiff_directory_{name}", b"II+\0\x08\0\0\0" + struct.pack("<Q", first)
    many = struct.pack("<Q", 2**40) + struct.pack("<HHQQ", 0x0100, LONG, 1, 1)
    yield "bigtiff_2_to_40_entries", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + many
    entry = struct.pack("<HHQQ", DESCRIPTION, ASCII, 2**62, 16)
    one = struct.pack("<Q", 1) + entry
    yield "bigtiff_caption_of_2_to_62", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + one + bytes(8)
    cycle = one[:28] + struct.pack("<Q", 16)
    yield "bigtiff_follows_itself", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + cycle
    yield "bigtiff_offsets_of_zero_bytes", b"II+\0\0\0\0\0" + struct.pack("<Q", 16) + one


def of_raw() -> Attacks:
    """Yield raw files of makers, broken in the places that are theirs."""
    yield "raw_cr2_offset_beyond", CR2 + directory(POINT)
    yield (
        "raw_dng_private_data",
        tiff(directory([*POINT, (0xC612, 1, 4, b"\1\4\0\0"), (0xC634, 1, 0xFFFFFF, long(8))])),
    )
    yield "raw_orf_cycle", ORF + tiff(directory(POINT, following=8))[4:]
    yield "raw_rw2_counts", RW2 + tiff(directory([(0x2E, UNDEFINED, 0xFFFFFF, long(8))]))[4:]
    yield "raw_raf_offsets", RAF + b"0201" + bytes(80) + b"\xff" * 200
    yield "raw_x3f_directory", b"FOVb\0\0\2\0" + bytes(200) + b"\xff\xff\xff\xff"
    yield "raw_mrw_block", b"\0MRM\xff\xff\xff\xff\0TTW\xff\xff\xff\xff"
    yield "raw_crw_heap", b"II\x1a\0\0\0HEAPCCDR" + b"\xff" * 100
    yield "raw_3fr_nested", tiff(directory([(SUBIFDS, IFD, 3, long(26))]), tail=long(8) * 3)
