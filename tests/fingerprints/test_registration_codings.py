"""A JPEG that was coded from another shows its steps; strangers and copies of one show nothing."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scenes import coded, kept_with_coding, photograph, side

from app.comparisons.judging import Judged, PairFacts, judge
from app.fingerprints.registration.codings import coded as coding_of
from app.fingerprints.registration.codings import codings
from app.fingerprints.registration.measuring import measured
from app.policies.documents import parse_policy
from app.policies.packaged import packaged_documents

CITY = parse_policy(packaged_documents()[0]).duplicate_standard.thresholds
SCENE = photograph(31, (640, 480))
ODD = photograph(32, (645, 483))  # turned, its blocks lie on other blocks
TURNED = Image.Transpose.ROTATE_90


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def turned(image: Image.Image, quality: int) -> bytes:
    tags = Image.Exif()
    tags[274] = 6
    return coded(image.transpose(TURNED), quality=quality, exif=tags.tobytes())


def numbers(one: bytes, other: bytes) -> dict[str, Any]:
    said, _ = measured(kept_with_coding(one), kept_with_coding(other))
    return said


def judged(one: bytes, other: bytes) -> Judged:
    """Judge two files that say nothing of which was first, their lengths included."""
    return judge(PairFacts(side(), side(), None), "measured", numbers(one, other), CITY)


def told_by(found: Judged) -> str:
    return str(next(each["by"] for each in found.reasons if each["code"] == "direction"))


@pytest.mark.parametrize("scene", [SCENE, ODD], ids=["on the same blocks", "on other blocks"])
def test_what_was_turned_and_coded_anew_is_the_copy(scene: Image.Image) -> None:
    first = coded(scene, quality=92)
    copy = turned(opened(first), 92)
    for found, name in ((judged(first, copy), "b"), (judged(copy, first), "a")):
        assert (found.class_, found.copy) == ("derivative_converted", name)
        assert told_by(found) == "codings"


def test_what_was_coded_finer_after_coarse_steps_is_the_copy_though_it_is_longer() -> None:
    first = coded(SCENE, quality=60)
    copy = coded(opened(first), quality=92)
    assert len(copy) > len(first)
    found = judged(first, copy)
    assert (found.class_, found.copy, told_by(found)) == ("derivative_converted", "b", "codings")


def test_what_was_coded_with_coarser_steps_is_the_copy() -> None:
    first = coded(SCENE, quality=92)
    found = judged(first, coded(opened(first), quality=75))
    assert (found.class_, found.copy, told_by(found)) == ("derivative_converted", "b", "codings")


@pytest.mark.parametrize("quality", [75, 4], ids=["coarser", "so coarse that little is left"])
def test_how_a_much_coarser_copy_follows(quality: int) -> None:
    first = coded(SCENE, quality=92)
    one, other = (coding_of(io.BytesIO(c)) for c in (first, coded(opened(first), quality=quality)))
    assert one is not None
    assert other is not None
    found = codings(one, other)
    assert found["other"]["missed"] < 0.1 < found["one"]["strayed"]


@pytest.mark.parametrize(
    "other",
    [turned(SCENE, 92), turned(ODD, 90)],
    ids=["turned", "on other blocks"],
)
def test_two_copies_of_one_picture_show_nothing_of_each_other(other: bytes) -> None:
    scene = ODD if opened(other).size == ODD.size[::-1] else SCENE
    found = judged(coded(scene, quality=92), other)
    told = [each for each in found.reasons if each["code"] == "direction"]
    assert all(each["by"] != "codings" for each in told)


def test_what_is_saved_again_with_equal_steps_has_no_direction() -> None:
    first = coded(SCENE, quality=92)
    found = judged(first, coded(opened(first), quality=92, progressive=True))
    assert (found.class_, found.copy) == ("undetermined", None)


def test_only_whole_jpegs_of_luma_are_read() -> None:
    assert coding_of(io.BytesIO(coded(SCENE, "PNG"))) is None
    assert coding_of(io.BytesIO(coded(SCENE.convert("CMYK")))) is None
    whole = coded(SCENE)
    assert coding_of(io.BytesIO(whole[: len(whole) // 2])) is None
    found = coding_of(io.BytesIO(turned(SCENE, 90)))
    assert found is not None
    assert found.luma.shape == (480, 640)
    grey = coding_of(io.BytesIO(coded(SCENE.convert("L"))))
    assert grey is not None
    assert np.array_equal(grey.steps, coding_of(io.BytesIO(coded(SCENE))).steps)  # type: ignore[union-attr]


def test_pairs_in_which_anything_differs_are_not_asked() -> None:
    other = opened(coded(SCENE, quality=92))
    other.paste((250, 20, 20), (300, 200, 340, 240))
    assert numbers(coded(SCENE, quality=92), coded(other, quality=92))["codings"] is None
    assert numbers(coded(SCENE), coded(SCENE, "PNG"))["codings"] is None
