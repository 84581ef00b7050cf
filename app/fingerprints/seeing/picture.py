"""A picture decoded for looking at: upright, on white, in RGB, no larger than asked for."""

import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pi_heif  # type: ignore[import-untyped]
from PIL import Image, ImageOps

from app.fingerprints.decoding import PIXELS, eight_bits, fits, opened

Pixels = npt.NDArray[Any]
Image.init()
pi_heif.register_heif_opener()
pi_heif.options.DECODE_THREADS = 1
Image.MAX_IMAGE_PIXELS = PIXELS // 2  # Pillow refuses twice that, wherever it meets a size


class TooLarge(Exception):
    """The header says more pixels than the budget has."""


class Undecodable(Exception):
    """No decoder here makes a picture of it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as HxWx3 in RGB, 0 to 255, with the upright size that the file itself has."""

    pixels: Pixels
    width: int
    height: int


def decoded(file: BinaryIO, longest: int) -> Picture:
    """Decode a picture to at most `longest` pixels on its longer side.

    Raises:
        TooLarge: by its header, before any pixel is decoded.
        Undecodable: no picture, or none that is known here.
        MemoryError: it needs more than this process may have.
    """
    try:
        if not fits(file):
            raise TooLarge
        with warnings.catch_warnings(action="ignore"), opened(file) as image:
            if image.width * image.height > PIXELS:
                raise TooLarge
            return _upright(image, longest)
    except Image.DecompressionBombError as error:
        raise TooLarge from error
    except (MemoryError, TooLarge):
        raise
    except Exception as error:
        raise Undecodable from error


def _upright(image: Image.Image, longest: int) -> Picture:
    width, height = image.size
    if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):
        width, height = height, width
    image.draft("RGB", (longest, longest))
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L"):
        image = eight_bits(image)
    elif image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA")
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((longest, longest), Image.Resampling.BOX, reducing_gap=None)
    if upright.mode in ("RGBA", "LA", "RGBa", "La"):
        rgba = upright.convert("RGBA")
        plain = Image.new("RGB", upright.size, "white")
        plain.paste(rgba, mask=rgba.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    return Picture(np.asarray(plain), width, height)
