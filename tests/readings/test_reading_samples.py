"""What headers say of a picture, format by format, by the standard's own words."""

import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from built import picture, psd, tiff
from drawn import draw, opened
from imagecodecs import jpegxl_encode
from PIL import Image, ImageCms

from app.readings.extraction import Extraction
from app.readings.extractor import Extractor

pillow_heif.register_heif_opener()
SIZE = (40, 30)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
Saved = Callable[[], bytes]


@pytest.fixture(scope="module")
def reader() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


def said(reader: Extractor, content: bytes, folder: Path) -> Extraction:
    """Read bytes from a file whose name says nothing."""
    path = folder / "bytes"
    path.write_bytes(content)
    (descriptor,) = opened([path])
    try:
        return reader.read([descriptor])[0]
    finally:
        os.close(descriptor)


def value(found: Extraction, field: str) -> Any:  # noqa: ANN401 - any JSON value
    (one,) = [each.value for each in found.statements if each.field == field]
    return one


def saved(mode: str, form: str, frames: int = 1, **options: Any) -> Saved:  # noqa: ANN401
    def save() -> bytes:
        pictures = [Image.new(mode, SIZE, 60 * place) for place in range(frames)]
        more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
        written = BytesIO()
        pictures[0].save(written, form, **more, **options)
        return written.getvalue()

    return save


TECHNICAL: dict[str, tuple[Saved, dict[str, Any]]] = {
    "a grey JPEG": (
        saved("L", "JPEG"),
        {"channels": 1, "bit_depth": 8, "colour_model": "grey", "compression": "jpeg", "frames": 1},
    ),
    "a CMYK JPEG": (saved("CMYK", "JPEG"), {"channels": 4, "colour_model": "CMYK"}),
    "a PNG of 16 bits": (
        saved("I;16", "PNG"),
        {"channels": 1, "bit_depth": 16, "colour_model": "grey", "compression": "deflate"},
    ),
    "a PNG with alpha": (saved("RGBA", "PNG"), {"channels": 4, "colour_model": "RGB"}),
    "a PNG with a palette": (saved("P", "PNG"), {"channels": 1, "colour_model": "palette"}),
    "an animated PNG": (saved("RGB", "PNG", 3), {"frames": 3, "channels": 3}),
    "a GIF": (saved("P", "GIF"), {"frames": 1, "channels": 1, "compression": "lzw"}),
    "an animated GIF": (saved("RGB", "GIF", 4), {"frames": 4}),
    "a lossy WebP": (
        saved("RGB", "WEBP"),
        {"channels": 3, "bit_depth": 8, "compression": "webp-lossy", "frames": 1},
    ),
    "a lossless WebP with alpha": (
        saved("RGBA", "WEBP", lossless=True),
        {"channels": 4, "compression": "webp-lossless"},
    ),
    "an animated WebP": (saved("RGB", "WEBP", 3, lossless=True), {"frames": 3}),
    "a BMP of 24 bits": (
        saved("RGB", "BMP"),
        {"channels": 3, "bit_depth": 8, "compression": "none", "frames": 1},
    ),
    "a BMP of one bit": (saved("1", "BMP"), {"channels": 1, "bit_depth": 1}),
    "a JPEG 2000": (
        saved("RGB", "JPEG2000"),
        {"channels": 3, "bit_depth": 8, "compression": "jpeg2000", "frames": 1},
    ),
    "an AVIF": (saved("RGB", "AVIF"), {"channels": 3, "bit_depth": 8, "compression": "av1"}),
    "a HEIC": (saved("RGB", "HEIF"), {"channels": 3, "bit_depth": 8, "compression": "hevc"}),
    "a JPEG XL": (
        lambda: bytes(jpegxl_encode(np.asarray(Image.new("RGB", SIZE)))),
        {"compression": "jpeg-xl"},
    ),
    "a TIFF": (
        saved("RGB", "TIFF", compression="tiff_lzw"),
        {"channels": 3, "bit_depth": 8, "colour_model": "RGB", "compression": "lzw", "frames": 1},
    ),
    "a TIFF of three pages": (saved("L", "TIFF", 3), {"frames": 3, "colour_model": "grey"}),
    "a TIFF whose second page is a preview": (
        lambda: tiff(picture(*SIZE), picture(10, 8, kind=1)),
        {"frames": 1},
    ),
    "a TIFF that leaves its defaults out": (
        lambda: tiff([(0x100, SIZE[0]), (0x101, SIZE[1]), (0x106, 1)]),
        {"channels": 1, "bit_depth": 1, "colour_model": "grey"},
    ),
    "a BigTIFF of 16 bits": (
        lambda: tiff(picture(*SIZE, bits=16, samples=4, photometric=5), big=True),
        {"channels": 4, "bit_depth": 16, "colour_model": "CMYK", "compression": "none"},
    ),
    "a PSD in Lab": (
        lambda: psd(*SIZE, channels=4, depth=16, mode=9, large=False),
        {"channels": 4, "bit_depth": 16, "colour_model": "Lab", "frames": 1},
    ),
    "a DNG, whose first directory is a preview": (
        lambda: tiff(
            [*picture(10, 8, kind=1), (0x10F, b"Maker"), (0xC612, 0x0401)],
            beneath=[picture(*SIZE, bits=14, samples=1, photometric=32803, compression=7)],
        ),
        {"channels": 1, "bit_depth": 14, "colour_model": "CFA", "compression": "jpeg"},
    ),
}


