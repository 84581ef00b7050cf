"""PNG, GIF and WebP that lie: chunks, texts that swell, frames without end."""

import struct
import zlib

from hostile.parts import DATA, END, PNG, Attacks, bomb, chunk, cuts, header, png, rdf, riff

ONE_POINT = b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0"
FRAME = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
MB = 1 << 20


def of_png() -> Attacks:
    """Yield PNG with texts and profiles that swell."""
    swollen = bomb(200 * MB)
    yield "png_ztxt_bomb", png(chunk(b"zTXt", b"Description\0\0" + swollen))
    yield "png_itxt_bomb", png(chunk(b"iTXt", b"Description\0\1\0\0\0" + swollen))
    yield "png_xmp_bomb", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + swollen))
    yield "png_icc_bomb", png(chunk(b"iCCP", b"profile\0\0" + swollen))
    raw = b"Raw profile type exif\0\0"
    yield "png_raw_profile_bomb", png(chunk(b"zTXt", raw + bomb(50 * MB, b"0")))
    lied = zlib.compress(b"\nexif\n 4294967295\n" + b"00" * 100)
    yield "png_raw_profile_length", png(chunk(b"zTXt", raw + lied))
    twice = zlib.compress(bomb(20 * MB))
    yield "png_ztxt_twice_deflated", png(chunk(b"zTXt", b"Comment\0\0" + twice))
    yield (
        "png_ztxt_broken_stream",
        png(chunk(b"zTXt", b"Comment\0\0" + swollen[:100] + b"\xff" * 100)),
    )


def of_chunks() -> Attacks:
    """Yield PNG with chunks that are too many, too long, or in each other's place."""
    yield "png_100000_chunks", png(chunk(b"tEXt", b"k\0v") * 100_000)
    yield "png_100000_empty_data", png(chunk(b"IDAT", b"") * 100_000)
    keys = b"".join(chunk(b"tEXt", b"Key%d\0v" % n) for n in range(20_000))
    yield "png_20000_different_keys", png(keys)
    for length in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"png_text_length_{length}", png(chunk(b"tEXt", b"Comment\0x", length=length))
    yield "png_wrong_check", png(chunk(b"tEXt", b"Comment\0x", check=0))
    yield "png_size_0x0", png(head=header(0, 0))
    yield "png_size_2_to_31", png(head=header(2**31 - 1, 2**31 - 1))
    yield "png_size_all_ones", png(head=header(2**32 - 1, 2**32 - 1))
    yield "png_two_headers", png(header(5, 5))
    yield "png_no_header", PNG + DATA + END
    yield (
        "png_data_bomb",
        PNG + header(30_000, 30_000) + chunk(b"IDAT", bomb(100 * MB, b"\0")) + END,
    )
    yield "png_exif_of_itself", png(chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff"))
    yield "png_time_of_month_99", png(chunk(b"tIME", b"\xff\xffcccc\x63"))
    yield "png_endless_animation", png(chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)))
    yield "png_mng_of_chunks", b"\x8aMNG\r\n\x1a\n" + chunk(b"MHDR", bytes(28)) * 1000
    yield "png_text_without_nul", png(chunk(b"tEXt", b"k" * 100_000))
    yield "png_keyword_controls", png(chunk(b"tEXt", bytes(range(1, 80)) + b"\0v"))
    yield "png_c2pa_lie", png(chunk(b"caBX", b"\xff\xff\xff\xffjumb" + bytes(40)))
    whole = png(chunk(b"tEXt", b"Comment\0A tram"), chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0"))
    yield from cuts("png", whole, PNG, b"IHDR", b"tEXt", b"A tram", b"eXIf", b"IDAT", b"IEND")


def of_gif() -> Attacks:
    """Yield GIF with frames, comments and blocks without end."""
    yield "gif_100000_frames", ONE_POINT + FRAME * 100_000 + b";"
    yield "gif_frames_without_an_end", ONE_POINT + FRAME * 1000
    yield "gif_block_without_an_end", ONE_POINT + b"!\xfe" + b"\xff" + b"A" * 254
    comment = b"!\xfe" + (b"\xff" + b"A" * 255) * 2000 + b"\0"
    yield "gif_comment_of_500_kb", ONE_POINT + comment + FRAME + b";"
    yield "gif_10000_comments", ONE_POINT + b"!\xfe\1A\0" * 10_000 + FRAME + b";"
    yield "gif_size_65535", b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + FRAME + b";"
    packet = b"!\xff\x0bXMP DataXMP" + rdf(b"<q:a>") + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    yield "gif_xmp_without_its_trailer", ONE_POINT + packet[:-20]
    yield "gif_xmp", ONE_POINT + packet + FRAME + b";"
    yield "gif_table_beyond", b"GIF89a\1\0\1\0\xff\0\0"
    yield "gif_loop_count_odd", ONE_POINT + b"!\xff\x0bNETSCAPE2.0\1\1\0" + FRAME + b";"
    yield "gif_unknown_blocks", ONE_POINT + b"?" * 100_000
    yield from cuts("gif", ONE_POINT + FRAME + b";", b"GIF89a", FRAME)


def of_webp() -> Attacks:
    """Yield RIFF files that lie about their sizes."""
    lossless = (b"VP8L", b"\x2f\0\0\0\0" + bytes(10))
    for size in (0, 4, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"webp_size_{size}", riff(lossless, size=size)
    yield "webp_exif_length_4_gb", riff(lossless) + b"EXIF\xff\xff\xff\xffII*\0"
    yield "webp_exif_cycle", riff(lossless, (b"EXIF", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"))
    yield (
        "webp_xmp_entity",
        riff(lossless, (b"XMP ", b"<!DOCTYPE x [<!ENTITY e SYSTEM '/etc/passwd'>]><x>&e;</x>")),
    )
    yield "webp_100000_chunks", riff(*[(b"JUNK", b"")] * 100_000)
    yield "webp_nested_lists", riff((b"LIST", b"LIST\xff\xff\xff\xff" * 5000))
    yield "webp_animation_frames", riff(*[(b"ANMF", bytes(16))] * 20_000)
    yield "webp_canvas_all_ones", riff((b"VP8X", b"\xff\0\0\0" + b"\xff" * 6), lossless)
    yield "avi_index_beyond", riff((b"idx1", b"\xff" * 64), form=b"AVI ")
    yield from cuts(
        "webp", riff(lossless, (b"EXIF", b"II*\0\x08\0\0\0\0\0")), b"RIFF", b"VP8L", b"EXIF"
    )
