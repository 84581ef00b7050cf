"""Pairs are registered whatever was done to a copy, and what differs is found and placed."""

import json
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from scenes import coded, kept, noisy, page, photograph

from app.fingerprints.registration.features import Features
from app.fingerprints.registration.geometry import Affine, edged, inverse, parts_of, whole
from app.fingerprints.registration.kept import Kept
from app.fingerprints.registration.measuring import measured

SCENE = photograph(1)
WIDTH, HEIGHT = SCENE.size


def measure(one: bytes | Image.Image, other: bytes | Image.Image) -> dict[str, Any]:
    numbers, _ = measured(kept(one), kept(other))
    json.dumps(numbers, allow_nan=False)
    return numbers


def reduced(image: Image.Image, share: float) -> Image.Image:
    size = (round(image.width * share), round(image.height * share))
    return image.resize(size, Image.Resampling.LANCZOS)


def test_a_reduced_copy_lies_frame_on_frame_and_differs_nowhere() -> None:
    found = measure(SCENE, reduced(SCENE, 0.5))
    assert (found["by"], found["form"], found["reference"]) == ("frame", 0, "a")
    assert found["scale"] == [0.5, 0.5]
    assert found["fine"]["strongest"] < 1
    assert found["region"] is None
    assert found["detail"]["beyond"] > 0.06 * found["detail"]["below"]


def test_a_thumbnail_is_compared_at_its_own_resolution() -> None:
    found = measure(reduced(SCENE, 0.15), SCENE)
    assert (found["by"], found["reference"]) == ("frame", "b")
    assert (found["fine"]["width"], found["fine"]["height"]) == (135, 90)


def test_what_another_pair_asked_for_changes_no_measure() -> None:
    scene = photograph(2, (1800, 1200))
    content, copy = coded(scene), coded(reduced(scene, 0.4))
    asked_before = kept(content)
    asked_before.fine(1800)
    assert measured(asked_before, kept(copy)) == measured(kept(content), kept(copy))


def test_what_was_enlarged_has_no_detail_beyond() -> None:
    small = reduced(SCENE, 0.4)
    found = measure(small, small.resize(SCENE.size, Image.Resampling.LANCZOS))
    assert found["reference"] == "b"
    assert found["detail"]["beyond"] < 0.06 * found["detail"]["below"]


def test_a_crop_is_placed_in_the_pixels_of_its_whole() -> None:
    box = (120, 60, 720, 480)
    found = measure(SCENE, SCENE.crop(box))
    assert found["by"] == "features"
    assert np.allclose(found["crop_box"], (120, 60, 600, 420), atol=3)
    assert found["coverage_percent"]["other"] > 99
    assert found["coverage_percent"]["reference"] == pytest.approx(46.7, abs=1)


def test_a_crop_of_a_few_pixels_is_not_the_whole_frame() -> None:
    cut = SCENE.crop((6, 4, WIDTH - 6, HEIGHT - 4)).resize(SCENE.size, Image.Resampling.BICUBIC)
    found = measure(SCENE, cut)
    assert found["by"] == "features"
    assert found["frame_offset_percent"] > 0.3


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_was_cut_a_little_before_it_was_reduced_is_not_the_whole_frame(number: int) -> None:
    scene = photograph(number)
    cut = scene.crop((7, 5, WIDTH, HEIGHT))
    for image, by in ((scene, "frame"), (cut, "features")):
        small = image.copy()
        small.thumbnail((160, 160), Image.Resampling.LANCZOS)
        found = measure(scene, coded(small, quality=85))
        assert (found["by"], found["registered"]) == (by, True)


@pytest.mark.parametrize("form", range(8))
def test_each_turned_and_mirrored_form_is_told(form: int) -> None:
    pixels = np.asarray(SCENE)
    turned = np.rot90(pixels[:, ::-1] if form > 3 else pixels, form % 4)
    found = measure(coded(SCENE, quality=95), coded(Image.fromarray(turned)))
    swapped = found["reference"] == "b"
    back = [0, 3, 2, 1, 4, 5, 6, 7][form]  # a mirrored turn undoes itself
    assert found["form"] == (back if swapped else form)
    assert found["by"] == "frame"


