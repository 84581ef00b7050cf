"""Digests of a picture without what only tells of it."""

import hashlib
from dataclasses import dataclass
from itertools import islice

from app.fingerprints.anatomy.jpeg import START, parts_of_jpeg
from app.fingerprints.anatomy.parts import Anatomy, Kind, Malformed
from app.fingerprints.anatomy.png import SIGNATURE, parts_of_png
from app.fingerprints.anatomy.webp import RIFF, WEBP, parts_of_webp

MOST_PARTS = 200_000  # of a file that is not made to cost time
HASHED = (Kind.IMAGE, Kind.RENDERING, Kind.TRAILER)


@dataclass(frozen=True, slots=True)
class ImageData:
    """SHA-256 (32 bytes each) of a file's image, of its rendering, and of what hangs behind."""

    image: bytes  # the value of ExifTool's ImageDataHash with ImageHashType SHA256
    rendering: bytes
    trailer: bytes | None  # None: the file ends where its image does


def image_data(content: bytes) -> ImageData | None:
    """Digest a whole file's parts; None: no anatomy of its format is known, or it is broken."""
    anatomy = _anatomy_of(content[:12])
    if anatomy is None:
        return None
    digests = {kind: hashlib.sha256() for kind in HASHED}
    lengths, end = dict.fromkeys(HASHED, 0), 0
    whole = memoryview(content)  # of which no part is copied to be digested
    try:
        for part in islice(anatomy(content), MOST_PARTS):
            end = part.end
            if part.kind in digests:
                digests[part.kind].update(whole[part.start : part.end])
                lengths[part.kind] += part.end - part.start
    except Malformed:
        return None
    if not lengths[Kind.IMAGE] or end < len(content):
        return None
    image, rendering, trailer = (digests[kind].digest() for kind in HASHED)
    return ImageData(image, rendering, trailer if lengths[Kind.TRAILER] else None)


def _anatomy_of(head: bytes) -> Anatomy | None:
    if head.startswith(START):
        return parts_of_jpeg
    if head.startswith(SIGNATURE):
        return parts_of_png
    if head.startswith(RIFF) and head[8:12] == WEBP:
        return parts_of_webp
    return None
