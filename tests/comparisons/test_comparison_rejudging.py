"""Pairs are judged again when what is known of their files changes, and nothing is decoded."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from contents import Uploader
from httpx2 import Client
from likes import NEWEST, hashed
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from views import scene, written
from world import System, World, a_while_later

from app.assets import surrounding_tasks
from app.assets.locks import lock_decisions
from app.assets.surrounding_tasks import look_around
from app.catalogue.registration import Registration
from app.catalogue.service import register_one
from app.comparisons import judging_tasks, likeness_tasks
from app.comparisons.judging_tasks import (
    judge_again,
    judge_all_that_was_left,
    judge_by_what_people_said,
    judge_some,
    meet_all_that_was_left,
)
from app.comparisons.measuring import Measured
from app.comparisons.pairing import files_of, in_order
from app.comparisons.queries import judged_by_other_facts
from app.comparisons.recording import judge_measured, record_measured
from app.fingerprints.registration.aligner import Measurement
from app.kit.jobs import bind, found
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.events import CaptureRestated
from app.provenance.series import series_for, state_for_series

CLASSES = """
SELECT class, revision FROM likenesses
 WHERE (a_asset_id, b_asset_id) = (:a, :b) AND measurement_id IS NOT NULL ORDER BY id
"""
BY = "SELECT nominated_by FROM measurements WHERE (a_asset_id, b_asset_id) = (:a, :b)"
EVERYTHING = """
SELECT (SELECT count(*) FROM likenesses), (SELECT count(*) FROM measurements),
       (SELECT count(*) FROM judged_facts), (SELECT count(*) FROM events)
"""
STATEMENT = """
SELECT s->>'id' FROM provenance_versions v
  JOIN provenance_heads h USING (asset_id, version), jsonb_array_elements(v.statements) s
 WHERE v.asset_id = :id AND s->>'field' = 'date_created' AND s->>'source_kind' = :kind
