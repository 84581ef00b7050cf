"""Near pairs from end to end, with the worker that people run: found, measured and judged once."""

import os
from contextlib import nullcontext
from copy import deepcopy
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image, ImageCms
from views import blank, scene, written
from world import System, World, a_while_later

from app.assets.sweeping import look_at_due
from app.comparisons import likeness_tasks
from app.comparisons.judging_tasks import judge_all_that_was_left, judge_by_a_new_standard
from app.comparisons.likeness_tasks import LEFT, look_alike, look_for_what_was_left
from app.comparisons.measuring import NotAsHashed, opened
from app.comparisons.pair_facts import is_edited
from app.comparisons.pairing import File
from app.comparisons.ties import tie_between
from app.kit.jobs import bind
from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.readings.tasks import read_files

NAMES = iter(range(1, 10_000, 2))
SOME_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
CLASSES = """
SELECT class, copy_asset_id FROM likenesses
 WHERE (a_asset_id, b_asset_id) = (:a, :b) ORDER BY id
"""
EVERYTHING = """
SELECT (SELECT count(*) FROM likenesses), (SELECT count(*) FROM measurements),
       (SELECT count(*) FROM looked_alike), (SELECT count(*) FROM events)
"""
LOOKED = "SELECT nominated, passed_over FROM looked_alike WHERE asset_id = :id"
MEASURED = "SELECT count(*) FROM measurements WHERE :id IN (a_asset_id, b_asset_id)"
STANDARDS = """
SELECT v.version, l.class FROM likenesses l JOIN policy_versions v ON v.id = l.standard_id
 WHERE l.class <> 'exact_bytes' AND :id IN (a_asset_id, b_asset_id) ORDER BY v.version
"""


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def judged(town: World, one: UUID, other: UUID) -> list[tuple[str, UUID | None]]:
    """Return how a pair is classed, and which side is the copy."""
    a, b = sorted((one, other))
    return [tuple(row) for row in town.find(CLASSES, a=a, b=b)]


def put(town: World, store: System, **pictures: bytes) -> dict[str, UUID]:
    """Register files by these names."""
    return {
        name: town.an_asset(store, picture, name=f"{name}-{next(NAMES)}.img")
        for name, picture in pictures.items()
    }


def test_each_image_is_looked_for_once_and_each_pair_measured_once(world: World) -> None:
    whole = scene(1)
    retouched = whole.copy()
    retouched.paste((250, 20, 20), (200, 120, 250, 170))
    lossless = written(whole, "PNG")
    found = put(
        world,
        world.a_source_system(),
        small=written(whole.resize((200, 150))),
        large=written(whole),
        retouched=written(retouched),
        lossless=lossless,
        zipped=written(whole, "PNG", compress_level=1),
        twin=lossless,
        stranger=written(scene(2)),
        page=written(blank((640, 480))),
        other_page=written(blank((240, 180))),
    )
    world.work()

    def between(one: str, other: str) -> list[tuple[str, UUID | None]]:
        return judged(world, found[one], found[other])

    assert between("small", "large") == [("derivative_reduced", found["small"])]
    assert between("lossless", "twin") == [("exact_bytes", None)]
    assert between("lossless", "zipped")[0][0] == "identical_image_data"
    assert between("large", "retouched")[0][0] == "retouched_or_composite"
    assert between("page", "other_page") == between("large", "stranger") == []
    assert all(len(world.find(LOOKED, id=one)) == 1 for one in found.values())
    evidence = world.find(
        "SELECT evidence, measurement_id FROM likenesses WHERE class = 'derivative_reduced'"
        " AND copy_asset_id = :id AND :other IN (a_asset_id, b_asset_id)",
        id=found["small"],
        other=found["large"],
    )[0][0]
    assert evidence["keeper"] == str(found["large"])
    assert evidence["ranking"][-1]["decides"]
    bind(world.worker)
    judge_all_that_was_left()  # other tests' records may have versions that say nothing new
    before = world.find(EVERYTHING)
    look_alike([*found.values()])
    judge_all_that_was_left()
    assert world.find(EVERYTHING) == before


