"""A mark that pictures of different things bear makes no pair of them; one picture's copies are."""

from collections.abc import Callable

import numpy as np
import pytest
from marks import (
    MARKS,
    captioned,
    dusk,
    framed,
    laid_anew,
    letter,
    stamped,
    watermarked,
    with_target,
)
from measures import CITY
from PIL import Image, ImageOps
from scenes import kept, noisy, page, photograph, side

from app.comparisons.judging import Judged, PairFacts, judge
from app.fingerprints.registration.agreement import agreement
from app.fingerprints.registration.geometry import whole
from app.fingerprints.registration.laying import Laid, Sight, laid
from app.fingerprints.registration.measuring import measured

Marking = Callable[[Image.Image], Image.Image]
WITHOUT = CITY.model_copy(update={"registration_found_again_min": 0.0})
SCENE = photograph(1)


def judged(one: Image.Image, other: Image.Image) -> tuple[Judged, Judged]:
    """Judge a pair by the city's standard, and as if nothing were asked of the rest."""
    numbers, _ = measured(kept(one), kept(other))
    pair = PairFacts(side(), side(), None)
    by = (CITY, WITHOUT)
    found, otherwise = (judge(pair, "measured", numbers, standard) for standard in by)
    return found, otherwise


def over(one: Image.Image, other: Image.Image) -> Laid:
    first, second = (Sight(np.asarray(each), each.size) for each in (one, other))
    return laid(first, second, whole(0, one.size, other.size), 640 * 480)


@pytest.mark.parametrize("name", ["watermark", "stamp", "caption"])
def test_a_mark_laid_over_two_scenes_makes_no_pair(name: str) -> None:
    numbers = {"watermark": (30, 33), "stamp": (30, 34), "caption": (30, 33)}[name]
    found, otherwise = judged(*(MARKS[name](dusk(number)) for number in numbers))
    assert otherwise.class_ != "unrelated"  # else the pair shows nothing
    assert (found.class_, found.reasons[-1]["code"]) == ("unrelated", "shared_mark")


@pytest.mark.parametrize("mark", [with_target, framed])
def test_what_lies_beside_two_things_makes_no_pair(mark: Marking) -> None:
    found, otherwise = judged(*(laid_anew(mark(dusk(number)), number) for number in (30, 33)))
    assert otherwise.class_ != "unrelated"
    assert (found.class_, found.reasons[-1]["code"]) == ("unrelated", "shared_mark")


def test_cards_of_one_form_that_were_laid_down_anew_make_no_pair() -> None:
    found, otherwise = judged(*(laid_anew(page(number), number) for number in (1, 2)))
    assert otherwise.class_ == "sequence"
    assert found.class_ == "unrelated"


@pytest.mark.parametrize("mark", [watermarked, stamped, captioned])
@pytest.mark.parametrize("number", [30, 31])
def test_a_mark_on_one_of_two_copies_leaves_them_a_pair(mark: Marking, number: int) -> None:
    found, otherwise = judged(dusk(number), mark(dusk(number)))
    assert found.class_ == otherwise.class_ != "unrelated"


def test_the_same_thing_beside_the_same_target_is_a_pair() -> None:
    found, _ = judged(*(laid_anew(with_target(dusk(30)), number) for number in (1, 2)))
    assert found.class_ != "unrelated"


def test_noise_is_nothing_that_would_have_to_be_found() -> None:
    """Two frames in little light: most of either is noise, and of its own."""
    found, _ = judged(noisy(dusk(30), 1, 8), noisy(laid_anew(dusk(30), 3), 2, 8))
    assert found.class_ == "sequence"


def test_what_moved_by_less_than_its_cell_is_found() -> None:
    pixels = np.asarray(SCENE)
    for step, least, most in ((20, 0.9, 1.0), (200, 0.0, 0.5)):
        moved_on = Image.fromarray(np.roll(pixels, step, 1))
        shares = agreement(over(SCENE, moved_on))["share"].values()
        assert least <= min(shares) <= max(shares) <= most, step


def test_the_common_part_is_placed_in_the_pixels_of_one() -> None:
    other = photograph(2).copy()
    box = (300, 200, 600, 400)
    other.paste(SCENE.crop(box), box)
    found = agreement(over(SCENE, other))
    assert np.allclose(found["box"], (300, 200, 300, 200), atol=64)
    assert max(found["share"].values()) < 0.4


def test_a_side_that_shows_nothing_lacks_nothing() -> None:
    plain = Image.new("RGB", SCENE.size, "grey")
    found = agreement(over(SCENE, plain))
    assert found["share"] == {"one": 0.0, "other": 1.0}
    assert found["box"] is None
    assert found["cells"] > 100
    nothing = agreement(over(plain, plain))
    assert (nothing["cells"], nothing["share"]) == (0, {"one": 1.0, "other": 1.0})


@pytest.mark.parametrize("box", [(30, 0, 880, 1190), (20, 10, 880, 1180)])
def test_a_page_whose_margin_was_cut_is_a_crop(box: tuple[int, int, int, int]) -> None:
    page_ = letter(SCENE)
    found, _ = judged(page_, page_.crop(box))
    assert found.class_ == "crop"


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_border_that_was_laid_around_is_none_of_the_picture(colour: str) -> None:
    found, _ = judged(SCENE, ImageOps.expand(SCENE, 30, colour))
    assert found.class_ == "retouched_or_composite"


def test_a_margin_of_which_some_is_left_goes_on_however_soon_the_picture_begins() -> None:
    page_ = ImageOps.expand(SCENE, 60, "white")
    found, _ = judged(page_, page_.crop((40, 40, page_.width - 40, page_.height - 40)))
    assert found.class_ == "crop"


def test_a_thumbnail_has_cells_enough_of_its_own() -> None:
    small = SCENE.resize((160, 106), Image.Resampling.LANCZOS)
    found = agreement(over(small, small))
    assert 80 < found["cells"] <= 104
    assert found["share"] == {"one": 1.0, "other": 1.0}


def test_cells_outside_of_both_do_not_count() -> None:
    whole_pair = over(SCENE, SCENE)
    half = whole_pair.mask.copy()
    half[:, half.shape[1] // 2 :] = False
    kept_half = Laid(whole_pair.one, whole_pair.other, half, whole_pair.back)
    assert agreement(kept_half)["cells"] <= agreement(whole_pair)["cells"] // 2
