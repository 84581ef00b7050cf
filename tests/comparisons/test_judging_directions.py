"""Which of two equal pictures was made of the other is told by what coding and palettes leave."""

from typing import Any

import pytest
from measures import LOOK, judged, same_size
from scenes import side

EVEN = {"fine": 1.0, "middle": 1.0}
OWN = {"followed": 9000, "missed": 0.04, "compared": 0, "strayed": 0.0, "expected": 0, "between": 0}
LATER = OWN | {"missed": 0.05}
MIXED = {"followed": 9000, "missed": 0.04, "compared": 9000, "expected": 900, "between": 0.2}
CODINGS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str | None]] = {
    "coarser steps": ("one", OWN | {"followed": 0, "expected": 900, "between": 0.9}, LATER, "b"),
    "that do not follow": (
        "one",
        OWN | {"followed": 0, "expected": 900, "between": 0.9},
        LATER | {"missed": 0.3},
        None,
    ),
    "finer steps between none": (
        "one",
        OWN,
        OWN | {"followed": 0, "expected": 900, "between": 0.1},
        "b",
    ),
    "finer steps and values between": (
        "one",
        OWN | {"followed": 100},
        OWN | {"followed": 0, "expected": 900, "between": 0.9},
        None,
    ),
    "steps of either kind": ("one", MIXED | {"strayed": 0.4}, MIXED | {"strayed": 0.1}, "b"),
    "either kind, and both stray": (
        "one",
        MIXED | {"strayed": 0.4},
        MIXED | {"strayed": 0.38},
        None,
    ),
    "both follow": ("one", MIXED | {"strayed": 0.0}, MIXED | {"strayed": 0.0}, None),
    "equal steps": ("one", OWN | {"followed": 0}, OWN | {"followed": 0}, None),
    "too few to tell": ("one", OWN | {"expected": 90, "between": 0.9}, LATER, None),
    "steps on other blocks": (
        "two",
        {"shown": -0.1, "chance": -0.1, "compared": 9000},
        {"shown": 0.05, "chance": -0.1, "compared": 9000},
        "b",
    ),
    "on other blocks, and few": (
        "two",
        {"shown": -0.1, "chance": -0.1, "compared": 900},
        {"shown": 0.0, "chance": -0.1, "compared": 900},
        None,
    ),
    "on other blocks, both": (
        "two",
        {"shown": 0.0, "chance": -0.1, "compared": 9000},
        {"shown": 0.05, "chance": -0.1, "compared": 9000},
        None,
    ),
}


@pytest.mark.parametrize(("grid", "one", "other", "copy"), CODINGS.values(), ids=CODINGS)
def test_the_side_that_follows_from_the_other_is_the_copy(
    grid: str, one: dict[str, Any], other: dict[str, Any], copy: str | None
) -> None:
    codings = {"grid": grid, "one": one, "other": other}
    even = same_size(fine=LOOK | {"sharpness": EVEN}, codings=codings)
    assert judged(even, side(), side()).copy == copy
    back = {None: None, "b": "a"}[copy]
    swapped = even | {"codings": {"grid": grid, "one": other, "other": one}}
    assert judged(swapped, side(), side()).copy == back
    assert judged(swapped | {"reference": "b"}, side(), side()).copy == copy


def test_steps_of_coding_are_asked_before_bytes() -> None:
    codings = {"grid": "one", "one": MIXED | {"strayed": 0.4}, "other": MIXED | {"strayed": 0.1}}
    found = judged(same_size(codings=codings), side(size_bytes=50_000), side())
    assert found.copy == "b"


@pytest.mark.parametrize(
    ("few", "nearest", "copy"), [("one", 0.99, "a"), ("other", 0.99, "b"), ("other", 0.9, None)]
)
def test_the_side_with_the_nearest_of_few_colours_is_the_copy(
    few: str, nearest: float, copy: str | None
) -> None:
    palette = {"few": few, "colours": 256, "nearest": nearest}
    found = judged(same_size(palette=palette), side(), side(format="image/png"))
    assert (found.copy, found.class_ == "undetermined") == (copy, copy is None)
