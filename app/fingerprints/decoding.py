"""The decoding child: confines itself, then makes one small picture after another.

Run by thumbnailer.py as `python -m app.fingerprints.decoding SOCKET MEMORY CPU`. No pixel is
decoded before the header says that it fits the budget.
"""

import json
import socket
import sys
from io import BytesIO
from typing import BinaryIO

import PIL
from PIL import Image

from app.fingerprints.shown import TooLarge, opened, prepare, reduced
from app.readings.child import greet, serve
from app.readings.sandbox import Limits, confine, forbid_processes

LONGEST_SIDE = 512
QUALITY = 82
MADE, TOO_LARGE, UNDECODABLE = "made", "too_large", "undecodable"


def main(arguments: list[str]) -> None:
    """Serve the worker at the other end of the inherited socket until it closes."""
    number, memory, cpu = map(int, arguments)
    prepare()
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
        with opened(file) as image:
            small = reduced(image, LONGEST_SIDE)
    except (TooLarge, Image.DecompressionBombError):
        return TOO_LARGE, (0, 0), b""
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - what decoders raise at rubbish nobody can list
        return UNDECODABLE, (0, 0), b""
    written = BytesIO()
    small.save(written, "JPEG", quality=QUALITY, optimize=True)
    return MADE, small.size, written.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
