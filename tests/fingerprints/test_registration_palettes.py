"""A palette explains what it does to every pixel, and hides nothing that was painted over."""

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw
from scenes import coded, kept, photograph, side

from app.comparisons.judging import Judged, PairFacts, judge
from app.fingerprints.registration.measuring import measured
from app.policies.documents import parse_policy
from app.policies.packaged import packaged_documents

CITY = parse_policy(packaged_documents()[0]).duplicate_standard.thresholds
SCENE = photograph(41, (640, 480))
FIRST = coded(SCENE, quality=92)
SHOWN = Image.open(io.BytesIO(FIRST)).convert("RGB")


def numbers(one: bytes, other: bytes) -> dict[str, Any]:
    said, _ = measured(kept(one), kept(other))
    return said


def judged(one: bytes, other: bytes, **of_other: object) -> Judged:
    facts = PairFacts(side(format="image/jpeg"), side(colour="P", **of_other), None)
    return judge(facts, "measured", numbers(one, other), CITY)


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
@pytest.mark.parametrize("colours", [256, 64])
def test_what_was_brought_to_a_palette_is_a_converted_copy(kind: str, colours: int) -> None:
    few = coded(SHOWN.quantize(colours), kind)
    found = judged(FIRST, few, format=f"image/{kind.lower()}", size_bytes=300_000)
    assert (found.class_, found.copy) == ("derivative_converted", "b"), found.reasons
    told = next(each for each in found.reasons if each["code"] == "direction")
    assert (told["by"], told["colours"] <= colours) == ("palette", True)


@pytest.mark.parametrize("before", [True, False], ids=["then brought to a palette", "in it"])
def test_a_small_place_painted_over_is_told_through_a_palette(*, before: bool) -> None:
    painted = SHOWN.copy() if before else SHOWN.quantize(256)
    ink = (250, 250, 250) if before else 7
    ImageDraw.Draw(painted).rectangle((300, 200, 318, 212), fill=ink)
    few = coded(painted.quantize(256) if before else painted, "GIF")
    found = judged(FIRST, few, format="image/gif")
    assert found.class_ == "retouched_or_composite"
    box = numbers(FIRST, few)["region"]["box"]
    assert box[0] <= 302
    assert box[1] <= 202
    assert box[0] + box[2] >= 316
    assert box[1] + box[3] >= 210


def test_a_picture_made_of_few_colours_is_not_called_their_first() -> None:
    few = SHOWN.quantize(256)
    later = coded(few.convert("RGB"), quality=92)
    found = judged(later, coded(few, "GIF"), format="image/gif", size_bytes=300_000)
    assert (found.class_, found.copy) == ("undetermined", None)


@pytest.mark.parametrize(
    "few",
    [
        coded(SHOWN.quantize(8), "GIF"),
        coded(SHOWN.convert("P"), "GIF"),
        coded(SHOWN.resize((320, 240)).quantize(256), "GIF"),
    ],
    ids=["of eight", "dithered", "reduced"],
)
def test_what_is_no_plain_reduction_of_colours_is_explained_by_none(few: bytes) -> None:
    assert "palette" not in numbers(FIRST, few)


def test_two_pictures_of_few_colours_are_compared_as_they_are() -> None:
    few = coded(SHOWN.quantize(256), "GIF")
    assert "palette" not in numbers(few, coded(SHOWN.quantize(200), "GIF"))