"""
TAKEN = ("2019:05:02 10:11:10", "2019:05:02 10:11:14")
FIRST = "2019-05-02T10:11:10"


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def classes(town: World, one: UUID, other: UUID) -> list[tuple[str, int]]:
    """Return how a pair was judged, in order."""
    a, b = sorted((one, other))
    return [tuple(row) for row in town.find(CLASSES, a=a, b=b)]


def frames(town: World, store: System, number: int) -> tuple[UUID, UUID]:
    """Register one picture twice, the second smaller and said to be taken later; judge both."""
    whole = scene(number, (240, 180))
    pictures = (
        written(whole, told={"taken": TAKEN[0]}),
        written(whole.resize((160, 120)), told={"taken": TAKEN[1]}),
    )
    one, other = (
        town.an_asset(store, picture, name=f"frame-{number}-{at}.jpg")
        for at, picture in zip((1, 5), pictures, strict=True)
    )
    town.work()
    assert classes(town, one, other) == [("sequence", 1)]
    return one, other


def test_a_corrected_capture_time_judges_a_sequence_by_its_pixels(
    town: World, store: System
) -> None:
    one, other = frames(town, store, 301)
    for asset_id in (one, other):
        town.file_of(asset_id).unlink()  # nothing is opened again
    town.change(other, [Assertion("date_created", "2019-05-02")])
    town.work()
    assert classes(town, one, other) == [("sequence", 1)]  # that day both were taken
    town.change(other, [Assertion("date_created", FIRST)])
    town.work()
    assert classes(town, one, other)[1:] == [("derivative_reduced", 2)]
    [[said]] = town.find(STATEMENT, id=other, kind="asserted")
    town.change(other, retractions=[Retraction(said, "It was the other frame.")])
    town.work()
    assert classes(town, one, other)[2:] == [("sequence", 3)]
    bind(town.worker)
    with a_while_later():
        judge_all_that_was_left()  # other tests' records may have versions that say nothing new
        before = town.find(EVERYTHING)
        judge_by_what_people_said(CaptureRestated((one, other)))
        judge_all_that_was_left()
    assert town.find(EVERYTHING) == before


@pytest.mark.parametrize(
    ("number", "how"),
    [(302, {}), (312, {"kind": "imported", "locator": "catalogue:Old cards#312"})],
    ids=["asserted", "carried over"],
)
def test_what_is_said_of_the_source_type_is_judged_and_a_title_starts_nothing(
    town: World, store: System, number: int, how: dict[str, Any]
) -> None:
    whole = scene(number, (240, 180))
    one, other = (
        town.an_asset(store, written(picture), name=f"source-{number}-{at}.jpg")
        for at, picture in ((1, whole), (5, whole.resize((160, 120))))
    )
    town.work()
    assert classes(town, one, other) == [("derivative_reduced", 1)]
    bind(town.worker)
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'comparisons.judging%'"
    before = town.find(waiting)
    town.change(other, [Assertion("title", "A scene")])
    assert town.find(waiting) == before
    town.change(other, [Assertion("digital_source_type", "compositeCapture", **how)])
    assert town.find(waiting) != before
    town.work()
    assert classes(town, one, other)[1:] == [("retouched_or_composite", 2)]


def test_what_no_job_judged_is_judged_by_the_nightly_walk_also_after_half_of_it_was_lost(
    town: World, store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [frames(town, store, number) for number in (303, 304)]
    for _, other in pairs:
        town.change(other, [Assertion("date_created", FIRST)])
    town.lose_jobs()
    bind(town.worker)
    monkeypatch.setattr(judging_tasks, "PAIRS_A_TRANSACTION", 1)
    judging, judged = judge_measured, []

    def dying(*told: Any) -> None:  # noqa: ANN401
        judging(*told)
        judged.append(told)
        if len(judged) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as held:
        held.setattr(judging_tasks, "judge_measured", dying)
        with pytest.raises(KeyboardInterrupt):
            judge_again(others_than_judged(town, pairs))
    revised = sorted(len(classes(town, *pair)) for pair in pairs)
    assert revised == [1, 2]
    judge_again(others_than_judged(town, pairs))
    for pair in pairs:
        assert [class_ for class_, _ in classes(town, *pair)] == ["sequence", "derivative_reduced"]
    assert others_than_judged(town, pairs) == []


def others_than_judged(town: World, pairs: list[tuple[UUID, UUID]]) -> list[UUID]:
    """Return the measurements of these pairs that the nightly walk would judge."""
    mine = {
        row[0]
        for pair in pairs
        for row in town.find("SELECT id FROM measurements WHERE a_asset_id = :a", a=min(pair))
    }
    return [one for one in found(judged_by_other_facts()) if one in mine]


def test_who_chooses_the_date_of_the_file_has_corrected_nothing(town: World, store: System) -> None:
    one, other = frames(town, store, 305)
    town.change(other, [Assertion("date_created", FIRST)])
    town.work()
    [[said]] = town.find(STATEMENT, id=other, kind="extracted")
    town.change(other, choices=[Choice("date_created", said, "The camera's clock was right.")])
    town.work()
    judged = [class_ for class_, _ in classes(town, one, other)]
    assert judged == ["sequence", "derivative_reduced", "sequence"]


def beside(town: World, store: System, location: str, called: str, picture: bytes) -> UUID:
    """Register a file that lies in the store by an identifier that tells nothing of its place."""
    (store.folder / location).write_bytes(picture)
    said = Registration(
        source_system=store.code,
        source_identifier=called,
        location=location,
        original_name=location,
        legal_status=["institution_owned_non_record"],
    )
    caller = town.someone("registrar", department=store.department)
    with town.api.transaction() as db:
        return register_one(db, caller, said).asset_id


def test_companions_are_met_where_they_lie_whatever_they_are_called(
    town: World, store: System
) -> None:
    raw = beside(town, store, "met.dng", "2019/17", written(scene(306, (240, 180)), "TIFF"))
    developed = beside(town, store, "met.jpg", "2019/18", written(scene(307, (240, 180))))
    town.work()
    a, b = sorted((raw, developed))
    assert classes(town, raw, developed) == [("capture_pair", 1)]
    assert town.find(BY, a=a, b=b) == [({"companion": "raw_jpeg"},)]


@pytest.mark.parametrize("way", ["by its job", "by the sweep"])
def test_companions_that_are_seen_later_are_measured_then(
    town: World, store: System, way: str
) -> None:
    name = f"late-{len(way)}"
    with pytest.MonkeyPatch.context() as held:
        held.setattr(surrounding_tasks, "look_around", lambda _: None)
        raw = beside(town, store, f"{name}.dng", f"{name}/1", written(scene(308), "TIFF"))
        other = beside(town, store, f"{name}.jpg", f"{name}/2", written(scene(309)))
        town.work()
    assert classes(town, raw, other) == []
    bind(town.worker)
    look_around([raw, other])
    if way == "by its job":
        town.work()
    else:
        town.lose_jobs()
        with a_while_later():
            meet_all_that_was_left()
    assert classes(town, raw, other) == [("capture_pair", 1)]
    bind(town.worker)
    with a_while_later():
        judge_all_that_was_left()
        before = town.find(EVERYTHING)
        meet_all_that_was_left()
        judge_all_that_was_left()
    assert town.find(EVERYTHING) == before


def test_a_pair_that_looked_like_a_copy_is_a_capture_pair_once_that_is_seen(
    town: World, store: System
) -> None:
    whole = scene(310)
    with pytest.MonkeyPatch.context() as held:
        held.setattr(surrounding_tasks, "look_around", lambda _: None)
        raw = beside(town, store, "copy.dng", "copy/1", written(whole, "TIFF"))
        small = written(whole.resize((160, 120)))
        other = beside(town, store, "copy.jpg", "copy/2", small)
        town.work()
    assert classes(town, raw, other) == [("derivative_reduced", 1)]
    bind(town.worker)
    look_around([other])
    town.work()
    assert classes(town, raw, other)[1:] == [("capture_pair", 2)]


def test_companions_that_are_away_are_met_once_they_are_back(town: World) -> None:
    store = town.a_source_system()
    with pytest.MonkeyPatch.context() as held:
        held.setattr(surrounding_tasks, "look_around", lambda _: None)
        raw = beside(town, store, "away.dng", "away/1", written(scene(341, (300, 300)), "TIFF"))
        other = beside(town, store, "away.jpg", "away/2", written(scene(352, (320, 160))))
        town.work()
    bind(town.worker)
    look_around([raw, other])
    hidden = store.folder.rename(store.folder.with_name("unplugged-pair"))
    town.work()
    assert classes(town, raw, other) == []
    stage = "SELECT stage FROM hindrances WHERE asset_id = :id"
    assert town.find(stage, id=raw) == [(likeness_tasks.COMPANIONS,)]
    hidden.rename(store.folder)
    bind(town.worker)
    judging_tasks.meet_companions([raw])
    assert classes(town, raw, other) == [("capture_pair", 1)]
    assert town.find(stage, id=raw) == []


def test_contents_of_ours_travel_together_as_they_are_named(
    town: World, store: System, town_api: Client
) -> None:
    uploader = Uploader.of(town, town_api, store)
    pictures = {
        "roll/IMG_7.dng": written(scene(313), "TIFF"),
        "roll/IMG_7.JPG": written(scene(314)),
        "roll/IMG_71.jpg": written(scene(315)),
        "other/IMG_7.jpg": written(scene(316)),
    }
    sent = {}
    for name, picture in pictures.items():
        sent[name] = uploader.registers(source_identifier=name, original_name=name[5:])
        assert uploader.sends(sent[name], picture).is_success
    town.work()
    raw = sent.pop("roll/IMG_7.dng")
    judged = {name: classes(town, raw, other) for name, other in sent.items()}
    assert judged.pop("roll/IMG_7.JPG") == [("capture_pair", 1)]
    # The others may look alike; it is not that they travel together.
    assert {class_ for pair in judged.values() for class_, _ in pair} <= {"unrelated"}


def test_what_is_said_of_a_whole_series_says_nothing_about_one_of_its_frames(town: World) -> None:
    store = town.a_source_system()
    one, other = frames(town, store, 320)
    manager = town.someone("records_manager", department=store.department)
    with town.api.transaction() as db:
        series = series_for(db, manager, "source-system", store.code)
        state_for_series(db, manager, series, Change([Assertion("date_created", FIRST)]))
    town.work()
    shown = "SELECT date_created FROM provenance_versions WHERE asset_id = :id ORDER BY version"
    assert town.find(shown, id=other)[-1] == (FIRST,)
    bind(town.worker)
    judge_again(measurements_of(town, one, other))
    assert classes(town, one, other) == [("sequence", 1)]


def measurements_of(town: World, one: UUID, other: UUID) -> list[UUID]:
    """Return the measurements of a pair."""
    found = "SELECT id FROM measurements WHERE (a_asset_id, b_asset_id) = (:a, :b)"
    a, b = sorted((one, other))
    return [row[0] for row in town.find(found, a=a, b=b)]


@pytest.mark.parametrize("way", ["again", "first"])
def test_nobody_judges_by_facts_that_another_decision_is_changing(
    town: World, store: System, way: str
) -> None:
    whole = scene(321 + len(way), (240, 180))
    one, other = (
        town.an_asset(store, written(picture), name=f"locked-{way}-{at}.jpg")
        for at, picture in ((1, whole), (5, whole.resize((160, 120))))
    )
    hashed(town, one, other)
    with town.worker.transaction() as db:
        prints = [town.find(NEWEST, id=asset_id)[0][0] for asset_id in (one, other)]
        mine, its = files_of(db, prints).values()
    found = [Measured(in_order(mine, its, {"phash": 1}), Measurement("timed_out"))]
    if way == "again":
        with town.worker.transaction() as db:
            record_measured(db, found)
    work = {
        "again": partial(judge_some, measurement_ids=measurements_of(town, one, other)),
        "first": partial(record_measured, found=found),
    }[way]
    with town.worker.transaction() as deciding:
        lock_decisions(deciding, [other])
        with town.worker.transaction() as db:
            db.execute(text("SET LOCAL lock_timeout = 200"))
            with pytest.raises(OperationalError, match="lock timeout"):
                work(db)
            db.rollback()
    with town.worker.transaction() as db:
        work(db)
    assert classes(town, one, other) == [("undetermined", 1)]
