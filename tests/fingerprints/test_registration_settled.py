"""What is left out because it could change nothing changes nothing."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scenes import coded, kept, photograph

from app.fingerprints.registration import measuring, residuals
from app.fingerprints.registration.aligning import alignments
from app.fingerprints.registration.laying import laid
from app.fingerprints.registration.measuring import COARSE_PIXELS, measured
from app.fingerprints.registration.tones import samples_of, tone_between

SCENE = photograph(5)
SOFT = photograph(7).filter(ImageFilter.GaussianBlur(3))


def reduced(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def trimmed(image: Image.Image) -> Image.Image:
    """Return a picture of which a few pixels were cut off, brought back to its size."""
    part = image.crop((6, 4, image.width - 6, image.height - 4))
    return part.resize(image.size, Image.Resampling.LANCZOS)


def stamped(image: Image.Image) -> Image.Image:
    copy = image.copy()
    ImageDraw.Draw(copy).rectangle((300, 200, 420, 260), fill=(250, 240, 20))
    return copy


MADE: dict[str, tuple[Image.Image, Callable[[Image.Image], Image.Image]]] = {
    "reduced": (SCENE, reduced),
    "saved anew": (SCENE, lambda image: image.copy()),
    "turned": (SCENE, lambda image: image.transpose(Image.Transpose.ROTATE_90)),
    "mirrored": (SCENE, ImageOps.mirror),
    "brightened": (SCENE, lambda image: image.point(lambda level: min(255, level + 25))),
    "stamped": (SCENE, stamped),
    "trimmed": (SCENE, trimmed),
    "soft, trimmed": (SOFT, trimmed),
    "soft, reduced": (SOFT, reduced),
}


@pytest.mark.parametrize("name", MADE)
def test_to_look_under_every_map_measures_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, make = MADE[name]
    whole, copy = coded(image), coded(make(image))
    found = measured(kept(whole), kept(copy))
    monkeypatch.setattr(measuring, "_settles", lambda *_: False)
    assert measured(kept(whole), kept(copy)) == found


@pytest.mark.parametrize(("name", "looks"), [("reduced", 1), ("stamped", 2)])
def test_a_pair_is_looked_at_under_no_more_maps_than_decide(name: str, looks: int) -> None:
    image, make = MADE[name]
    one, other = kept(coded(image)), kept(coded(make(image)))
    maps = alignments(one, other)
    assert [each.by for each in maps] == ["frame", "features"]
    coming = measuring._looks(one, other, maps)
    assert len(measuring._until_settled(coming, maps)) == looks
    assert len(list(coming)) == 2 - looks  # the rest is still to be had


@pytest.mark.parametrize("everywhere", [True, False])
def test_blocks_measure_the_same_however_many_rows_go_at_once(
    everywhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = kept(SCENE), kept(stamped(SCENE))
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    if not everywhere:
        matrix = np.array([[0.999, 0.02, 3.4], [-0.02, 0.999, 5.2]])
    pair = laid(one.fine(900), other.fine(900), matrix, 3 * COARSE_PIXELS)
    assert pair.mask.all() == everywhere
    tone = tone_between(samples_of(pair))
    found = residuals.blocks_of(pair, tone)
    for rows in (64, 4096):
        monkeypatch.setattr(residuals, "BAND", rows)
        again = residuals.blocks_of(pair, tone)
        for grid in residuals.GRIDS:
            assert (getattr(again, grid) == getattr(found, grid)).all(), grid
