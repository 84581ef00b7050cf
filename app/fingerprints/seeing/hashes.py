"""Perceptual hashes of one small grey picture and of its eight turned and mirrored forms."""

from dataclasses import dataclass
from typing import Any, cast

import cv2
import imagehash
import numpy as np
import pdqhash  # type: ignore[import-untyped]
from PIL import Image

Grey = np.ndarray[Any, np.dtype[np.uint8]]
SIDE = 256  # the longer side that every picture is brought to first, so that scales hash alike
SMALLEST = 8  # pixels of the shorter side
PHASH_SIDE = 32
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
    small = brought_to(grey, SIDE)
    picture = Image.fromarray(small)
    square = np.asarray(picture.resize((PHASH_SIDE, PHASH_SIDE), Image.Resampling.LANCZOS))
    turned = b"".join(packed(imagehash.phash(Image.fromarray(one)).hash) for one in forms(square))
    cells = cv2.resize(small, (PDQ_SIDE, PDQ_SIDE), interpolation=cv2.INTER_AREA)
    three = np.repeat(cells[:, :, None], 3, axis=2)
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


def forms(picture: Grey) -> list[Grey]:
    """Return the eight forms: turned counter-clockwise by 0 to 270 degrees, then mirrored too."""
    sides = (picture, np.fliplr(picture))
    return [np.ascontiguousarray(np.rot90(side, turn)) for side in sides for turn in range(4)]


def brought_to(grey: Grey, longest: int) -> Grey:
    """Return it with that longer side, areas averaged; what is smaller stays as it is."""
    height, width = grey.shape
    scale = min(1.0, longest / max(width, height))
    size = max(SMALLEST, round(width * scale)), max(SMALLEST, round(height * scale))
    if size == (width, height):
        return grey
    return cast(Grey, cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def packed(bits: np.ndarray[Any, Any]) -> bytes:
    """Pack bits row by row, the first one highest."""
    return np.packbits(bits.flatten().astype(bool)).tobytes()
