"""What the proofs of likeness are drawn from is the same every time, and is what it is called."""

from io import BytesIO

import numpy as np
import pytest
from derivations import CLASSES, derived, original, record_card
from easel import photograph
from PIL import Image
from traps import TRAPS, all_traps

SIZE = (240, 160)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["a street", "shelves", "a garden"])
def test_a_number_draws_one_photograph(number: int) -> None:
    first, again, other = (photograph(n, SIZE) for n in (number, number, number + 3))
    assert first.size == SIZE
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert np.asarray(first.convert("L")).std() > 20


def test_what_is_made_of_a_photograph_is_the_same_every_time_and_of_every_class() -> None:
    stored = original(photograph(4, SIZE), 4)
    made, again = list(derived(stored, 4)), list(derived(stored, 4))
    assert made == again
    assert {one.class_ for one in made} == set(CLASSES)
    assert len({one.data for one in made}) == len(made)


def test_what_is_called_identical_decodes_to_the_same_pixels() -> None:
    stored = original(photograph(5, SIZE), 5)
    pixels = Image.open(BytesIO(stored)).convert("RGB").tobytes()
    same = [one for one in derived(stored, 5) if one.class_.startswith("identical")]
    assert len(same) == 3
    for one in same:
        assert Image.open(BytesIO(one.data)).convert("RGB").tobytes() == pixels, one.how


@pytest.mark.parametrize("name", TRAPS)
def test_each_trap_is_a_pair_that_a_quick_look_calls_identical(name: str) -> None:
    pair = all_traps(SIZE)[name]
    first, second = (data for _, data in pair)
    assert first != second
    quick = [Image.open(BytesIO(one)) for one in (first, second)]
    looks = [np.asarray(one) for one in quick]
    if name == "below 8 bits":
        looks = [look >> 8 for look in looks]
    assert (looks[0] == looks[1]).all()
    assert all_traps(SIZE)[name] == pair


def test_cards_of_one_form_say_different_things() -> None:
    first, second = (record_card(number) for number in (1, 2))
    assert first == record_card(1)
    looks = [np.asarray(Image.open(BytesIO(one)), np.int16) for one in (first, second)]
    assert 0.001 < (np.abs(looks[0] - looks[1]) > 60).mean() < 0.2
