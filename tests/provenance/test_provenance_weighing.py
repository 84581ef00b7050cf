"""What a policy says of weighing is followed: whose word confirms, how near dates agree."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from images import draw
from provenance_city import head_of, lacking, read_and_adopt, read_assets, registered, sealed
from stated import SYSTEM, file_says, said
from world import World, a_while_later

from app.kit.jobs import bind
from app.people.errors import RoleMissing
from app.policies.errors import PolicyLoosens
from app.policies.packaged import packaged_documents
from app.policies.rules.completeness import Completeness
from app.policies.service import record_document
from app.provenance.book import open_book
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.duties import prove_duty
from app.provenance.projection import CONFLICT, Record, answer_of, project
from app.provenance.series import Series, state_for_series
from app.provenance.service import seal_complete
from app.provenance.settling import settle
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement
from app.provenance.tasks import adopt_all_that_was_left, adopt_what_was_left
from app.provenance.weighing import USUAL, Weighing

CITY = packaged_documents()[0]
BASIS, STATUS = "legal_basis", "legal_status"
CURATED = Weighing(named={BASIS: "curator"})
EXACT = Weighing(tolerance_seconds=0)


def complete(roles: Mapping[str, str | None], tolerance: int = 2) -> Completeness:
    """Return the city's completeness with other roles and another tolerance."""
    document = deepcopy(CITY["completeness"])
    document["conflicts"]["date_tolerance_seconds"] = tolerance
    for name, role in roles.items():
        document["fields"][name]["confirmed_by_role"] = role
    return Completeness.model_validate_json(json.dumps(document))


def an_overlay(world: World, name: str, **rules: Any) -> str:  # noqa: ANN401
    """Publish an overlay on the city default; name the department that it judges after it."""
    document = {
        "policy": CITY["policy"] | {"id": name, "extends": "hk-city-default@1.0.0"},
        "completeness": rules,
    }
    with world.owner.transaction() as db:
        record_document(db, document)
    return name


def by(weighing: Weighing, *statements: Statement) -> Record:
    return Record(statements, (), weighing)


# -- read off a policy -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "field", "role"),
    [
        ({}, STATUS, "records_manager"),
        ({}, BASIS, "records_manager"),
        ({}, "title", "records_manager"),
        ({STATUS: "curator"}, STATUS, "curator"),
        ({STATUS: "curator"}, "rights_holder", "curator"),
        ({BASIS: "curator"}, BASIS, "curator"),
        ({BASIS: "curator"}, STATUS, "records_manager"),
        ({"title_or_description": "curator"}, "description", "curator"),
        ({STATUS: None}, STATUS, "records_manager"),
    ],
    ids=str,
)
def test_the_policy_names_who_confirms_a_field(
    policy: dict[str, str | None], field: str, role: str
) -> None:
    weighing = Weighing.by(complete(policy))
    assert weighing.role(field) == role
    assert Weighing.of(weighing.document()) == weighing


def test_what_a_policy_names_a_role_for_is_left_to_a_persons_own_word() -> None:
    usual_too = complete({"creator": "records_manager", "title_or_description": "curator"})
    assert Weighing.by(usual_too).reserved == {STATUS, "creator", "title", "description"}


def test_the_city_default_weighs_as_before_it_was_kept() -> None:
    assert Weighing.by(complete({})) == USUAL == Weighing.of({})
    assert Weighing.by(complete({}, tolerance=0)).tolerance_seconds == 0


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ({"conflicts": {"date_tolerance_seconds": 3}}, "date_tolerance_seconds"),
        (
            {"fields": {STATUS: {"confirmed_by_role": "curator"}}},
            "/completeness/fields/legal_status/confirmed_by_role",
        ),
        (
            {"fields": {STATUS: {"confirmed_by_role": None}}},
            "/completeness/fields/legal_status/confirmed_by_role",
        ),
    ],
    ids=["dates further apart", "another role than the city's", "no role"],
)
def test_an_overlay_that_weighs_more_loosely_is_refused_by_the_name_of_its_rule(
    world: World, rules: dict[str, Any], named: str
) -> None:
    with pytest.raises(PolicyLoosens) as refusal:
        an_overlay(world, "loose", **rules)
    assert any(named in at for at in refusal.value.pointers)