def test_an_image_is_paired_with_each_of_some_equal_files_whichever_came_first(
    town: World, store: System
) -> None:
    whole = scene(60)
    large, small = written(whole), written(whole.resize((200, 150)))
    found: dict[str, UUID] = {}
    for name, picture in (("first", large), ("twin", large), ("small", small), ("third", large)):
        found |= put(town, store, **{name: picture})
        town.work()
    for name in ("first", "twin", "third"):
        pair = judged(town, found[name], found["small"])
        assert pair == [("derivative_reduced", found["small"])], name


def test_the_five_traps_and_blank_pages_are_never_identical(town: World, store: System) -> None:
    deep, pages, colours, sideways, longer = (scene(n, (240, 180)) for n in range(50, 55))
    grey = np.asarray(deep.convert("L")).astype(np.uint16)
    one, other = (Image.fromarray(grey * 256 + low) for low in (0, 7))
    first, second = ([scene(n, (240, 180))] for n in (55, 56))
    turned = Image.Exif()
    turned[0x0112] = 6
    pairs = [
        (written(one, "PNG"), written(other, "PNG")),
        (
            written(pages, "TIFF", save_all=True, append_images=first),
            written(pages, "TIFF", save_all=True, append_images=second),
        ),
        (written(colours, "PNG"), written(colours, "PNG", icc_profile=SOME_PROFILE)),
        (written(sideways), written(sideways, exif=turned.tobytes())),
        (written(longer), written(longer) + b"something hangs behind"),
        (written(blank((240, 180)), "PNG"), written(blank((480, 360)), "PNG")),
    ]
    ids = [put(town, store, one=a, other=b) for a, b in pairs]
    town.work()
    for pair in ids:
        classes = {class_ for class_, _ in judged(town, pair["one"], pair["other"])}
        assert not classes & {"identical_image_data", "exact_bytes"}, (pair, classes)


def test_a_file_that_is_gone_costs_its_own_pairs_only_and_these_are_not_lost(
    town: World, store: System
) -> None:
    whole = scene(6)
    away = town.a_source_system(store.department)
    found = put(town, store, kept=written(whole))
    found |= put(town, away, gone=written(whole.resize((200, 150))))
    town.work()
    third = put(town, store, late=written(whole.resize((300, 225))))["late"]
    hidden = away.folder.rename(away.folder.with_name("unplugged"))
    town.work()
    assert town.find(LOOKED, id=third) == []
    assert judged(town, third, found["gone"]) == []
    assert judged(town, third, found["kept"]) == [("derivative_reduced", third)]
    [[reason]] = town.find(
        "SELECT reason FROM hindrances WHERE stage = 'likenesses' AND asset_id = :id", id=third
    )
    assert reason
    state = "SELECT state FROM sightings WHERE asset_id = :id ORDER BY ordinal DESC LIMIT 1"
    assert town.find(state, id=found["gone"]) == [("unreachable",)]
    hidden.rename(away.folder)
    due = "UPDATE hindrances SET due_at = clock_timestamp() WHERE asset_id = :id"
    town.find(due, id=third)
    bind(town.worker)
    look_at_due(LEFT)
    assert len(town.find(LOOKED, id=third)) == 1
    assert judged(town, third, found["gone"]) == [("derivative_reduced", found["gone"])]
    left = "SELECT stage FROM hindrances WHERE asset_id = :id"
    assert town.find(left, id=third) == []


def test_a_file_that_changed_is_read_anew_and_never_measured_as_it_was(
    town: World, store: System
) -> None:
    whole = scene(7)
    one = put(town, store, one=written(whole))["one"]
    town.work()
    town.file_of(one).write_bytes(written(scene(8)))
    os.utime(town.file_of(one), (1, 1))
    other = put(town, store, other=written(whole.resize((200, 150))))["other"]
    town.work()
    assert judged(town, one, other) == []
    readings = town.find("SELECT count(*) FROM readings WHERE asset_id = :id", id=one)
    assert readings == [(2,)]
    town.find("UPDATE hindrances SET due_at = clock_timestamp() WHERE asset_id = :id", id=other)
    bind(town.worker)
    look_at_due(LEFT)
    assert len(town.find(LOOKED, id=other)) == 1


