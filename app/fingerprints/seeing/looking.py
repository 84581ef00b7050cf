"""Look at one file: its facts, one scaled decode, and all that is known from that."""

from importlib.metadata import version
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image

from app.fingerprints.seeing.facts import Facts
from app.fingerprints.seeing.hashes import SIDE, Grey, brought_to, cells_of, hashes_of
from app.fingerprints.seeing.information import BLANK, information_of
from app.fingerprints.seeing.picture import LIBRAW, Picture, Undecodable, grey
from app.fingerprints.seeing.pixels import ON_DEMAND, pixels_of, unread
from app.fingerprints.seeing.seen import (
    DECODED,
    TOO_LARGE,
    UNDECODABLE,
    Looked,
    Pixels,
    Seen,
    values_of,
)
from app.fingerprints.seeing.words import words_of
from app.fingerprints.shown import TooLarge

LONGEST = 640  # what words of local features are found in; hashes take less
HASHING = {name: version(name) for name in ("imagehash", "pdqhash", "numpy", "scipy")}


def look(file: BinaryIO) -> Looked:
    """Look at a file's picture.

    Raises:
        MemoryError: it needs more than this process may have.
    """
    pixels: list[Pixels] = []

    def whole_too(image: Image.Image, facts: Facts) -> None:
        if facts.format != ON_DEMAND:
            pixels.append(pixels_of(image, facts, file))

    try:
        found = grey(file, LONGEST, whole_too)
    except TooLarge:
        return Looked(Seen(TOO_LARGE, "over_budget"), None)
    except Undecodable as error:
        return Looked(Seen(UNDECODABLE, "not_decodable", measures={"error": str(error)}), None)
    if found.decoder == LIBRAW:
        pixels.append(unread(LIBRAW, 1))
    made = pixels[0] if pixels else None
    return Looked(seen_of(found, made), made)


def seen_of(found: Picture, pixels: Pixels | None) -> Seen:
    """Put together what is known of a picture that was decoded."""
    small = brought_to(found.pixels, SIDE)
    cells = cells_of(small)
    low, measured = information_of(small, cells)
    facts = values_of(found.facts)
    kind = facts.pop("format")
    down, across = found.pixels.shape
    return Seen(
        DECODED,
        pixels_sha256=pixels.sha256 if pixels else None,
        low_information=low,
        words=[] if low == BLANK else words_in(found.pixels),
        measures={"format": kind, "decoded": [across, down], "information": measured},
        tools={"decoder": found.decoder, "decoder_version": found.version} | HASHING,
        **facts,
        **values_of(hashes_of(small, cells)),
    )


def words_in(pixels: Grey) -> list[int]:
    """Return the words of local features, found in a picture of one size."""
    return words_of(brought_to(pixels, LONGEST))


def warm() -> None:
    """Load what libraries load at their first use, before the process confines itself."""
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    cells = cells_of(noise)
    hashes_of(noise, cells)
    words_of(noise)
    information_of(noise, cells)
    kept: Any = cv2.imencode(".jpg", noise)[1]
    cv2.imdecode(kept, cv2.IMREAD_REDUCED_GRAYSCALE_2)
