"""Where there is next to nothing to go by, measuring says so instead of guessing."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps
from scenes import kept, photograph

from app.fingerprints.registration import aligning, measuring, regions, tones
from app.fingerprints.registration.aligning import alignments
from app.fingerprints.registration.detail import NONE, detail_beyond
from app.fingerprints.registration.geometry import fitted, overlap, whole
from app.fingerprints.registration.kept import Kept
from app.fingerprints.registration.laying import Sight, laid
from app.fingerprints.registration.measuring import measured
from app.fingerprints.registration.residuals import Blocks
from app.fingerprints.registration.tones import Samples, shifts_of, tone_between

SCENE = photograph(1)
NOWHERE = np.array([[1.0, 0.0, 5000.0], [0.0, 1.0, 5000.0]])


def sight(width: int, height: int) -> Sight:
    pixels = np.asarray(SCENE.resize((width, height)))
    return Sight(pixels, (width, height))


def blocks(rows: int = 4, columns: int = 4, **changes: float) -> Blocks:
    """Return blocks of one kind, lively and alike, but for some of their means."""
    plain: dict[str, float] = dict.fromkeys(Blocks.__dataclass_fields__, 1.0)
    plain |= {"lively_one": 20.0, "lively_other": 20.0} | changes
    return Blocks(**{name: np.full((rows, columns), mean) for name, mean in plain.items()})


def test_points_that_lie_in_one_place_fit_no_map() -> None:
    here = np.zeros((6, 2), np.float32)
    assert fitted(here, here, 3.0) == (None, 0)
    assert fitted(here[:3], here[:3], 3.0) == (None, 0)


def test_frames_that_do_not_meet_overlap_nowhere() -> None:
    area, common = overlap(NOWHERE, (300, 200), (300, 200))
    assert area == 0
    assert common.shape == (0, 2)
    nothing = laid(sight(300, 200), sight(300, 200), NOWHERE, 1e6)
    assert nothing.mask.size == nothing.one.size == nothing.other.size == 0


def test_frames_of_almost_one_size_are_laid_whole_on_whole() -> None:
    one, other = sight(300, 200), sight(300, 203)
    found = laid(one, other, whole(0, one.full, other.full), 1e6)
    assert found.one.shape == found.other.shape == (201, 298, 3)
    assert found.mask.all()


def test_a_map_that_chance_fitted_is_not_possible() -> None:
    one, other = kept(SCENE), kept(SCENE)
    squeezed = np.array([[40.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert not aligning._possible(squeezed, one, other)
    assert not aligning._possible(NOWHERE, one, other)
    assert aligning._possible(whole(0, one.full, other.full), one, other)


def test_few_features_leave_the_whole_frame_in_question(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = kept(SCENE), kept(SCENE)
    shifted = np.array([[1.0, 0.0, 60.0], [0.0, 1.0, 0.0]])
    monkeypatch.setattr(aligning, "_by_features", lambda _one, _other: (shifted, 9, 40))
    assert [one.by for one in alignments(one, other)] == ["frame", "features"]
    monkeypatch.setattr(aligning, "_by_features", lambda _one, _other: (None, 3, 40))
    [alone] = alignments(one, other)
    assert (alone.by, alone.inliers, alone.matches) == ("frame", 0, 40)


@pytest.mark.parametrize(
    ("by", "inliers", "likeness", "believed"),
    [
        ("features", 20, 0.0, True),
        ("features", 8, 0.3, True),
        ("features", 7, 0.9, False),
        ("features", 19, 0.2, False),
        ("frame", 0, 0.3, True),
        ("frame", 0, 0.2, False),
    ],
)
def test_a_map_of_few_features_is_believed_where_pictures_are_alike(
    by: str, inliers: int, likeness: float, believed: bool
) -> None:
    one, other = kept(SCENE), kept(SCENE)
    [first, *_] = alignments(one, other)
    look = measuring._look(one, other, first, measuring.COARSE_PIXELS)
    assert look is not None
    aligned = replace(look.aligned, by=by, inliers=inliers)
    assert measuring._believed(replace(look, aligned=aligned, likeness=likeness)) is believed


def test_pictures_of_a_few_pixels_are_not_registered() -> None:
    tiny = SCENE.resize((24, 16))
    numbers, drawn = measured(kept(tiny), kept(tiny))
    assert (numbers["registered"], numbers["inliers"], drawn) == (False, 0, None)


def test_an_overlap_of_a_few_blocks_is_no_look() -> None:
    one, other = kept(SCENE), kept(SCENE)
    [first, *_] = alignments(one, other)
    turn = np.deg2rad(45)
    corner = np.array([[np.cos(turn), -np.sin(turn), 880.0], [np.sin(turn), np.cos(turn), 560.0]])
    aligned = replace(first, matrix=corner, by="features")
    assert measuring._look(one, other, aligned, measuring.COARSE_PIXELS) is None


def test_a_closer_look_that_shows_nothing_leaves_the_coarse_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measuring, "_closer", lambda *_: None)
    numbers, drawn = measured(kept(SCENE), kept(SCENE.resize((450, 300))))
    assert numbers["registered"]
    assert "fine" not in numbers
    assert drawn is not None


def test_a_closer_look_may_choose_another_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the first map something is left over closely, under the second nothing."""
    one, other = kept(SCENE), kept(SCENE.resize((450, 300)))
    first = alignments(one, other)[0]
    second = replace(first, by="features")
    monkeypatch.setattr(measuring, "alignments", lambda _one, _other: [first, second])
    closer = measuring._closer

    def seen(a: Kept, b: Kept, coarse: measuring.Look) -> measuring.Look | None:
        found = closer(a, b, coarse)
        if found is None or coarse.aligned.by == "features":
            return found
        loud = replace(found.standing, strength=found.standing.strength + 2)
        return replace(found, standing=loud, likeness=0.6)

    monkeypatch.setattr(measuring, "_closer", seen)
    numbers, _ = measured(one, other)
    assert numbers["by"] == "features"
    assert numbers["fine"]["strongest"] < 1


