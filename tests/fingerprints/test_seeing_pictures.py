"""Every format becomes a small upright picture on white, within the budget of its header."""

from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
import pytest
from imagecodecs import jpegxl_encode
from photographs import a_dng, a_png, a_tiff, deep_png, deep_tiff, photograph, saved
from PIL import Image, ImageOps

from app.fingerprints.seeing import raw
from app.fingerprints.seeing.looking import look
from app.fingerprints.seeing.picture import Picture, Undecodable, decoded, grey, scale_of
from app.fingerprints.shown import TooLarge

CANVAS = b"\xff\xff\xff\xff"  # 65,535 times 65,535
TINY_GIF = b"GIF89a" + CANVAS + b"\x00\x00\x00," + bytes(4) + CANVAS + b"\x00\x02\x02L\x01\x00;"
PHOTO = photograph()
SAMPLES = np.asarray(PHOTO).astype(np.uint16) * 257
GREY = np.asarray(PHOTO.convert("L"))


def heif() -> bytes:
    pillow_heif.register_heif_opener()
    return saved(PHOTO, "HEIF", quality=95)


def a_psd() -> bytes:
    """Write Photoshop's own format: header, three empty sections, raw planes."""
    head = b"8BPS" + (1).to_bytes(2, "big") + bytes(6) + (3).to_bytes(2, "big")
    head += (200).to_bytes(4, "big") + (300).to_bytes(4, "big") + bytes([0, 8, 0, 3])
    return head + bytes(12) + bytes(2) + np.asarray(PHOTO).transpose(2, 0, 1).tobytes()


