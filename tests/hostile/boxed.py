"""Files of boxes that lie: HEIC, AVIF, JPEG XL, JPEG 2000, movies; and what else there is."""

import gzip
import io
import struct
import zipfile

from hostile.parts import Attacks, bomb, box, cuts, jpeg, long_box, png, rdf, resource, tiff

KINDS = {
    "heic": box(b"ftyp", b"heic\0\0\0\0mif1heic"),
    "avif": box(b"ftyp", b"avif\0\0\0\0mif1avif"),
    "jxl": box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl "),
    "jp2": box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 "),
    "mov": box(b"ftyp", b"qt  \0\0\0\0qt  "),
    "cr3": box(b"ftyp", b"crx \0\0\0\1crx isom"),
}
FULL = bytes(4)


def of_boxes() -> Attacks:
    """Yield sizes of zero, overlong sizes, loops and depths for every kind of box file."""
    for name, start in KINDS.items():
        yield f"{name}_box_of_zero", start + box(b"meta", bytes(20), size=0)
        yield f"{name}_box_of_one", start + box(b"meta", b"", size=1)
        yield f"{name}_box_of_seven", start + box(b"meta", bytes(20), size=7)
        yield f"{name}_box_of_4_gb", start + box(b"meta", bytes(20), size=0xFFFFFFFF)
        yield f"{name}_long_box_of_zero", start + long_box(b"meta", bytes(20), 0)
        yield f"{name}_long_box_negative", start + long_box(b"meta", bytes(20), 2**64 - 8)
        yield f"{name}_long_box_of_2_to_62", start + long_box(b"Exif", bytes(20), 2**62)
        yield f"{name}_10000_deep", start + deep(b"moov", 10_000)
        yield f"{name}_100000_boxes", start + box(b"free") * 100_000
        yield f"{name}_cut_in_its_first_box", start[: len(start) // 2]
        yield f"{name}_first_box_only", start


def deep(kind: bytes, depth: int) -> bytes:
    """Nest boxes, each to the end of the file."""
    return b"".join((8 * (depth - n)).to_bytes(4, "big") + kind for n in range(depth))


def of_items() -> Attacks:
    """Yield HEIC whose items lie where nothing is, and XL whose boxes swell."""
    start = KINDS["heic"]
    for name, body in ITEMS.items():
        yield f"heic_{name}", start + box(b"meta", FULL + body)
    swollen = box(b"brob", b"Exif" + b"\x5b\xff\xff\x01\x40\x02" * 200)
    yield "jxl_brotli_of_rubbish", KINDS["jxl"] + swollen
    yield "jxl_brotli_of_itself", KINDS["jxl"] + box(b"brob", b"brob" + bytes(40))
    yield "jxl_codestream_size", b"\xff\x0a" + b"\xff" * 40
    yield "jxl_exif_offset_beyond", KINDS["jxl"] + box(b"Exif", b"\xff\xff\xff\xff" + tiff(b"\0\0"))
    yield "jxl_10000_parts", KINDS["jxl"] + box(b"jxlp", b"\0\0\0\1") * 10_000
    yield "jp2_uuid_rubbish", KINDS["jp2"] + box(b"uuid", b"JpgTiffExif->JP2" + b"\xff" * 40)
    yield "jp2_geojp2_cycle", KINDS["jp2"] + box(b"uuid", GEO + b"II*\0\x08\0\0\0\0\0\x08\0\0\0")
    yield "jp2_codestream_markers", b"\xff\x4f\xff\x51\0\x02" + b"\xff\x64\0\x02" * 50_000
    yield (
        "jp2_xml_entity",
        KINDS["jp2"] + box(b"xml ", b"<!DOCTYPE x [<!ENTITY e SYSTEM '/etc/passwd'>]><x>&e;</x>"),
    )
    whole = start + box(b"meta", FULL + HDLR + ITEMS["one_item_beyond"])
    yield from cuts("heic", whole, b"ftyp", b"hdlr", b"iinf", b"iloc")


HDLR = box(b"hdlr", FULL + FULL + b"pict" + bytes(13))
INFE = box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
GEO = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")
ILOC = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, 0xFFFFFF00, 0xFFFFFFFF)
ITEMS = {
    "one_item_beyond": HDLR + box(b"iinf", FULL + b"\0\1" + INFE) + box(b"iloc", FULL + ILOC),
    "65535_items_said": HDLR + box(b"iinf", FULL + b"\xff\xff" + INFE),
    "item_sizes_of_15": box(b"iloc", b"\1\0\0\0\xff\xff\xff\xff" + b"\xff" * 200),
    "million_properties": box(b"iprp", box(b"ipco", box(b"ispe", b"\xff" * 12) * 50_000)),
    "item_refers_to_itself": box(b"iref", FULL + box(b"cdsc", b"\0\1\xff\xff" + b"\0\1" * 5000)),
    "property_of_index_beyond": box(
        b"iprp", box(b"ipma", FULL + b"\xff\xff\xff\xff" + b"\xff" * 60)
    ),
}


