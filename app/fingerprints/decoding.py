"""The decoding child: confines itself, then makes one small picture after another.

Run by thumbnailer.py as `python -m app.fingerprints.decoding SOCKET MEMORY CPU`. No pixel is
decoded before the header says that it fits the budget.
"""

import json
import socket
import sys
import warnings
from io import BytesIO
from typing import BinaryIO

import pi_heif  # type: ignore[import-untyped]
import PIL
from PIL import Image, ImageOps

from app.fingerprints import jxl
from app.readings.child import greet, serve
from app.readings.sandbox import Limits, confine, forbid_processes

LONGEST_SIDE = 512
PIXELS = 120_000_000  # of the picture as its header has it; Pillow takes four bytes for each
QUALITY = 82
# Met in collections, beside JPEG XL. Never PostScript and its like, whose readers run programs.
FORMATS = ["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP", "HEIF", "AVIF", "JPEG2000"]
MADE, TOO_LARGE, UNDECODABLE = "made", "too_large", "undecodable"


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, memory, cpu = map(int, arguments)
    Image.init()
    pi_heif.register_heif_opener()
    pi_heif.options.DECODE_THREADS = 1
    Image.MAX_IMAGE_PIXELS = PIXELS // 2  # Pillow refuses twice that, wherever it meets a size
    warnings.simplefilter("ignore")
    with socket.socket(fileno=number) as connection:
        network = confine(Limits(memory_bytes=memory, cpu_seconds=cpu), connection.fileno())
        forbid_processes()
        greet(connection, "Pillow", PIL.__version__, network)
        serve(connection, answer)


def answer(descriptor: int) -> bytes:
    """Say in one line of JSON what came of a file, and after it the small picture, if one did."""
    with open(descriptor, "rb", closefd=False) as file:
        outcome, size, content = small_picture(file)
    width, height = size
    said = {"outcome": outcome, "width": width, "height": height}
    return json.dumps(said).encode() + b"\n" + content


def small_picture(file: BinaryIO) -> tuple[str, tuple[int, int], bytes]:
    """Make a small picture without anything that the file says of itself.

    Raises:
        MemoryError: it needs more than this process may have.
    """
    try:
        if not fits(file):
            return TOO_LARGE, (0, 0), b""
        with opened(file) as image:
            if image.width * image.height > PIXELS:
                return TOO_LARGE, (0, 0), b""
            small = reduced(image)
    except Image.DecompressionBombError:
        return TOO_LARGE, (0, 0), b""
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - what decoders raise at rubbish nobody can list
        return UNDECODABLE, (0, 0), b""
    written = BytesIO()
    small.save(written, "JPEG", quality=QUALITY, optimize=True)
    return MADE, small.size, written.getvalue()


def fits(file: BinaryIO) -> bool:
    """Look at the header of what its decoder would decode at once."""
    file.seek(0)
    if not jxl.is_jxl(file.read(len(jxl.CONTAINER))):
        file.seek(0)
        return True
    width, height = jxl.size_of(file)
    file.seek(0)
    return width * height <= PIXELS


def opened(file: BinaryIO) -> Image.Image:
    """Open a picture by what its bytes are."""
    file.seek(0)
    if jxl.is_jxl(file.read(len(jxl.CONTAINER))):
        return jxl.picture_of(file)
    return Image.open(file, formats=FORMATS)


def reduced(image: Image.Image) -> Image.Image:
    """Return it small, upright, on white, and as a new picture: nothing else comes along."""
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L"):
        image = eight_bits(image)
    elif image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA")
    exif = ImageOps.exif_transpose
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    upright = exif(image)
    plain = Image.new("RGB", upright.size, "white")
    if upright.mode in ("RGBA", "LA", "RGBa", "La"):
        rgba = upright.convert("RGBA")
        plain.paste(rgba, mask=rgba.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    return plain


def eight_bits(image: Image.Image) -> Image.Image:
    """Stretch what has more than eight bits to what can be shown."""
    low, high = (float(end) for end in image.getextrema())  # type: ignore[arg-type]
    wide = image.convert("F")
    scale = 255.0 / (high - low) if high > low else 1.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")


if __name__ == "__main__":
    main(sys.argv[1:])
