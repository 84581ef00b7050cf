"""Perceptual hashes of one small grey picture and of its eight turned and mirrored forms."""

from dataclasses import dataclass
from typing import Any, cast

import cv2
import imagehash
import numpy as np
import pdqhash  # type: ignore[import-untyped]
from PIL import Image
from scipy.fftpack import dct  # type: ignore[import-untyped]

Grey = np.ndarray[Any, np.dtype[np.uint8]]
SIDE = 256  # the longer side that every picture is brought to first, so that scales hash alike
SMALLEST = 8  # pixels of the shorter side
PHASH_SIDE, LOW = 32, 8
MIDDLE = [LOW * LOW // 2 - 1, LOW * LOW // 2]  # whose mean is the median
SIGNS = np.array([1, -1] * (LOW // 2))
# What PDQ filters down to. Brought to it beforehand, areas averaged, its own filter has nothing to
# do, and a turned form hashes to the bit as a turned picture does: that filter is not symmetric.
PDQ_SIDE = 64
# pdqhash's order is: as it is, turned by 90, 180 and 270 degrees, both mirrors, both diagonals.
OURS = (0, 1, 2, 3, 5, 6, 4, 7)


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes as bytes, the first bit highest; of turned forms one after the other."""

    phash: bytes
    dhash: bytes
    pdq: bytes
    pdq_quality: int
    turned_phash: bytes
    turned_pdq: bytes


def hashes_of(grey: Grey) -> Hashes:
    """Hash a grey picture (HxW), upright, of any size."""
    picture = Image.fromarray(grey)
    square = picture.resize((PHASH_SIDE, PHASH_SIDE), Image.Resampling.LANCZOS)
    turned = turned_phashes(np.asarray(square))
    three = np.repeat(cells_of(grey)[:, :, None], 3, axis=2)
    vectors, quality = pdqhash.compute_dihedral(three)
    turned_pdq = b"".join(packed(np.asarray(vectors[place])) for place in OURS)
    return Hashes(
        phash=turned[:8],
        dhash=packed(imagehash.dhash(picture).hash),
        pdq=turned_pdq[:32],
        pdq_quality=max(0, min(100, int(quality))),
        turned_phash=turned,
        turned_pdq=turned_pdq,
    )


def turned_phashes(square: Grey) -> bytes:
    """Return imagehash's pHash of the eight forms of a square picture, from one transform.

    Turning a picture transposes its transform, mirroring it changes the sign of every odd row or
    column: eight transforms would give the same.
    """
    low = dct(dct(square, axis=0), axis=1)[:LOW, :LOW]
    found: list[bytes] = []
    for form in (low, low * SIGNS):
        for _ in range(4):
            below, above = np.partition(form, MIDDLE, axis=None)[MIDDLE]
            found.append(packed(form > (below + above) / 2))
            form = form.T * SIGNS[:, None]  # noqa: PLW2901 - counter-clockwise once more
    return b"".join(found)


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


def packed(bits: np.ndarray[Any, Any]) -> bytes:
    """Pack bits row by row, the first one highest."""
    return np.packbits(bits.flatten().astype(bool)).tobytes()
