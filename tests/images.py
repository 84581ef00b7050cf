"""Small pictures drawn in code: the same number always gives the same bytes."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image

BASE = 0x8769  # the Exif sub-directory
CAPTURE = {"taken": 0x9003, "offset": 0x9011, "parts": 0x9291}  # DateTimeOriginal, of it, in it
TAGS = {"description": 0x010E, "make": 0x010F, "software": 0x0131, "creator": 0x013B}
NOTHING: Mapping[str, str] = {}


def draw(
    number: int = 0,
    told: Mapping[str, str] = NOTHING,
    *,
    kind: str = "JPEG",
    size: tuple[int, int] = (48, 32),
) -> bytes:
    """Draw one picture; `told` enters Exif: TAGS and CAPTURE name what it may say."""
    picture = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, number * 13 % 256))
    for step in range(min(size)):
        picture.putpixel((step, (step * (number + 3)) % size[1]), (255 - step, step * 5 % 256, 9))
    written = BytesIO()
    picture.save(written, kind, exif=exif_of(told).tobytes())
    return written.getvalue()


def exif_of(told: Mapping[str, str]) -> Image.Exif:
    """Write what a file says of itself."""
    exif = Image.Exif()
    for name, value in told.items():
        if name in CAPTURE:
            exif.get_ifd(BASE)[CAPTURE[name]] = value
        else:
            exif[TAGS[name]] = value
    return exif


def with_iptc(picture: bytes, *texts: tuple[int, bytes]) -> bytes:
    """Give a JPEG an IPTC block: record 2's datasets by number, bytes as they are, undeclared."""
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + len(raw).to_bytes(2, "big") + raw for number, raw in texts
    )
    resource = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
    body = b"Photoshop 3.0\0" + resource + b"\0" * (len(records) % 2)
    return picture[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + picture[2:]