@pytest.mark.parametrize("when", ["never", "before", "while"])
def test_no_measure_is_taken_of_bytes_that_were_not_hashed(
    town: World, store: System, when: str
) -> None:
    one = put(town, store, **{f"still-{when}": written(scene(21))})[f"still-{when}"]
    town.work()
    asked = "SELECT id, sha256, size_bytes, byte_token FROM fingerprints WHERE asset_id = :id"
    [[fingerprint_id, sha256, size_bytes, token]] = town.find(asked, id=one)
    lies = (
        "SELECT s.root, l.path FROM locations l JOIN assets a ON a.id = l.asset_id"
        " JOIN source_systems s ON s.code = a.source_system WHERE a.id = :id"
    )
    [[root, path]] = town.find(lies, id=one)
    file = File(fingerprint_id, one, sha256, size_bytes, token, (root, path))
    refused = pytest.raises(NotAsHashed, match=r"not the bytes|changed while")
    if when == "before":
        os.utime(town.file_of(one), (1, 1))
    with nullcontext() if when == "never" else refused, opened(file):
        if when == "while":
            os.utime(town.file_of(one), (1, 1))


def test_the_sweep_looks_for_what_no_job_looked_for(town: World, store: System) -> None:
    whole = scene(9)
    one = put(town, store, one=written(whole))["one"]
    town.work()
    with pytest.MonkeyPatch.context() as held:
        held.setattr(likeness_tasks, "look_alike", lambda _: None)
        other = put(town, store, other=written(whole.resize((200, 150))))["other"]
        town.work()
    assert judged(town, one, other) == []
    with a_while_later():
        look_for_what_was_left()
    assert judged(town, one, other) == [("derivative_reduced", other)]