# -- what statements come to -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weighing", "seconds", "conflict"),
    [(USUAL, 2, False), (USUAL, 3, True), (EXACT, 1, True), (EXACT, 0, False),
     (Weighing(60), 59, False)],
)  # fmt: skip
def test_moments_differ_beyond_the_tolerance_of_the_policy(
    weighing: Weighing, seconds: int, *, conflict: bool
) -> None:
    of = by(
        weighing,
        said("date_created", "2019-05-02T10:11:00", name="1.1"),
        file_says("date_created", f"2019-05-02T10:11:{seconds:02}"),
    )
    assert of.in_conflict("date_created") == conflict
    assert bool(answer_of(of, "date_created") & CONFLICT) == conflict


def test_an_answer_covers_what_lies_within_the_tolerance_of_the_policy_and_no_more() -> None:
    of = by(
        EXACT,
        said("date_created", "2019-05-02T10:11:00", name="1.1"),
        file_says("date_created", "2019-05-02T10:11:05"),
    )
    speaker = Speaker("key:c", "c", ("cataloguer",))
    after = settle(of, [Choice("date_created", "1.9", "the clock")], speaker, version=2)
    assert not after.in_conflict("date_created")
    read_again = (after.statements[0], file_says("date_created", "2019-05-02T10:11:06"))
    assert Record(read_again, after.resolutions, EXACT).in_conflict("date_created")
    assert not Record(read_again, after.resolutions, USUAL).in_conflict("date_created")


def test_a_series_beats_an_asset_only_by_the_role_that_the_policy_names() -> None:
    own = said(BASIS, ["own"], name="1.1", roles=("cataloguer",))
    of_series = said(BASIS, ["series"], name="1.2", locator=SYSTEM, roles=("curator",))
    assert by(CURATED, own, of_series).displayed(BASIS) == ["series"]
    assert by(USUAL, own, of_series).displayed(BASIS) == ["own"]
    assert project(by(CURATED, own, of_series))[BASIS] == ["series"]


def test_of_two_assertions_that_of_the_named_role_is_shown() -> None:
    texts = [
        said("title", "a tram", name="1.1", lang="en", roles=("records_manager",)),
        said("title", "a bus", name="1.2", lang="en-HK", roles=("curator",)),
    ]
    assert by(Weighing(named={"title": "curator"}), *texts).displayed("title") == "a bus"
    assert by(USUAL, *texts).displayed("title") == "a tram"


# -- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weighing", "role", "may"),
    [
        (USUAL, "records_manager", True),
        (USUAL, "curator", False),
        (CURATED, "curator", True),
        (CURATED, "records_manager", False),
        (CURATED, "cataloguer", False),
    ],
)
@pytest.mark.parametrize("doing", ["settles", "follows", "takes back"])
def test_the_law_is_settled_by_the_role_that_the_policy_names(
    weighing: Weighing, role: str, doing: str, *, may: bool
) -> None:
    named = weighing.role(BASIS)
    of = by(weighing, said(BASIS, ["a"], name="1.1", roles=(named,)))
    change = {
        "settles": Change(choices=[Choice(BASIS, "1.1", "so it is")]),
        "follows": Change([Assertion(BASIS, ["b"])]),
        "takes back": Change(retractions=[Retraction("1.1", "wrong")]),
    }[doing]
    speaker = Speaker("key:x", "x", (role,))
    if may:
        prove_duty(of, change, speaker)
        return
    with pytest.raises(RoleMissing, match=named.replace("_", " ")):
        prove_duty(of, change, speaker)


def test_other_fields_are_settled_by_cataloguers_and_by_the_role_named_for_them() -> None:
    of = by(Weighing(named={"creator": "curator"}), said("creator", "Chan", name="1.1"))
    change = Change(choices=[Choice("creator", "1.1", "signed")])
    for role in ("cataloguer", "curator"):
        prove_duty(of, change, Speaker("key:x", "x", (role,)))
    with pytest.raises(RoleMissing, match="a cataloguer or a curator"):
        prove_duty(of, change, Speaker("key:x", "x", ("records_manager",)))


# -- in a catalogue --------------------------------------------------------------------------------


def curated(world: World) -> UUID:
    """Return an image of a department whose overlay lets curators alone speak of the basis."""
    overlay = an_overlay(world, "curated", fields={BASIS: {"confirmed_by_role": "curator"}})
    system = world.a_source_system(world.a_department(policy=overlay))
    [asset_id] = read_assets(world, system, [{}])
    return asset_id


