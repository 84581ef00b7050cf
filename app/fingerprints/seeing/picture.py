"""Small decodes of any format: upright, on white, eight bits; budgets before any pixel."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO, TypeVar, cast

import cv2
import numpy as np
import PIL
import rawpy
from PIL import Image

from app.fingerprints.anatomy.jpeg import START
from app.fingerprints.anatomy.parts import Malformed
from app.fingerprints.seeing import raw
from app.fingerprints.seeing.facts import Facts, facts_of
from app.fingerprints.seeing.jpeg import head_of, whole
from app.fingerprints.shown import TooLarge, opened, prepare, reduced

Array = np.ndarray[Any, np.dtype[np.uint8]]
Made = TypeVar("Made")
Whole = Callable[[Image.Image, Facts], None]
LEAST = 0.75  # of the longer side that is asked for: less is not decoded for speed
NARROWEST = 64  # pixels of the shorter side that a scaled decode leaves
SCALES = (8, 4, 2)
COLOURED = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
    1: cv2.IMREAD_COLOR,
}
GREY = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    1: cv2.IMREAD_GRAYSCALE,
}
OPENCV, PILLOW, LIBRAW = "OpenCV", "Pillow", "LibRaw"
VERSIONS = {OPENCV: cv2.__version__, PILLOW: PIL.__version__}
VERSIONS[LIBRAW] = ".".join(map(str, rawpy.libraw_version))
# What Exif's orientation asks for (2 to 8), as a person turns the picture that is stored.
UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: lambda stored: np.fliplr(np.rot90(stored, -1)),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.fliplr(np.rot90(stored, 1)),
    8: lambda stored: np.rot90(stored, 1),
}
cv2.setNumThreads(1)
prepare()


class Undecodable(Exception):
    """No decoder makes a picture of these bytes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture, upright: RGB (HxWx3) or grey (HxW), eight bits; and what it is of."""

    pixels: Array
    facts: Facts
    decoder: str
    version: str

    @property
    def width(self) -> int:
        """Pixels across of the whole picture, upright."""
        return self.facts.width

    @property
    def height(self) -> int:
        """Pixels down of the whole picture, upright."""
        return self.facts.height


def decoded(file: BinaryIO, longest: int) -> Picture:
    """Decode a picture in RGB, with at most so many pixels on its longer side.

    Raises:
        TooLarge: its header asks for more than the budget.
        Undecodable: no decoder makes a picture of it.
        MemoryError: it needs more than this process may have.
    """
    found = within(lambda: scaled(file, longest, COLOURED))
    height, width = found.pixels.shape[:2]
    scale = longest / max(width, height)
    if scale >= 1:
        return found
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(found.pixels, size, interpolation=cv2.INTER_AREA)
    return replace(found, pixels=cast(Array, small))


def grey(file: BinaryIO, longest: int, whole_too: Whole = lambda *_: None) -> Picture:
    """Decode a picture in grey, with about so many pixels on its longer side, or twice as many.

    Args:
        file: of any format.
        longest: pixels.
        whole_too: given the opened picture and its facts, where all of it is decoded anyway.

    Raises:
        TooLarge, Undecodable, MemoryError: as `decoded`.
    """
    found = within(lambda: scaled(file, longest, GREY, whole_too))
    if found.pixels.ndim == 2:
        return found
    return replace(found, pixels=cast(Array, cv2.cvtColor(found.pixels, cv2.COLOR_RGB2GRAY)))


def within(decode: Callable[[], Made]) -> Made:
    """Bring what decoders raise to three kinds.

    Raises:
        TooLarge, Undecodable, MemoryError: as `decoded`.
    """
    try:
        return decode()
    except (TooLarge, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise TooLarge from None
    except Exception as error:
        raise Undecodable(type(error).__name__) from error


def scaled(
    file: BinaryIO, longest: int, flags: dict[int, int], whole_too: Whole = lambda *_: None
) -> Picture:
    """Decode no more than is asked for, where the format's decoder can."""
    if raw.is_raw(file):
        pixels, facts = raw.decoded(file)
        return Picture(pixels, facts, LIBRAW, VERSIONS[LIBRAW])
    file = in_memory(file)
    with opened(file) as image:
        facts = facts_of(image, file)
        if facts.format == "JPEG" and image.mode in ("L", "RGB") and facts.bit_depth == 8:
            with suppress(Malformed):  # what it makes of such files Pillow is asked to say
                pixels = jpeg(file, facts, flags[scale_of(image.size, longest)])
                return Picture(pixels, facts, OPENCV, VERSIONS[OPENCV])
        whole_too(image, facts)
        pixels = np.asarray(reduced(image, longest))
    return Picture(pixels, facts, PILLOW, VERSIONS[PILLOW])


def in_memory(file: BinaryIO) -> BinaryIO:
    """Return a JPEG as a file in memory, for all of it is read anyway: once then, not twice."""
    file.seek(0)
    if file.read(len(START)) != START:
        return file
    file.seek(0)
    return BytesIO(file.read())


def scale_of(size: tuple[int, int], longest: int) -> int:
    """Choose by which of its own scales a JPEG is decoded: 1, 2, 4 or 8."""
    enough = longest * LEAST
    return next((k for k in SCALES if max(size) >= k * enough and min(size) >= k * NARROWEST), 1)


def jpeg(file: BinaryIO, facts: Facts, flag: int) -> Array:
    """Decode a JPEG at one of its own scales and set it upright.

    Raises:
        Malformed: it ends before its picture does, of which the decoder would invent the rest.
    """
    file.seek(0)
    content = file.read()
    if not whole(content, head_of(content)[0]):
        raise Malformed("The picture does not end.")
    source = np.frombuffer(content, np.uint8)
    found = cv2.imdecode(source, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if found is None:
        raise Malformed("The picture cannot be decoded.")
    if found.ndim == 3:
        found = cv2.cvtColor(found, cv2.COLOR_BGR2RGB)
    turn = UPRIGHT.get(facts.orientation)
    upright = cast(Array, found)
    return np.ascontiguousarray(turn(upright)) if turn else upright