def test_a_job_whose_time_is_over_leaves_the_rest_to_the_next(
    town: World, store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness_tasks, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(likeness_tasks, "IMAGES_AT_ONCE", 1)
    found = put(town, store, **{f"n{n}": written(scene(20 + n, (160, 120))) for n in range(3)})
    town.work()
    assert all(len(town.find(LOOKED, id=one)) == 1 for one in found.values())


def stricter(version: str) -> dict[str, Any]:
    """Return the city's policy under another version."""
    city = deepcopy(packaged_documents()[0])
    city["policy"] |= {"version": version}
    return city


def test_a_new_standard_judges_stored_measures_and_decodes_nothing(
    town: World, store: System
) -> None:
    whole = scene(10)
    found = put(town, store, one=written(whole), other=written(whole.resize((200, 150))))
    town.work()
    bind(town.worker)
    judge_by_a_new_standard()
    for one in found.values():
        town.file_of(one).unlink()  # nothing is opened again
    measured = town.find(MEASURED, id=found["one"])
    with town.owner.transaction() as db:
        record_document(db, stricter("1.0.7"))
    with a_while_later():
        judge_by_a_new_standard()
    rows = town.find(STANDARDS, id=found["other"])
    assert [row[0] for row in rows if row[1] == "derivative_reduced"][-1] == "1.0.7"
    assert len(rows) == 2
    assert town.find(MEASURED, id=found["one"]) == measured
    judge_all_that_was_left()
    before = town.find(EVERYTHING)
    with a_while_later():
        judge_by_a_new_standard()
        judge_all_that_was_left()
    assert town.find(EVERYTHING) == before


def test_a_file_that_is_read_anew_keeps_its_measures(town: World, store: System) -> None:
    whole = scene(11, (240, 180))
    found = put(town, store, one=written(whole), other=written(whole.resize((160, 120))))
    town.work()
    file = town.file_of(found["one"])
    os.utime(file, (1, 1))
    bind(town.worker)
    read_files([found["one"]])
    town.work()
    rows = town.find(
        "SELECT nominated_by, measured FROM measurements WHERE :id IN (a_asset_id, b_asset_id)"
        " ORDER BY id",
        id=found["other"],
    )
    [(first, measured), (second, again)] = rows
    assert "as_measured" not in first
    assert second["as_measured"]
    assert again == measured
    classes = {class_ for class_, _ in judged(town, found["one"], found["other"])}
    assert classes == {"derivative_reduced"}


def test_what_files_say_of_their_captures_goes_before_their_looks(
    town: World, store: System
) -> None:
    whole = scene(12, (240, 180))
    moments = [{"taken": f"2019:05:02 10:11:1{second}"} for second in range(2)]
    one, other = (
        town.an_asset(
            store, written(whole, told=told, quality=quality), name=f"frame-{quality}.jpg"
        )
        for told, quality in zip(moments, (92, 80), strict=True)
    )
    raw = town.an_asset(store, written(scene(13, (240, 180)), "TIFF"), name="both.dng")
    developed = town.an_asset(store, written(scene(13, (240, 180))), name="both.jpg")
    town.work()
    assert judged(town, one, other) == [("sequence", None)]
    assert judged(town, raw, developed) == [("capture_pair", None)]
    a, b = sorted((raw, developed))
    by = "SELECT nominated_by FROM measurements WHERE (a_asset_id, b_asset_id) = (:a, :b)"
    assert town.find(by, a=a, b=b)[0][0]["companion"] == "raw_jpeg"


SIDE: dict[str, Any] = {
    "source_system": "s",
    "path": "a/1.dng",
    "companions": [],
    "identifier": "x",
    "kept": False,
}
COMPANION = {"kind": "raw_jpeg", "location": "a/1.jpg"}


@pytest.mark.parametrize(
    ("other", "tie"),
    [
        pytest.param({}, "raw_jpeg", id="beside it"),
        pytest.param({"source_system": "t"}, None, id="in another system"),
        pytest.param({"path": "b/1.jpg"}, None, id="elsewhere"),
    ],
)
def test_a_tie_is_between_files_of_one_place(other: dict[str, Any], tie: str | None) -> None:
    one = SIDE | {"companions": [COMPANION]}
    second = SIDE | {"path": "a/1.jpg"} | other
    assert tie_between(one, second) == tie_between(second, one) == tie
    sidecar = SIDE | {"companions": [COMPANION | {"kind": "sidecar"}]}
    assert tie_between(sidecar, second) is None


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [
        ("a/1.dng", "a/1.JPG", "raw_jpeg"),
        ("1.dng", "1.jpg", "raw_jpeg"),
        ("a/1.dng", "b/1.jpg", None),
        ("a/1.dng", "a/11.jpg", None),
        ("a/1.jpg", "a/1.xmp", None),
    ],
)
def test_two_contents_of_ours_are_tied_by_identifiers_that_are_paths(
    one: str, other: str, tie: str | None
) -> None:
    first, second = (SIDE | {"kept": True, "identifier": name} for name in (one, other))
    assert tie_between(first, second) == tie_between(second, first) == tie
    assert tie_between(first, second | {"kept": False}) is None


@pytest.mark.parametrize(
    ("told", "recorded", "edited"),
    [
        pytest.param({}, None, False, id="nothing told"),
        pytest.param({"digital_source_type": "digitalCapture"}, None, False, id="taken"),
        pytest.param({}, "http://x/compositeCapture", True, id="the record says composite"),
        pytest.param(
            {"edit_history": {"actions": [{"action": "c2pa.edited"}]}}, None, True, id="c2pa"
        ),
        pytest.param(
            {"edit_history": {"actions": [{"action": "c2pa.opened"}]}}, None, False, id="opened"
        ),
        pytest.param({"edit_history": "by hand"}, None, False, id="a text"),
    ],
)
def test_what_says_edited(told: dict[str, Any], recorded: str | None, edited: bool) -> None:
    assert is_edited(told, recorded) == edited
