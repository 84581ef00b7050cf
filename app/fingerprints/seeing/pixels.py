"""Every sample of every frame at full depth as one digest: equal pictures, whatever holds them.

Digested are, of each frame, kind of samples, depth, size and the samples row by row, the higher
byte first; a stored orientation is not applied but where the decoder knows no other way (TIFF,
HEIF). An equal digest says that the samples are equal, and nothing of how they are to be shown.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pi_heif  # type: ignore[import-untyped]
from imagecodecs import __version__ as imagecodecs_version
from imagecodecs import jpeg2k_decode, png_decode, tiff_decode
from PIL import Image

from app.fingerprints.seeing import raw
from app.fingerprints.seeing.endings import trailing_bytes
from app.fingerprints.seeing.facts import Facts, depth_of, facts_of
from app.fingerprints.seeing.picture import LIBRAW, PILLOW, VERSIONS, within
from app.fingerprints.seeing.seen import Pixels
from app.fingerprints.shown import PIXELS, WIDE, opened

ROWS = 256  # at once, so that no second copy of a picture is made
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
EXTRA_SAMPLES, PREMULTIPLIED = 338, (1,)
CHANNELS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Of these the rendering is not read well enough for equal samples to mean an equal picture.
UNREAD = ("JXL",)
ON_DEMAND = "JPEG"  # a scaled decode is enough to know one by; only pairs ask for more
IMAGECODECS, HEIF = "imagecodecs", "pi-heif"
TOOLS = VERSIONS | {IMAGECODECS: imagecodecs_version, HEIF: pi_heif.__version__}


class Unfit(Exception):
    """Why no digest is made: over_budget, too_deep, out_of_memory."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame's samples: kind and bits of each, and rows of bytes."""

    kind: str
    depth: int | None
    size: tuple[int, int]
    rows: Iterator[bytes]


def digest(file: BinaryIO) -> Pixels:
    """Open a file and digest all frames of its picture, or say why not.

    Raises:
        TooLarge, Undecodable, MemoryError: as `picture.decoded`.
    """
    if raw.is_raw(file):
        return unread(LIBRAW, 1)
    return within(lambda: digest_opened(file))


def digest_opened(file: BinaryIO) -> Pixels:
    """Digest what Pillow opens."""
    with opened(file) as image:
        return pixels_of(image, facts_of(image, file), file)


def pixels_of(image: Image.Image, facts: Facts, file: BinaryIO) -> Pixels:
    """Digest all frames of an opened picture, or say why not; the first is the current one then."""
    if facts.format in UNREAD:
        return unread(IMAGECODECS, facts.frames)
    tool = tool_for(facts)
    told = {"tool": tool, "tool_version": TOOLS[tool], "frames": facts.frames}
    behind = trailing_bytes(facts.format, file)
    digest = hashlib.sha256()
    try:
        for frame in frames_of(image, facts, file):
            head = [frame.kind, frame.depth, *frame.size, *timing(image, facts)]
            digest.update(json.dumps(head).encode() + b"\n")
            for row in frame.rows:
                digest.update(row)
    except Unfit as unfit:
        return Pixels(None, str(unfit), trailing_bytes=behind, **told)
    except MemoryError:
        return Pixels(None, "out_of_memory", trailing_bytes=behind, **told)
    if facts.frames > 1:
        image.seek(0)
    return Pixels(digest.digest(), None, trailing_bytes=behind, **told)


def unread(tool: str, frames: int) -> Pixels:
    """Say that nothing is digested of a format whose rendering is not read."""
    return Pixels(None, "rendering_not_read", frames, None, tool, TOOLS[tool])


def tool_for(facts: Facts) -> str:
    """Choose who keeps the depth that is stored."""
    if (facts.bit_depth or 8) <= 8 or facts.colour in WIDE:
        return PILLOW
    return HEIF if facts.format == "HEIF" else IMAGECODECS