def test_a_soft_picture_without_features_is_laid_frame_on_frame() -> None:
    soft = SCENE.resize((24, 16), Image.Resampling.BOX).resize((300, 200), Image.Resampling.BICUBIC)
    found = measure(soft, reduced(soft, 0.5))
    assert (found["registered"], found["by"]) == (True, "frame")


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_small_object_that_was_removed_is_found_and_placed(share: float) -> None:
    scene = photograph(2, (1600, 1066)).copy()
    without = coded(reduced(scene, share), quality=88)
    ImageDraw.Draw(scene).ellipse((700, 500, 722, 522), fill=(200, 40, 40))
    found = measure(coded(scene), without)
    x, y, width, height = found["region"]["box"]
    assert x <= 711 <= x + width
    assert y <= 511 <= y + height
    assert max(width, height) < 80
    assert found["fine"]["strongest"] > 4


def test_colour_that_changed_alone_is_a_difference() -> None:
    pixels = np.asarray(SCENE).copy()
    patch = pixels[200:260, 300:380].astype(int)
    pixels[200:260, 300:380] = np.clip(
        patch + np.array((30, -15, -2)), 0, 255
    )  # of about the same luma
    found = measure(SCENE, Image.fromarray(pixels))
    assert found["coarse"]["strongest"] > 2


def test_hard_coding_alone_differs_nowhere() -> None:
    for quality in (60, 25):
        found = measure(coded(SCENE, quality=93), coded(SCENE, quality=quality))
        assert found["by"] == "frame"
        assert found["fine"]["strongest"] < 2


def test_an_exposure_moves_the_light_of_all_channels_alike() -> None:
    light = (np.asarray(SCENE, np.float32) / 255) ** 2.2 * 2**-0.7
    darker = Image.fromarray((255 * light ** (1 / 2.2)).astype(np.uint8))
    found = measure(coded(SCENE, quality=95), coded(darker))
    stops = found["fine"]["tones"]["stops"]
    sign = 1 if found["reference"] == "b" else -1
    assert stops == pytest.approx([sign * 0.7] * 3, abs=0.08)
    assert found["fine"]["strongest"] < 1
    assert not found["fine"]["tones"]["estimate"].get("none")


def test_grey_made_of_colour_is_told_by_its_chroma() -> None:
    found = measure(coded(SCENE, quality=95), coded(ImageOps.grayscale(SCENE)))
    tones = found["fine"]["tones"]
    assert min(tones["chroma_one"], tones["chroma_other"]) < 2
    assert found["fine"]["strongest"] < 2


def test_a_border_is_plain_and_a_wider_view_is_not() -> None:
    framed = measure(SCENE, ImageOps.expand(SCENE, 40, "white"))
    assert framed["surrounds"]["reference"]["plain"] is True
    cut = measure(SCENE, SCENE.crop((100, 80, 700, 500)))
    assert cut["surrounds"]["reference"]["plain"] is False
    assert cut["surrounds"]["reference"]["share"] > 0.3


def test_cards_of_one_form_register_and_differ_in_their_words() -> None:
    found = measure(page(1), page(2))
    assert found["registered"] is True
    assert found["coarse"]["likeness"] < 0.8
    assert found["coarse"]["regions"] >= 8


def test_other_pictures_are_not_registered() -> None:
    numbers, drawn = measured(kept(SCENE), kept(photograph(7)))
    assert numbers["registered"] is False
    assert drawn is None


@pytest.mark.parametrize("size", [(900, 600), (40, 30), (1, 1)])
def test_empty_pictures_are_not_registered(size: tuple[int, int]) -> None:
    blank = Image.new("RGB", size, (250, 250, 250))
    assert measure(blank, Image.new("RGB", (300, 200), (250, 250, 250)))["registered"] is False
    assert measure(blank, SCENE)["registered"] is False


def test_noise_of_its_own_shows_on_both_sides() -> None:
    found = measure(coded(noisy(SCENE, 5, 5), quality=97), coded(noisy(SCENE, 6, 5), quality=97))
    noise = found["fine"]["noise"]
    assert noise["apart"] ** 2 > 0.8 * (noise["one"] ** 2 + noise["other"] ** 2)


@pytest.mark.parametrize(
    "other",
    [reduced(SCENE, 0.5), SCENE.crop((90, 90, 700, 500)), ImageOps.mirror(SCENE), page(1)],
    ids=["reduced", "cropped", "mirrored", "other"],
)
def test_a_pair_measures_alike_whichever_side_is_named_first(other: Image.Image) -> None:
    a, b = coded(SCENE, quality=95), coded(other)
    there, drawn = measured(kept(a), kept(b))
    back, drawn_back = measured(kept(b), kept(a))
    assert {there.pop("reference"), back.pop("reference")} == {"a", "b"}
    assert there == back
    assert drawn == drawn_back


