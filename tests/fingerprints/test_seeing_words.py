"""Words of local features: what is left of a picture is known by them, another picture is not."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from app.fingerprints.seeing.turning import BITS, sides, turned_words
from app.fingerprints.seeing.words import MOST, projections, words_of

SIZE = (640, 480)
ENOUGH = 4  # of the city's standard


def scene(number: int) -> Image.Image:
    """Draw shades that change from place to place, with shapes of every size upon them."""
    chance = np.random.default_rng(number)
    coarse = chance.integers(40, 216, (12, 16), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(250):
        x, y = chance.uniform(-20, SIZE[0]), chance.uniform(-20, SIZE[1])
        wide, high = chance.uniform(6, 60, 2)
        ring = [(x + a * wide, y + b * high) for a, b in chance.random((5, 2))]
        pen.polygon(ring, fill=int(chance.integers(256)))
    return picture.filter(ImageFilter.GaussianBlur(1))


@cache
def words_of_scene(number: int) -> frozenset[int]:
    return frozenset(words(scene(number)))


def words(picture: Image.Image) -> list[int]:
    """Return the words of a picture at the size at which pictures are seen."""
    scaled = picture.convert("L")
    factor = 640 / max(scaled.size)
    scaled = scaled.resize([round(side * factor) for side in scaled.size], Image.Resampling.LANCZOS)
    return words_of(np.asarray(scaled))


def stamped(picture: Image.Image) -> Image.Image:
    stamped = picture.copy()
    ImageDraw.Draw(stamped).rectangle((200, 160, 440, 320), fill=255)
    return stamped


def bordered(picture: Image.Image) -> Image.Image:
    wide = Image.new("L", (SIZE[0] + 80, SIZE[1] + 80), 255)
    wide.paste(picture, (40, 40))
    return wide


ALTERED = {
    "cropped to a part": lambda p: p.crop((100, 90, 484, 378)),
    "straightened by 3 degrees": lambda p: p.rotate(3, Image.Resampling.BICUBIC),
    "in a border": bordered,
    "stamped over": stamped,
    "smaller": lambda p: p.resize((320, 240), Image.Resampling.LANCZOS),
    "zoomed by 4 percent": lambda p: p.crop((13, 10, 628, 471)),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_what_is_left_of_a_picture_shares_words_with_it(
    alter: Callable[[Image.Image], Image.Image],
) -> None:
    assert len(words_of_scene(1) & set(words(alter(scene(1))))) >= ENOUGH


def test_different_pictures_share_fewer_than_nominate() -> None:
    drawn = [words_of_scene(number) for number in range(1, 7)]
    most = max(len(one & other) for at, one in enumerate(drawn) for other in drawn[:at])
    assert most < ENOUGH


def test_equal_pixels_have_equal_words_each_once_and_bounded() -> None:
    picture = np.asarray(scene(1))
    found = words_of(picture)
    assert found == words_of(picture.copy())
    assert len(found) == len(set(found)) == MOST
    assert all(0 <= word < 1 << BITS for word in found)


def test_a_picture_without_features_has_no_words() -> None:
    assert words_of(np.full((480, 640), 255, np.uint8)) == []


def test_a_picture_of_one_pixel_has_no_words() -> None:
    assert words_of(np.zeros((1, 1), np.uint8)) == []


def signs(described: NDArray[np.float64]) -> NDArray[np.int32]:
    return ((described @ projections() > 0) @ (1 << np.arange(BITS))).astype(np.int32)


def test_words_of_all_sides_are_those_of_descriptors_seen_from_all_sides() -> None:
    described = np.random.default_rng(3).random((20, 128))
    turned = turned_words(signs(described))
    assert turned.shape == (8, 20)
    for side, places in enumerate(sides()):
        assert (turned[side] == signs(described[:, places])).all()


def test_a_part_that_was_turned_or_mirrored_is_known_by_the_side_that_undoes_it() -> None:
    part = scene(1).crop((60, 40, 600, 440))
    pixels, whole = np.asarray(part), words_of_scene(1)
    for side in range(8):
        seen = np.rot90(np.fliplr(pixels) if side >= 4 else pixels, side % 4)
        asked = np.array(words(Image.fromarray(np.ascontiguousarray(seen))), np.int32)
        shared = [len(whole & set(some.tolist())) for some in turned_words(asked)]
        undoing = side if side >= 4 else -side % 4
        assert shared[undoing] > ENOUGH, side
        assert max(shared) == shared[undoing], side


def test_nothing_has_no_words_from_any_side() -> None:
    assert turned_words(np.empty(0, np.int32)).shape == (8, 0)


def test_directions_are_those_that_stored_words_were_made_with() -> None:
    directions = projections()
    assert (np.abs(directions.T @ directions - 128 * np.eye(BITS)).max() == 32).all()
    shared = np.unique(np.sort(sides(), axis=0), axis=1).T  # places that are one from all sides
    everywhere = np.random.default_rng(4).random(128)
    for places in shared:
        everywhere[places] = everywhere[places[0]]
    assert np.abs(everywhere @ directions).max() < 1e-9
    assert np.packbits(directions.T > 0).tobytes()[:8].hex() == "a1fcb738a3583457"