def test_detail_is_not_looked_for_in_what_is_too_small() -> None:
    one, other = kept(SCENE), kept(SCENE.resize((4, 3)))
    found = detail_beyond(one, other, whole(0, one.full, other.full))
    assert {name: found[name] for name in NONE if name != "scale"} == {
        name: told for name, told in NONE.items() if name != "scale"
    }


def test_what_is_kept_of_a_frame_is_made_once() -> None:
    one = kept(SCENE)
    assert one.square is one.square


def test_blocks_of_which_none_is_covered_say_nothing() -> None:
    bare = blocks(covered=0.0)
    found = regions.standing(bare)
    assert not found.counted.any()
    assert regions.likeness(bare, found) == 0.0
    assert regions.noise(bare, found) == {"one": 0.0, "other": 0.0, "apart": 0.0}
    said = regions.described(found, bare)
    assert (said["blocks"], said["typical"], said["region"]) == (0, 0.0, None)


def test_blocks_of_one_liveliness_are_one_kind() -> None:
    alike = blocks()
    found = regions.standing(alike)
    assert found.counted.all()
    assert float(found.strength.max()) < 1


def test_sharpness_is_not_told_of_a_few_blocks() -> None:
    few = blocks(rows=1, columns=7)
    assert regions.sharpness(few, regions.standing(few)) == {"fine": 1.0, "middle": 1.0}


def test_of_a_few_samples_no_tone_is_told() -> None:
    few = Samples(np.full((7, 3), 20.0), np.full((7, 3), 90.0))
    assert tone_between(few).none
    assert shifts_of(few) == tones.NO_SHIFTS


def test_tones_of_which_each_has_a_few_samples_are_not_shifted() -> None:
    steps = np.repeat(np.linspace(8, 248, 16), tones.FEW - 1)
    spread = np.repeat(steps[:, None], 3, 1)
    assert tones._shifts(spread[:, 0], spread[:, 0] + 4) == (0.0, 0.0, 0.0)
    lone = np.linspace(-100, 350, 5)
    assert (tones._curve(lone, lone + 9, np.ones(5)) == tones.KNOTS).all()


def test_in_the_dark_no_light_is_told() -> None:
    dark = np.full(100, 3.0)
    assert tones._stops(dark, dark * 2) == 0.0
    assert tones._stops(dark * 10, dark * 20) == pytest.approx(2.2)


def test_a_blank_pair_is_registered_by_nothing() -> None:
    blank = Image.new("RGB", (300, 200), "white")
    numbers, _ = measured(kept(blank), kept(blank))
    assert not numbers["registered"]


def test_of_the_picture_and_its_mirror_image_the_better_map_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aligning, "_perhaps_mirrored", lambda _one, _other: True)
    found = []
    for image in (SCENE, ImageOps.mirror(SCENE)):
        one, other = kept(image), kept(SCENE.resize((450, 300)).crop((0, 0, 60, 50)))
        tried = [aligning._tried(one, other, mirrored=mirrored)[1] for mirrored in (False, True)]
        assert max(tried) < aligning.PLENTY
        assert aligning._by_features(one, other)[1] == max(tried)
        found.append(tried)
    assert any(plain > mirrored for plain, mirrored in found)
    assert any(plain < mirrored for plain, mirrored in found)