def frames_of(image: Image.Image, facts: Facts, file: BinaryIO) -> Iterator[Frame]:
    """Yield frames one after the other, the pages of a TIFF within the budget of all.

    Raises:
        Unfit: there are more pixels in all than the budget, or more depth than a decoder keeps.
    """
    left = PIXELS
    file.seek(0)
    head = file.read(64)
    for place in range(facts.frames):
        if facts.frames > 1:
            image.seek(place)
        left -= image.width * image.height
        if left < 0:
            raise Unfit("over_budget")
        depth = depth_of(image, head) if facts.format in ("TIFF", "PNG") else facts.bit_depth
        if (depth or 8) > 8 and image.mode not in WIDE:
            yield deep(image, facts, file, place)
        else:
            yield plain(image, depth)


def plain(image: Image.Image, depth: int | None) -> Frame:
    """Return a frame as Pillow decodes it, palettes replaced by what they stand for."""
    mode = image.mode
    if mode in ("P", "PA") or "transparency" in image.info:
        clear = mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if clear else "RGB")
    elif mode == "1":
        image = image.convert("L")
    image.load()
    kind = "L" if image.mode.startswith("I;16") else image.mode
    if image.mode in WIDE and photometric(image) == WHITE_IS_ZERO:
        kind += ";inverted"  # Pillow inverts what has eight bits, and leaves these as they are
    return Frame(kind, depth, image.size, rows_of(image))


def rows_of(image: Image.Image) -> Iterator[bytes]:
    """Yield some rows of samples at a time."""
    for top in range(0, image.height, ROWS):
        part = image.crop((0, top, image.width, min(image.height, top + ROWS)))
        if image.mode.startswith("I;16"):
            yield np.asarray(part).astype(">u2").tobytes()
        elif image.mode == "I":
            yield np.asarray(part).astype(">i4").tobytes()
        elif image.mode == "F":
            yield np.asarray(part).astype(">f4").tobytes()
        else:
            yield part.tobytes()


def deep(image: Image.Image, facts: Facts, file: BinaryIO, place: int) -> Frame:
    """Return a frame of more than eight bits a channel, of which Pillow drops the lower ones.

    Raises:
        Unfit: no decoder here keeps them.
    """
    samples = deep_samples(image, facts, file, place)
    if samples is None or samples.dtype != np.uint16 or samples.shape[:2] != image.size[::-1]:
        raise Unfit("too_deep")
    kind = CHANNELS[1 if samples.ndim == 2 else samples.shape[2]]
    if premultiplied(image):
        kind += ";premultiplied"  # what has eight bits Pillow divides by its alpha
    rows = (
        samples[top : top + ROWS].astype(">u2").tobytes()
        for top in range(0, samples.shape[0], ROWS)
    )
    return Frame(kind, 16, image.size, rows)


def deep_samples(
    image: Image.Image, facts: Facts, file: BinaryIO, place: int
) -> np.ndarray[Any, Any] | None:
    """Decode a frame at the depth that is stored; None, where no decoder here does."""
    file.seek(0)
    content = file.read()
    kind = facts.format
    if kind == "PNG" and facts.frames == 1 and "transparency" not in image.info:
        return np.asarray(png_decode(content))
    if kind == "TIFF":
        return np.asarray(tiff_decode(content, index=place))
    if kind == "JPEG2000":
        return np.asarray(jpeg2k_decode(content))
    if kind == "HEIF" and facts.frames == 1:
        return np.asarray(pi_heif.open_heif(file, convert_hdr_to_8bit=False))
    return None


def photometric(image: Image.Image) -> int | None:
    """Return what a TIFF says that its samples mean."""
    tags = getattr(image, "tag_v2", {})
    found = tags.get(PHOTOMETRIC)
    return found if isinstance(found, int) else None


def premultiplied(image: Image.Image) -> bool:
    """Tell a TIFF whose colours are multiplied by their alpha, so that equal samples show less."""
    return bool(getattr(image, "tag_v2", {}).get(EXTRA_SAMPLES) == PREMULTIPLIED)


def timing(image: Image.Image, facts: Facts) -> list[object]:
    """Return how long a frame of several is shown, and how often all are."""
    if facts.frames == 1:
        return []
    return [str(image.info.get(name)) for name in ("duration", "loop", "disposal", "blend")]