def test_a_legal_field_takes_the_word_of_the_role_that_an_overlay_names(world: World) -> None:
    asset_id = curated(world)
    world.complete_record(asset_id)
    assert (lacking(world, asset_id), sealed(world, asset_id)) == ([f"source:{BASIS}"], False)
    world.change(asset_id, [Assertion(BASIS, [world.legal_basis])], role="curator")
    assert (lacking(world, asset_id), sealed(world, asset_id)) == ([], True)
    with pytest.raises(RoleMissing, match="a curator confirmed it"):
        world.change(asset_id, [Assertion(BASIS, [world.legal_basis])])


def test_what_is_said_of_a_series_is_taken_back_by_the_role_of_its_departments_policy(
    world: World,
) -> None:
    overlay = an_overlay(world, "curated", fields={BASIS: {"confirmed_by_role": "curator"}})
    system = world.a_source_system(world.a_department(policy=overlay))
    series = Series(f"source-system/{system.code}", system.department)

    def state(role: str, value: str) -> None:
        caller = world.someone(role, department=system.department)
        with world.api.transaction() as db:
            state_for_series(db, caller, series, Change([Assertion(BASIS, [value])]))

    state("curator", world.legal_basis)
    with pytest.raises(RoleMissing, match="a curator confirmed it"):
        state("records_manager", world.legal_basis)


def test_a_tolerance_that_falls_opens_conflicts_and_nothing_is_sealed_on_the_old_answer(
    world: World,
) -> None:
    """The same file and the same words: one second apart, under a policy of two and of none."""
    department = world.a_department(policy=an_overlay(world, "nearly"))
    system = world.a_source_system(department)
    [asset_id] = read_assets(world, system, [{"taken": "2020:05:02 10:00:01"}])
    world.complete_record(asset_id, date_created="2020-05-02T10:00:00")
    assert (lacking(world, asset_id), sealed(world, asset_id)) == ([], True)
    version, _ = head_of(world, asset_id)
    exact(world)
    with world.worker.transaction() as db:
        assert seal_complete(db, [asset_id]) == 0
    bind(world.worker)
    with a_while_later():
        adopt_what_was_left()
    assert lacking(world, asset_id) == ["conflict:date_created"]
    after, record_now = head_of(world, asset_id)
    assert (after, record_now.weighing) == (version + 1, EXACT)
    assert not sealed(world, asset_id)


def test_records_that_come_to_the_same_are_sealed_anew_and_not_written_anew(world: World) -> None:
    system = world.a_source_system(world.a_department(policy=an_overlay(world, "nearly")))
    alike, gone = registered(world, system, [b"x", b"y"])
    [read] = read_assets(world, system, [{}])
    world.complete_record(read)
    versions = [head_of(world, one)[0] for one in (alike, gone, read)]
    exact(world)
    world.lose_jobs()
    bind(world.worker)
    with a_while_later():
        adopt_all_that_was_left()
    assert [head_of(world, one)[0] for one in (alike, gone, read)] == versions
    assert sealed(world, read)
    with world.api.transaction() as db:
        assert open_book(db).assigned["nearly"].version == "1.0.1"


def exact(world: World) -> None:
    """Publish the next version of the overlay: moments agree when they are the same."""
    document = {
        "policy": CITY["policy"]
        | {
            "id": "nearly",
            "version": "1.0.1",
            "extends": "hk-city-default@1.0.0",
        },
        "completeness": {"conflicts": {"date_tolerance_seconds": 0}},
    }
    with world.owner.transaction() as db:
        record_document(db, document)


def test_whoever_writes_a_version_it_is_weighed_by_its_departments_policy(world: World) -> None:
    strict = an_overlay(world, "strict", conflicts={"date_tolerance_seconds": 0})
    system = world.a_source_system(world.a_department(policy=strict))
    [asset_id] = registered(world, system, [draw(1, {"taken": "2020:05:02 10:00:01"})])
    assert head_of(world, asset_id)[1].weighing == EXACT
    read_and_adopt(world, [asset_id])
    version, record_now = head_of(world, asset_id)
    assert (version, record_now.weighing) == (2, EXACT)