@pytest.mark.parametrize("what", TECHNICAL)
def test_headers_tell_the_size_and_the_samples(
    reader: Extractor, tmp_path: Path, what: str
) -> None:
    save, expected = TECHNICAL[what]
    technical = value(said(reader, save(), tmp_path), "technical")
    assert (technical["width"], technical["height"]) == SIZE
    assert technical == technical | expected


FORMATS: dict[str, tuple[Saved, dict[str, str]]] = {
    "JFIF": (saved("RGB", "JPEG"), {"version": "1.01", "puid": "fmt/43"}),
    "PNG 1.0": (saved("RGB", "PNG"), {"version": "1.0", "puid": "fmt/11"}),
    "PNG 1.1": (
        saved("RGB", "PNG", icc_profile=PROFILE),
        {"version": "1.1", "puid": "fmt/12"},
    ),
    "APNG": (saved("RGB", "PNG", 3), {"puid": "fmt/935"}),
    "a PNG cut short": (lambda: saved("RGB", "PNG")()[:-12], {}),
    "GIF 89a": (saved("P", "GIF", 2, duration=50), {"version": "89a", "puid": "fmt/4"}),
    "GIF 87a": (saved("P", "GIF"), {"version": "87a", "puid": "fmt/3"}),
    "WebP lossy": (saved("RGB", "WEBP"), {"version": "lossy", "puid": "fmt/566"}),
    "WebP lossless": (
        saved("L", "WEBP", lossless=True),
        {"version": "lossless", "puid": "fmt/567"},
    ),
    "BMP 3": (saved("RGB", "BMP"), {"version": "3.0", "puid": "fmt/116"}),
    "TIFF": (saved("RGB", "TIFF"), {"puid": "fmt/353"}),
    "BigTIFF, which PRONOM did not know": (
        lambda: tiff(picture(*SIZE), big=True),
        {"version": "BigTIFF"},
    ),
    "JP2": (saved("RGB", "JPEG2000"), {"puid": "x-fmt/392"}),
    "HEIC": (saved("RGB", "HEIF"), {"puid": "fmt/1101"}),
    "AVIF, which PRONOM did not know": (saved("RGB", "AVIF"), {}),
    "PSD": (lambda: psd(8, 8, channels=3, depth=8, mode=3, large=False), {"puid": "x-fmt/92"}),
    "CR2": (
        lambda: tiff(picture(*SIZE)).replace(
            b"II*\0\x08\0\0\0", b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0"
        ),
        {"puid": "fmt/592"},
    ),
    "ORF": (lambda: tiff(picture(*SIZE), magic=b"IIRO"), {"puid": "fmt/668"}),
}


@pytest.mark.parametrize("what", FORMATS)
def test_the_format_is_told_by_content_with_its_puid_where_that_is_sure(
    reader: Extractor, tmp_path: Path, what: str
) -> None:
    save, expected = FORMATS[what]
    known = value(said(reader, save(), tmp_path), "format")
    assert {key: part for key, part in known.items() if key in ("version", "puid")} == expected


def test_exif_first_makes_a_jpeg_exif_of_its_version(reader: Extractor, tmp_path: Path) -> None:
    path = draw(tmp_path / "a.jpg", "-ExifIFD:ExifVersion=0232", "-JFIF:all=")
    assert value(said(reader, path.read_bytes(), tmp_path), "format")["puid"] == "fmt/1507"


def test_a_colour_profile_is_described(reader: Extractor, tmp_path: Path) -> None:
    found = said(reader, saved("RGB", "JPEG", icc_profile=PROFILE)(), tmp_path)
    technical = value(found, "technical")
    assert technical["icc_profile"] == "sRGB built-in"
    assert technical["colour_model"] == "RGB"


def test_absurd_channels_of_a_psd_are_unknown(reader: Extractor, tmp_path: Path) -> None:
    content = psd(8, 8, channels=1282, depth=8, mode=3, large=False)
    assert "channels" not in value(said(reader, content, tmp_path), "technical")
