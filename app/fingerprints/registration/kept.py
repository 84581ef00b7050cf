"""One side of a pair: decoded no oftener and no larger than its measurements need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, log
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.fingerprints.registration.codings import Coded
from app.fingerprints.registration.features import LONGEST, Features, features_of
from app.fingerprints.registration.frames import Floats, square_of
from app.fingerprints.registration.geometry import Size
from app.fingerprints.registration.laying import Sight
from app.fingerprints.seeing.picture import Picture

PALETTES = ("P", "PA")
AT_LEAST = 0.75  # of the size asked for is what scaled decoding may answer with
STEP = 2**0.5  # from one size to the next: what a pair measures hangs on no other pair's wish

Decode = Callable[[int], Picture]  # by the longest side wanted
Read = Callable[[], Coded | None]  # how the file itself is coded
_BYTES_OF_FEATURES = 800 * (128 + 2) * 4


@dataclass(slots=True)
class Kept:
    """A picture with what was found in it, asked of `decode` when first needed.

    Raises:
        TooLarge, Undecodable, MemoryError: of `decode`, from whatever needs pixels.
    """

    decode: Decode
    coding: Read = lambda: None
    indexed: bool = False  # known once decoded: its file has a palette
    _whole: Sight | None = None  # where it is not what the file itself shows
    _coarse: Sight | None = None
    _fine: Sight | None = None
    _fine_at: int = 0
    _features: dict[bool, Features] = field(default_factory=dict)
    _square: Floats | None = None

    def seen_as(self, sight: Sight) -> "Kept":
        """Return the same picture with other pixels, of its full size."""
        return Kept(self.decode, _whole=sight)

    @property
    def full(self) -> Size:
        """The upright size that the file itself has."""
        return self.coarse.full

    @property
    def coarse(self) -> Sight:
        """The picture at LONGEST pixels at most."""
        if self._coarse is None:
            self._coarse = self._decoded(LONGEST)
        return self._coarse

    def fine(self, longest: int) -> Sight:
        """Return the picture at no less than `longest` pixels, where it has them."""
        whole = max(self.full)
        wanted = min(longest, whole)
        if max(self.coarse.size) >= wanted:
            return self.coarse
        size = min(whole, ceil(LONGEST * STEP ** ceil(log(wanted / LONGEST, STEP))))
        if self._fine is None or self._fine_at != size:
            self._fine, self._fine_at = self._decoded(size), size
        return self._fine

    def features(self, *, mirrored: bool = False) -> Features:
        """Return features of the coarse picture, or of its mirror image."""
        if mirrored not in self._features:
            grey = self._grey()
            turned = np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey
            self._features[mirrored] = features_of(turned)
        return self._features[mirrored]

    @property
    def square(self) -> Floats:
        """The structure of the whole frame."""
        if self._square is None:
            self._square = square_of(self._grey())
        return self._square

    @property
    def held_bytes(self) -> int:
        """What it holds in memory, about."""
        sights = [one for one in (self._whole, self._coarse, self._fine) if one is not None]
        return sum(one.pixels.nbytes for one in sights) + len(self._features) * _BYTES_OF_FEATURES

    def forget_detail(self) -> None:
        """Give up the larger picture."""
        self._fine = None

    def _decoded(self, longest: int) -> Sight:
        if self._whole is not None:
            return _less(self._whole, longest)
        picture = self.decode(ceil(longest / AT_LEAST))
        self.indexed = picture.facts.colour in PALETTES
        return _less(Sight(picture.pixels, (picture.width, picture.height)), longest)

    def _grey(self) -> npt.NDArray[Any]:
        return cv2.cvtColor(self.coarse.pixels, cv2.COLOR_RGB2GRAY)


def _less(sight: Sight, longest: int) -> Sight:
    less = longest / max(sight.size)
    if less >= 1:
        return sight
    size = (max(1, round(sight.size[0] * less)), max(1, round(sight.size[1] * less)))
    return Sight(cv2.resize(sight.pixels, size, interpolation=cv2.INTER_AREA), sight.full)
