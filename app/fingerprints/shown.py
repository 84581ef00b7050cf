"""A picture as a person is shown it: opened by what its bytes are, within the budget, upright."""

import warnings
from typing import BinaryIO

import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from app.fingerprints import jxl

PIXELS = 120_000_000  # of the picture as its header has it; Pillow takes four bytes for each
# Met in collections, beside JPEG XL. Never PostScript and its like, whose readers run programs.
FORMATS = ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP", "HEIF", "AVIF", "JPEG2000", "PSD"]
WIDE = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
SCANNERS = 4095  # the highest value of twelve bits
WITH_ALPHA = ("RGBA", "LA", "RGBa", "La", "PA")


class TooLarge(Exception):
    """A picture has more pixels, or more pages, than are decoded here."""


def prepare() -> None:
    """Let Pillow know all formats and refuse what is over the budget wherever it meets a size."""
    Image.init()
    pi_heif.register_heif_opener()
    pi_heif.options.DECODE_THREADS = 1
    Image.MAX_IMAGE_PIXELS = PIXELS // 2  # Pillow refuses twice that
    warnings.simplefilter("ignore")


def opened(file: BinaryIO) -> Image.Image:
    """Open a picture by what its bytes are; nothing of it is decoded but JPEG XL.

    Raises:
        TooLarge: it has more pixels than the budget.
        Exception: of the decoders' own kinds.
    """
    file.seek(0)
    is_jxl = jxl.is_jxl(file.read(len(jxl.CONTAINER)))
    file.seek(0)
    try:
        if is_jxl:
            width, height = jxl.size_of(file)
            check(width * height)
            return jxl.picture_of(file)
        image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise TooLarge from None
    check(image.width * image.height)
    return image


def check(pixels: int) -> None:
    """Refuse what is over the budget.

    Raises:
        TooLarge: it is.
    """
    if pixels > PIXELS:
        raise TooLarge


def reduced(image: Image.Image, longest: int) -> Image.Image:
    """Return it small, upright, on white, and as a new picture: nothing else comes along."""
    image.draft("RGB", (longest, longest))
    if image.mode in WIDE:
        image = eight_bits(image)
    elif image.mode in ("P", "PA", "1") or "transparency" in image.info:
        image = image.convert("RGBA")
    exif = ImageOps.exif_transpose
    image.thumbnail((longest, longest), reducing_gap=2.0)
    upright = exif(image)
    plain = Image.new("RGB", upright.size, "white")
    if upright.mode in WITH_ALPHA:
        rgba = upright.convert("RGBA")
        plain.paste(rgba, mask=rgba.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    return plain


def eight_bits(image: Image.Image) -> Image.Image:
    """Bring what has more than eight bits to what can be shown.

    Sixteen whole bits are scaled as they are, so that a copy of eight bits looks the same; what
    uses fewer (scanners of 10 or 12 bits), whole numbers of 32 bits and floats are stretched.
    """
    low, high = (float(end) for end in image.getextrema())  # type: ignore[arg-type]
    if image.mode not in ("I", "F") and high > SCANNERS:
        low, high = 0.0, 65_535.0
    wide = image.convert("F")
    scale = 255.0 / (high - low) if high > low else 1.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")