def test_the_map_shows_where_they_differ() -> None:
    changed = SCENE.copy()
    ImageDraw.Draw(changed).rectangle((600, 100, 760, 220), fill=(10, 10, 10))
    _, drawn = measured(kept(SCENE), kept(changed))
    assert drawn is not None
    with Image.open(BytesIO(drawn)) as shown:
        assert (shown.format, shown.size) == ("PNG", (320, 213))
        pixels = np.asarray(shown.convert("RGB")).astype(int)
    red = pixels[..., 0] - pixels[..., 1] > 80
    scale = WIDTH / 320
    assert red[int(160 / scale), int(680 / scale)]
    assert red.mean() < 0.1


def test_a_picture_larger_than_a_band_is_measured_as_one() -> None:
    tall = Image.new("RGB", (400, 2600))
    for top in range(0, 2600, 600):
        tall.paste(photograph(top, (400, 600)), (0, top))
    marked = tall.copy()
    ImageDraw.Draw(marked).rectangle((100, 1015, 140, 1040), fill=(250, 240, 20))
    found = measure(coded(tall), coded(marked))
    assert found["fine"]["height"] == 2600
    x, y, width, height = found["region"]["box"]
    assert (x, y) >= (88, 1000)
    assert (width, height) <= (64, 48)


def test_an_affine_map_is_taken_apart() -> None:
    angle = np.deg2rad(5)
    turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))
    matrix: Affine = np.hstack([turn @ np.diag((2.0, 1.5)), [[7.0], [9.0]]])
    parts = parts_of(matrix)
    assert (parts.form, parts.sane) == (0, True)
    assert parts.rotation_degrees == pytest.approx(5, abs=0.01)
    assert (parts.scale_x, parts.scale_y) == pytest.approx((2, 1.5))
    assert not parts_of(np.array(((30.0, 0, 0), (0, 30, 0)))).sane
    assert not parts_of(np.array(((1.0, 0.9, 0), (0.9, 1, 0)))).sane
    assert np.allclose(inverse(matrix) @ np.append(matrix @ (3, 4, 1), 1), (3, 4))


@pytest.mark.parametrize("form", range(8))
def test_the_whole_in_each_form_moves_pixels_as_numpy_does(form: int) -> None:
    pixels = np.arange(6).reshape(2, 3)
    turned = np.rot90(np.fliplr(pixels) if form > 3 else pixels, form % 4)
    matrix = whole(form, (3, 2), (turned.shape[1], turned.shape[0]))
    assert parts_of(matrix).form == form
    for y in range(2):
        for x in range(3):
            column, row = matrix @ (x + 0.5, y + 0.5, 1)
            assert turned[int(row), int(column)] == pixels[y, x]
    assert np.allclose(edged(np.array(((1.0, 0, 0), (0, 1, 0)))), ((1, 0, 0), (0, 1, 0)))


def test_libraries_run_in_one_thread_by_a_fixed_seed() -> None:
    cv2.setRNGSeed(1)
    first = measure(SCENE, SCENE.crop((30, 20, 800, 560)))
    cv2.setRNGSeed(2)
    assert measure(SCENE, SCENE.crop((30, 20, 800, 560))) == first


def test_a_mirrored_part_is_found_by_its_features() -> None:
    part = ImageOps.mirror(SCENE.crop((90, 90, 700, 500)))
    found = measure(SCENE, part)
    assert (found["registered"], found["by"], found["form"]) == (True, "features", 4)
    assert found["inliers"] >= 20


def test_features_of_a_mirror_image_are_looked_for_only_where_reflected_ones_foretell_some() -> (
    None
):
    looked: list[bool] = []

    class Watched(Kept):
        def features(self, *, mirrored: bool = False) -> Features:
            looked.append(mirrored)
            return super().features(mirrored=mirrored)

    def watched(image: Image.Image) -> Kept:
        return Watched(kept(image).decode)

    numbers, _ = measured(watched(SCENE), watched(photograph(2)))
    assert not numbers["registered"]
    assert True not in looked
    numbers, _ = measured(watched(SCENE), watched(ImageOps.mirror(SCENE)))
    assert numbers["registered"]
    assert True in looked