def of_others() -> Attacks:
    """Yield PSD and BMP whose counts and sizes lie."""
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 1, 1, 8, 3)
    yield "psd_resources_4_gb", head + bytes(4) + b"\xff\xff\xff\xff" + resource(0x0404, b"x")
    layers = struct.pack(">IIh", 0xFFFFFFFF, 0xFFFFFFFF, -32768) + b"\xff" * 400
    yield "psd_32768_layers", head + bytes(8) + layers
    yield "psd_size_all_ones", b"8BPS\0\2" + bytes(6) + b"\xff" * 14 + bytes(12)
    many = resource(0x0404, b"") * 50_000
    yield "psd_50000_resources", head + bytes(4) + len(many).to_bytes(4, "big") + many + bytes(8)
    for size in (0, 12, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"bmp_header_of_{size}", b"BM" + bytes(12) + struct.pack("<I", size) + bytes(36)
    yield (
        "bmp_negative_size",
        b"BM" + bytes(12) + struct.pack("<Iii", 40, -(2**31), -(2**31)) + bytes(28),
    )


def of_polyglots() -> Attacks:
    """Yield packages, texts, programs and files that are two things at once."""
    yield "gzip_bomb", gzip.compress(bytes(100 << 20), 9, mtime=0)
    yield "zlib_bomb", bomb(100 << 20)
    yield "zip_bomb", packed({f"{n}.jpg": bytes(1 << 20) for n in range(50)})
    yield "zip_member_escapes", packed({"../../../../tmp/owned": b"x", "/etc/owned": b"x"})
    yield "zip_behind_a_jpeg", jpeg() + packed({"a.txt": b"x"})
    yield "jpeg_behind_a_png", png() + jpeg()
    yield "png_behind_a_gif", b"GIF89a\1\0\1\0\0\0\0;" + png()
    yield "pdf_in_a_jpeg", jpeg() + b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj"
    yield "html_in_a_gif", b"GIF89a/*" + b"<script>alert(1)</script>*/=1;"
    yield (
        "svg_entity_bomb",
        b"<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
    )
    yield (
        "svg_reads_a_file",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    )
    yield (
        "djvu_annotation_runs",
        b'AT&TFORM\0\0\0\x40DJVUANTa\0\0\0\x30(metadata (Author "\\\n".`touch owned`."b"))   ',
    )
    yield "eps_runs", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(touch owned) run\n"
    yield (
        "xmp_sidecar_entity",
        rdf(b"<dc:title>&e;</dc:title>", before=b"<!DOCTYPE x [<!ENTITY e SYSTEM '/etc/passwd'>]>"),
    )
    yield "plist_deep", b"<?xml version='1.0'?><plist>" + b"<array>" * 20_000
    yield "json_deep", b"[" * 200_000
    yield "mkv_unknown_sizes", b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" * 2000
    yield "exe_with_a_lie", b"MZ" + bytes(58) + b"\xff\xff\xff\x7f" + b"PE\0\0"
    yield "font_of_tables", b"\0\1\0\0\xff\xff" + b"\xff" * 5000
    yield "icc_alone", b"\xff\xff\xff\xff" + bytes(32) + b"acsp" + b"\xff" * 200
    yield "one_line_of_10_mb", b"A" * (10 << 20)
    yield "ten_mb_of_nul", bytes(10 << 20)
    yield "ten_mb_of_ones", b"\xff" * (10 << 20)


def packed(members: dict[str, bytes]) -> bytes:
    """Write a ZIP."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()
