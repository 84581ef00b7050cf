"""Perceptual hashes of one small grey picture and of its eight turned and mirrored forms."""

from dataclasses import dataclass
from typing import Any, cast

import cv2
import imagehash
import numpy as np
import pdqhash  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image
from scipy.fftpack import dctn  # type: ignore[import-untyped]

Grey = np.ndarray[Any, np.dtype[np.uint8]]
SIDE = 256  # the longer side that every picture is brought to first, so that scales hash alike
SMALLEST = 8  # pixels of the shorter side
PHASH_SIDE = 32
LOW = 8
MIDDLE = [LOW * LOW // 2 - 1, LOW * LOW // 2]  # whose mean is the median
# What PDQ filters down to. Brought to it beforehand, areas averaged, its own filter has nothing to
# do, and a turned form hashes to the bit as a turned picture does: that filter is not symmetric.
PDQ_SIDE, PDQ_LOW = 64, 16
PDQ_MIDDLE = PDQ_LOW * PDQ_LOW // 2 - 1  # of two middle values PDQ takes the lower


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes as bytes, the first bit highest; of turned forms one after the other."""

    phash: bytes
    dhash: bytes
    pdq: bytes
    pdq_quality: int
    turned_phash: bytes
    turned_pdq: bytes


def hashes_of(grey: Grey, cells: Grey) -> Hashes:
    """Hash a grey picture (HxW), upright, of any size: as imagehash and pdqhash do.

    Args:
        grey: the picture.
        cells: its 64 times 64 areas, as `cells_of` averages them.
    """
    picture = Image.fromarray(grey)
    square = picture.resize((PHASH_SIDE, PHASH_SIDE), Image.Resampling.LANCZOS)
    phash = turned_phashes(np.asarray(square))
    pdq, quality = turned_pdqs(cells)
    return Hashes(
        phash=phash[: LOW * LOW // 8],
        dhash=np.packbits(imagehash.dhash(picture).hash).tobytes(),
        pdq=pdq[: PDQ_LOW * PDQ_LOW // 8],
        pdq_quality=max(0, min(100, quality)),
        turned_phash=phash,
        turned_pdq=pdq,
    )


def turns(side: int, first: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Say how a transform of that side becomes those of the eight forms: from where, which sign.

    Turning a picture transposes its transform, mirroring it changes the sign of every odd row or
    column, counted from the first frequency: eight transforms would give the same.
    """
    signs = (-1) ** np.arange(first, first + side)
    form = np.arange(1, side * side + 1).reshape(side, side)
    found: list[NDArray[np.int_]] = []
    for mirrored in (form, form * signs):
        form = mirrored
        for _ in range(4):
            found.append(form.ravel())
            form = form.T * signs[:, None]  # counter-clockwise once more
    whole = np.stack(found)
    return abs(whole) - 1, np.sign(whole).astype(np.float32)


PHASH_PLACES, PHASH_SIGNS = turns(LOW, 0)
PDQ_PLACES, PDQ_SIGNS = turns(PDQ_LOW, 1)


def turned_phashes(square: Grey) -> bytes:
    """Return imagehash's pHash of the eight forms of a square picture, from one transform."""
    low = dctn(square)[:LOW, :LOW]
    turned = low.ravel()[PHASH_PLACES] * PHASH_SIGNS
    below, above = np.partition(turned, MIDDLE, axis=1)[:, MIDDLE].T
    return np.packbits(turned > ((below + above) / 2)[:, None], axis=1).tobytes()


def turned_pdqs(cells: Grey) -> tuple[bytes, int]:
    """Return PDQ of the eight forms of a picture of 64 x 64, from one transform, and its quality.

    The library's own eight hashes are the same, each made of a list of its bits.
    """
    backwards, quality = pdqhash.compute_float(cv2.cvtColor(cells, cv2.COLOR_GRAY2RGB))
    turned = backwards[::-1][PDQ_PLACES] * PDQ_SIGNS
    middle = np.partition(turned, PDQ_MIDDLE, axis=1)[:, PDQ_MIDDLE]
    bits = turned > middle[:, None]
    return np.packbits(bits[:, ::-1], axis=1).tobytes(), int(quality)


def cells_of(grey: Grey) -> Grey:
    """Return a picture as PDQ filters it down: 64 times 64 areas, each averaged."""
    size = (PDQ_SIDE, PDQ_SIDE)
    return cast(Grey, cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def forms(picture: Grey) -> list[Grey]:
    """Return the eight forms: turned counter-clockwise by 0 to 270 degrees, then mirrored too."""
    sides = (picture, np.fliplr(picture))
    return [np.ascontiguousarray(np.rot90(side, turn)) for side in sides for turn in range(4)]


def brought_to(grey: Grey, longest: int) -> Grey:
    """Return it with at most that longer side, areas averaged; what is smaller stays as it is."""
    height, width = grey.shape
    halves = max(width, height) // (2 * longest)
    if halves and not (width | height) & 1:  # by whole halves first, which costs least
        half = cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return brought_to(cast(Grey, half), longest)
    scale = min(1.0, longest / max(width, height))
    size = max(SMALLEST, round(width * scale)), max(SMALLEST, round(height * scale))
    if size == (width, height):
        return grey
    return cast(Grey, cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