KINDS = {
    "JPEG": saved(PHOTO, "JPEG", quality=95),
    "JPEG in grey": saved(PHOTO.convert("L"), "JPEG", quality=95),
    "JPEG of four inks": saved(PHOTO.convert("CMYK"), "JPEG", quality=95),
    "progressive JPEG": saved(PHOTO, "JPEG", quality=95, progressive=True),
    "PNG": saved(PHOTO, "PNG"),
    "PNG with alpha": saved(PHOTO.convert("RGBA"), "PNG"),
    "PNG with a palette": saved(PHOTO.quantize(256), "PNG"),
    "PNG in grey of 16 bits": saved(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
    "PNG of 16 bits": deep_png(SAMPLES),
    "TIFF": saved(PHOTO, "TIFF"),
    "TIFF of four inks": saved(PHOTO.convert("CMYK"), "TIFF"),
    "TIFF of 16 bits": a_tiff(deep_tiff(SAMPLES)),
    "TIFF of floats": saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
    "GIF": saved(PHOTO.quantize(256), "GIF"),
    "WebP": saved(PHOTO, "WEBP", quality=95),
    "BMP": saved(PHOTO, "BMP"),
    "JPEG 2000": saved(PHOTO, "JPEG2000"),
    "AVIF": saved(PHOTO, "AVIF", quality=95),
    "JPEG XL": bytes(jpegxl_encode(np.asarray(PHOTO), effort=1)),
    "HEIC": heif(),
    "PSD": a_psd(),
    "DNG": a_dng(GREY),
}
IN_GREY = {"JPEG in grey", "PNG in grey of 16 bits", "TIFF of floats", "DNG"}


def bits(one: bytes | None, other: bytes | None) -> int:
    """Count the bits in which two hashes differ."""
    assert one is not None
    assert other is not None
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_looks_like_the_picture_that_was_saved(kind: str) -> None:
    file = BytesIO(KINDS[kind])
    seen = look(file).seen
    assert (seen.outcome, seen.width, seen.height, seen.frames) == ("decoded", 300, 200, 1), seen
    upright = look(BytesIO(KINDS["PNG"])).seen
    assert bits(seen.phash, upright.phash) <= 10
    assert bits(seen.pdq, upright.pdq) <= 31
    found = decoded(file, 100)
    assert (found.pixels.shape, found.pixels.dtype) == ((67, 100, 3), np.uint8)
    assert (found.width, found.height) == (300, 200)
    expected = PHOTO.convert("L").convert("RGB") if kind in IN_GREY else PHOTO
    wanted = np.asarray(expected.resize((100, 67), Image.Resampling.BOX)).astype(int)
    if kind != "DNG":  # a camera's tones are its own
        assert abs(found.pixels - wanted).mean() < 12, kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WebP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_set_upright_as_its_file_asks(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(PHOTO, {"WebP": "WEBP"}.get(kind, kind), exif=exif, quality=95)
    shown = PHOTO.copy()
    shown.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(shown)).astype(int)
    found = decoded(BytesIO(content), 300)
    assert found.pixels.shape == upright.shape
    assert abs(found.pixels - upright).mean() < 8
    assert (found.height, found.width) == upright.shape[:2]
    assert found.facts.orientation == orientation
    in_grey = grey(BytesIO(content), 300).pixels
    luma = upright @ np.array([0.299, 0.587, 0.114])
    assert abs(in_grey - luma).mean() < 8


def test_what_is_transparent_is_shown_on_white() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    keyed = Image.new("P", (40, 30))
    keyed.putpalette([0, 0, 0] * 256)
    for content in (saved(clear, "PNG"), saved(keyed, "GIF", transparency=0)):
        assert decoded(BytesIO(content), 40).pixels.min() == 255


def test_sixteen_bits_are_scaled_as_they_are_and_fewer_are_stretched() -> None:
    def middle(samples: np.ndarray[Any, Any]) -> int:
        shown = decoded(BytesIO(saved(Image.fromarray(samples), "PNG")), 300)
        return int(shown.pixels.max())

    assert middle((GREY // 2).astype(np.uint16) * 257) == GREY.max() // 2
    assert middle(GREY.astype(np.uint16)) == 255  # ten or twelve bits would be black


@pytest.mark.parametrize(
    ("size", "longest", "scale"),
    [
        ((6000, 4000), 640, 8),
        ((4000, 3000), 640, 8),
        ((1500, 1000), 640, 2),
        ((700, 500), 640, 1),
        ((8000, 400), 640, 4),
        ((8000, 100), 640, 1),
    ],
)
def test_a_jpeg_is_decoded_no_larger_than_needed_and_never_to_a_thread(
    size: tuple[int, int], longest: int, scale: int
) -> None:
    assert scale_of(size, longest) == scale


def test_a_large_jpeg_is_decoded_at_its_own_scale() -> None:
    content = saved(photograph(size=(2000, 1400)), "JPEG")
    small = look(BytesIO(content)).seen
    assert small.measures["decoded"] == [500, 350]
    assert (small.width, small.height) == (2000, 1400)
    assert decoded(BytesIO(content), 400).pixels.shape == (280, 400, 3)


MOSAIC_OF_900 = a_tiff(
    (
        [entry for entry in deep_tiff(SAMPLES)[0] if entry[0] not in (256, 257)]
        + [
            (256, 4, 1, (60_000).to_bytes(4, "little")),
            (257, 4, 1, (60_000).to_bytes(4, "little")),
        ],
        b"\0" * 64,
    )
)


@pytest.mark.parametrize(
    "content",
    [
        TINY_GIF,
        a_png(30_000, 30_000, bytes(90_001) * 100),
        a_png(2**31 - 1, 2**31 - 1, b"\0"),
        MOSAIC_OF_900,
        b"\xff\x0a" + (0b11 << 1 | (2**30 - 1) << 3 | 1 << 33).to_bytes(12, "little"),
    ],
    ids=["a gif of 35 bytes", "900 megapixels", "all that a header can say", "a tiff", "a jxl"],
)
def test_what_is_larger_than_the_budget_is_never_decoded(content: bytes) -> None:
    found = look(BytesIO(content))
    assert (found.seen.outcome, found.seen.reason, found.pixels) == (
        "too_large",
        "over_budget",
        None,
    )
    with pytest.raises(TooLarge):
        decoded(BytesIO(content), 640)


def test_a_tiff_of_absurdly_many_pages_is_not_counted_to_its_end() -> None:
    page = a_tiff(([(256, 4, 1, b"\1\0\0\0"), (257, 4, 1, b"\1\0\0\0")], b"\0"))
    folder = page[10:]  # each folder the same; every one leads to the next
    many = bytearray(page[:4] + (8).to_bytes(4, "little"))
    for _ in range(5_050):
        many += folder[:-4] + (len(many) + len(folder)).to_bytes(4, "little")
    many += folder
    assert look(BytesIO(bytes(many))).seen.outcome == "too_large"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        KINDS["JPEG"][:2000],
        b"\xff\xd8\xff\xe0",
        KINDS["PNG"][:300],
        b"%!PS-Adobe-3.0\nshowpage",
        b"<svg/>",
        b"II*\0\xff\xff\xff\x7f",
        KINDS["DNG"][:200],
        b"FUJIFILMCCD-RAW " + bytes(200),
        b"\xff\x0a",
    ],
    ids=["nothing", "text", "cut JPEG", "no JPEG", "cut PNG", "PostScript", "SVG", "empty TIFF",
         "cut DNG", "empty RAF", "empty JXL"],
)  # fmt: skip
def test_what_cannot_be_decoded_is_said_to_be_so(content: bytes) -> None:
    found = look(BytesIO(content))
    assert (found.seen.outcome, found.seen.reason) == ("undecodable", "not_decodable"), found.seen
    assert found.seen.phash is None
    with pytest.raises(Undecodable):
        decoded(BytesIO(content), 640)


def test_a_jpeg_that_its_decoder_gives_up_is_undecodable() -> None:
    broken = bytearray(KINDS["JPEG"])
    table = broken.index(b"\xff\xdb")
    broken[table + 1] = 0xFE  # a comment instead of the table that scales what is decoded
    assert look(BytesIO(bytes(broken))).seen.outcome == "undecodable"


def test_a_raw_picture_is_told_from_a_tiff_by_what_lies_in_its_folders() -> None:
    assert raw.is_raw(BytesIO(KINDS["DNG"]))
    for kind in ("TIFF", "TIFF of 16 bits", "JPEG", "PNG"):
        assert not raw.is_raw(BytesIO(KINDS[kind]))
    below = a_tiff(([(330, 4, 1, (8).to_bytes(4, "little"))], b"\0\0"))
    assert not raw.is_raw(BytesIO(below))
    loop = b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0"
    assert not raw.is_raw(BytesIO(loop))
    for start in (b"IIU\0", b"II*\0\x10\0\0\0CR", b"\0\0\0\x18ftypcrx "):
        assert raw.is_raw(BytesIO(start + bytes(20)))
    seen = look(BytesIO(KINDS["DNG"]))
    assert seen.seen.auxiliary is None
    assert (seen.pixels and seen.pixels.reason) == "rendering_not_read"


def test_a_picture_knows_its_whole_size() -> None:
    found = decoded(BytesIO(KINDS["PNG"]), 1000)
    assert isinstance(found, Picture)
    assert found.pixels.shape == (200, 300, 3)
