"""Hashes are the libraries' own, of one small picture; turned forms are of turned pictures."""

from io import BytesIO

import imagehash
import numpy as np
import pdqhash  # type: ignore[import-untyped]
import pytest
from photographs import photograph, saved
from PIL import Image, ImageDraw

from app.fingerprints.seeing.hashes import Grey, brought_to, cells_of, forms, hashes_of
from app.fingerprints.seeing.information import information_of
from app.fingerprints.seeing.looking import look

NUMBERS = range(1, 6)


def a_grey(number: int, size: tuple[int, int] = (600, 400)) -> Grey:
    return np.asarray(photograph(number, size).convert("L"))


def bits(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@pytest.mark.parametrize("number", NUMBERS)
def test_hashes_are_those_of_the_libraries(number: int) -> None:
    small = a_grey(number, (256, 171))  # nothing to be reduced before
    found = hashes_of(small, cells_of(small))
    picture = Image.fromarray(small)
    assert found.phash == np.packbits(imagehash.phash(picture).hash.flatten()).tobytes()
    assert found.dhash == np.packbits(imagehash.dhash(picture).hash.flatten()).tobytes()
    whole, quality = pdqhash.compute(np.dstack([a_grey(number)] * 3))
    assert bits(found.pdq, np.packbits(whole.astype(bool)).tobytes()) <= 31
    assert found.pdq_quality == quality == 100


def a_drawing(kind: str, size: tuple[int, int], number: int) -> Grey:
    """Draw what hashes are made of exactly: grain, flat areas, slopes and clouds."""
    chance = np.random.default_rng(number)
    wide, high = size
    if kind == "grain":
        return chance.integers(0, 256, (high, wide), dtype=np.uint8)
    if kind == "flat":
        return np.full((high, wide), chance.integers(256), np.uint8)
    if kind == "slope":
        return np.tile(np.linspace(0, 255, wide).astype(np.uint8), (high, 1))
    if kind == "dots":
        return (chance.random((high, wide)) < 0.02).astype(np.uint8) * np.uint8(255)
    return a_grey(number, size)


DRAWN = ("grain", "flat", "slope", "dots", "clouds")
ORDER = (0, 1, 2, 3, 5, 6, 4, 7)  # of the library's eight: turned, both mirrors, both diagonals


@pytest.mark.parametrize("kind", DRAWN)
def test_hashes_are_those_of_the_libraries_to_the_bit(kind: str) -> None:
    for number in range(40):
        chance = np.random.default_rng([number, len(kind)])
        wide, high = (int(side) for side in chance.integers(8, 257, 2))
        grey = a_drawing(kind, (wide, high), number)
        cells = cells_of(grey)
        found = hashes_of(grey, cells)
        picture = Image.fromarray(grey)
        assert found.phash == np.packbits(imagehash.phash(picture).hash).tobytes(), (wide, high)
        assert found.dhash == np.packbits(imagehash.dhash(picture).hash).tobytes(), (wide, high)
        theirs, quality = pdqhash.compute_dihedral(np.dstack([cells] * 3))
        turned = np.stack([theirs[place] for place in ORDER]).astype(bool)
        assert found.turned_pdq == np.packbits(turned, axis=1).tobytes(), (wide, high)
        assert found.pdq_quality == min(100, quality)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("size", "most"), [((600, 400), 2), ((333, 500), 2), ((90, 61), 12)], ids=str
)  # what is smaller than PDQ's cells is enlarged, which is not wholly symmetric
def test_each_turned_form_is_the_hash_of_the_turned_picture(
    number: int, size: tuple[int, int], most: int
) -> None:
    grey = a_grey(number, size)
    found = hashes_of(grey, cells_of(grey))
    assert found.turned_phash[:8] == found.phash
    assert found.turned_pdq[:32] == found.pdq
    for form, turned in enumerate(forms(grey)):
        again = hashes_of(turned, cells_of(turned))
        assert bits(again.phash, found.turned_phash[8 * form : 8 * form + 8]) <= 2, form
        assert bits(again.pdq, found.turned_pdq[32 * form : 32 * form + 32]) <= most, form
        others = [found.turned_pdq[32 * n : 32 * n + 32] for n in range(8) if n != form]
        assert min(bits(again.pdq, other) for other in others) > 31


def test_the_eight_forms_come_in_their_order() -> None:
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for form, found in enumerate(forms(picture)):
        side = np.fliplr(picture) if form >= 4 else picture
        assert (found == np.rot90(side, form % 4)).all()


def test_one_picture_at_two_scales_hashes_alike() -> None:
    for number in NUMBERS:
        large = look(BytesIO(saved(photograph(number, (2400, 1600)), "JPEG"))).seen
        small = look(BytesIO(saved(photograph(number, (300, 200)), "JPEG", quality=60))).seen
        assert large.phash is not None
        assert small.phash is not None
        assert bits(large.phash, small.phash) <= 6
        assert large.pdq is not None
        assert small.pdq is not None
        assert bits(large.pdq, small.pdq) <= 20


def test_what_is_narrower_than_a_filter_is_stretched() -> None:
    assert brought_to(np.zeros((1, 3000), np.uint8), 256).shape == (8, 256)
    dot = np.zeros((1, 1), np.uint8)
    assert hashes_of(dot, cells_of(dot)).pdq_quality == 0


def a_page(size: tuple[int, int], lines: int, *, noise: int = 0) -> Grey:
    """Draw a page of that many lines of words."""
    page = Image.new("L", size, 250)
    pen = ImageDraw.Draw(page)
    chance = np.random.default_rng(lines)
    for line in range(lines):
        at = 20
        while at < size[0] - 60:
            wide = int(chance.integers(8, 50))
            pen.rectangle((at, 30 + 16 * line, at + wide, 36 + 16 * line), fill=20)
            at += wide + 8
    grain = chance.integers(-noise, noise + 1, (size[1], size[0]))
    return (np.asarray(page).astype(int) + grain).clip(0, 255).astype(np.uint8)


HALVES = np.repeat(np.array([[0, 255]], np.uint8), 128, 1).repeat(200, 0)
PAGES: dict[str, tuple[Grey, str | None]] = {
    "a blank page": (a_page((420, 600), 0), "blank"),
    "a blank page with grain": (a_page((420, 600), 0, noise=12), "blank"),
    "a small blank page": (a_page((105, 150), 0, noise=5), "blank"),
    "white": (np.full((200, 300), 255, np.uint8), "blank"),
    "black": (np.zeros((200, 300), np.uint8), "blank"),
    "one half black": (HALVES, "two_tone"),
    "a page of text": (a_page((420, 600), 34), None),
    "a form of a few lines": (a_page((420, 600), 12, noise=8), None),
    "a photograph": (a_grey(1), None),
}


@pytest.mark.parametrize("kind", PAGES)
def test_blank_and_two_toned_pictures_are_told_from_pages_and_photographs(kind: str) -> None:
    grey, expected = PAGES[kind]
    small = brought_to(grey, 256)
    found, measured = information_of(small, cells_of(small))
    assert found == expected, measured
    assert {"blank_range", "near_tone", "two_tones", "mixed"} <= measured["parameters"].keys()


def test_blank_pages_of_any_size_are_flagged_in_what_is_seen() -> None:
    for size in ((420, 600), (1240, 1754), (90, 130)):
        seen = look(BytesIO(saved(Image.fromarray(a_page(size, 0, noise=6)), "JPEG"))).seen
        assert (seen.outcome, seen.low_information, list(seen.words or [])) == (
            "decoded",
            "blank",
            [],
        )
