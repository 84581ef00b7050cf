"""What is said once counts for every asset of a source system or an import."""

from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from images import draw
from provenance_city import head_of, ids_in, named, registered, registration, shown, today
from sqlalchemy import select
from stated import STATUSES
from world import System, World

from app.assets.models import AssetRow
from app.catalogue.service import register_one
from app.kit.operations import OperationRow
from app.people.errors import RoleMissing
from app.provenance.changes import Assertion, Change, Retraction
from app.provenance.inheriting import count_entered, enter_series
from app.provenance.membership import series_on_its_way
from app.provenance.models import SeriesStatementsRow
from app.provenance.series import Series, state_for_series, stated_so_far
from app.provenance.service import write_versions
from app.provenance.taking_back import TakenBack

FIRST = {"If-Match": '"0"'}
CUSTODIAN = Assertion("custodian", "Photographic unit")


@pytest.fixture
def system(town: World) -> System:
    return town.a_source_system()


def state(town: World, system: System, *said: Assertion, role: str = "cataloguer") -> UUID:
    """State for a source system and return what was stated, without its job having run."""
    caller = town.someone(role, department=system.department)
    series = Series(f"source-system/{system.code}", system.department)
    with town.api.transaction() as db:
        operation = state_for_series(db, caller, series, Change(said, legal_statuses=STATUSES))
        stated = select(SeriesStatementsRow.id)
        return db.scalars(stated.where(SeriesStatementsRow.operation_id == operation)).one()


def enter(town: World, statements: UUID, *assets: UUID) -> None:
    """Do what the job of a statement does."""
    with town.worker.transaction() as db:
        enter_series(db, assets, statements)
        count_entered(db, assets, statements)


def operation_of(town: World, statements: UUID) -> OperationRow:
    with town.api.transaction() as db:
        return db.get_one(OperationRow, db.get_one(SeriesStatementsRow, statements).operation_id)


def custodian(town: World, asset: UUID) -> object:
    return head_of(town, asset)[1].displayed("custodian")


def test_a_statement_enters_the_assets_that_are_there_and_those_that_come(
    town: World, system: System
) -> None:
    there = registered(town, system, [draw(1), draw(2)])
    other = registered(town, town.a_source_system(system.department), [draw(1)])
    stated = state(town, system, CUSTODIAN)
    assert custodian(town, there[0]) is None
    enter(town, stated, *there)
    later = registered(town, system, [draw(3)])
    assert {custodian(town, asset) for asset in there + later} == {"Photographic unit"}
    assert custodian(town, other[0]) is None
    _, of = head_of(town, later[0])
    [one] = of.of("custodian")
    assert (one.locator, one.since_version) == (f"series:source-system/{system.code}", 1)


def test_its_job_enters_it_and_finishes_the_operation(world: World, api: httpx2.Client) -> None:
    system = world.a_source_system()
    there = registered(world, system, [draw(1), draw(2)])
    headers = world.headers("records_manager", department=system.department)
    body = {"assert": [{"field": "custodian", "value": "Unit"}]}
    answer = api.patch(
        f"/v1/series/source-system/{system.code}/provenance", json=body, headers=headers | FIRST
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    follow = answer.headers["Location"]
    before = api.get(follow, headers=headers).json()
    assert (before["state"], before["total"], before["done"]) == ("waiting", 2, 0)
    world.work()
    after = api.get(follow, headers=headers).json()
    assert (after["state"], after["done"], after["refused"]) == ("done", 2, 0)
    assert after["finished_at"] is not None
    assert {custodian(world, asset) for asset in there} == {"Unit"}
    [version] = world.find(
        "SELECT change, recorded_by FROM provenance_versions WHERE asset_id = :id"
        " AND change ? 'series'",
        id=there[0],
    )
    assert version.change["series"] == f"source-system/{system.code}"


def test_a_statement_is_on_its_way_until_its_job_has_run(town: World, system: System) -> None:
    [asset] = registered(town, system, [draw(1)])
    asked = select(series_on_its_way()).where(AssetRow.id == asset)

    def on_its_way() -> bool | None:
        with town.worker.transaction() as db:
            return db.scalar(asked)

    assert on_its_way() is False
    stated = state(town, system, CUSTODIAN)
    assert on_its_way() is True
    enter(town, stated, asset)
    assert on_its_way() is False


def test_an_import_is_a_series_too(world: World, api: httpx2.Client) -> None:
    system = world.a_source_system()
    line = registration(system, draw(1)).model_dump_json()
    registrar = world.headers("registrar", "cataloguer", department=system.department)
    imported = api.post("/v1/imports", content=line, headers=registrar).json()["id"]
    world.work()
    body = {"assert": [{"field": "custodian", "value": "Unit"}]}
    answer = api.patch(
        f"/v1/series/import/{imported}/provenance", json=body, headers=registrar | FIRST
    )
    assert answer.json()["series"] == f"import/{imported}"
    world.work()
    [asset] = ids_in(world, system)
    assert custodian(world, asset) == "Unit"


def test_a_statement_for_nothing_yet_is_done_at_once(town: World, system: System) -> None:
    operation = operation_of(town, state(town, system, CUSTODIAN))
    assert (operation.state, operation.total) == ("done", 0)
    assert operation.finished_at is not None


def test_the_own_statement_beats_the_series_until_the_series_is_confirmed(
    town: World, system: System
) -> None:
    [asset] = registered(town, system, [draw(1)])
    town.change(asset, [Assertion("custodian", "Own")], role="cataloguer")
    enter(town, state(town, system, CUSTODIAN), asset)
    assert custodian(town, asset) == "Own"
    enter(town, state(town, system, CUSTODIAN, role="records_manager"), asset)
    assert custodian(town, asset) == "Photographic unit"
    town.change(asset, [Assertion("custodian", "Own")])
    assert custodian(town, asset) == "Own"


def test_a_registration_under_a_confirmed_status_starts_with_it(
    town: World, system: System
) -> None:
    status = Assertion("legal_status", ["government_record"])
    state(town, system, status, role="records_manager")
    [asset] = registered(town, system, [draw(1)])
    [[shown_status]] = town.find(
        "SELECT legal_status FROM provenance_versions WHERE asset_id = :id", id=asset
    )
    assert shown_status == ["government_record"]


def test_a_second_statement_follows_the_first(town: World, system: System) -> None:
    [asset] = registered(town, system, [draw(1)])
    first, second = state(town, system, CUSTODIAN), state(town, system, Assertion("custodian", "B"))
    enter(town, first, asset)
    enter(town, second, asset)
    assert [s.value for s in head_of(town, asset)[1].of("custodian")] == ["B"]


@pytest.mark.parametrize("times", [1, 2])
def test_an_older_job_that_runs_late_changes_nothing(
    town: World, system: System, times: int
) -> None:
    [asset] = registered(town, system, [draw(1)])
    first, second = state(town, system, CUSTODIAN), state(town, system, Assertion("custodian", "B"))
    enter(town, second, asset)
    for _ in range(times):
        enter(town, first, asset)
    assert head_of(town, asset)[0] == 2
    assert custodian(town, asset) == "B"


def test_an_older_job_that_runs_late_still_finishes_its_operation(
    town: World, system: System
) -> None:
    [asset] = registered(town, system, [draw(1)])
    first, second = state(town, system, CUSTODIAN), state(town, system, Assertion("custodian", "B"))
    enter(town, second, asset)
    enter(town, first, asset)
    assert operation_of(town, second).state == "done"
    assert operation_of(town, first).state == "done"


def test_a_job_that_runs_twice_counts_once(town: World, system: System) -> None:
    one, two = registered(town, system, [draw(1), draw(2)])
    stated = state(town, system, CUSTODIAN)
    enter(town, stated, one)
    enter(town, stated, one)
    operation = operation_of(town, stated)
    assert (operation.done, operation.state) == (1, "running")
    enter(town, stated, two)
    assert operation_of(town, stated).state == "done"


def test_a_job_that_runs_twice_does_not_undo_a_retraction_between(
    town: World, system: System
) -> None:
    [asset] = registered(town, system, [draw(1)])
    stated = state(town, system, CUSTODIAN)
    enter(town, stated, asset)
    town.change(asset, retractions=[Retraction(named(town, asset, "custodian"), "not this one")])
    enter(town, stated, asset)
    assert custodian(town, asset) is None


def test_statements_of_a_first_version_are_named_apart(town: World, system: System) -> None:
    for field, value in (("custodian", "A"), ("custodian", "B"), ("usage_terms", "C")):
        state(town, system, Assertion(field, value))
    [asset] = registered(town, system, [draw(1)])
    names = [s.id for s in head_of(town, asset)[1].statements]
    assert len(set(names)) == len(names)


def test_the_evidence_of_a_statement_for_a_series_stays_with_it(
    town: World, system: System
) -> None:
    state(town, system, Assertion("custodian", "Unit", evidence="deed of 1988, page 3"))
    [asset] = registered(town, system, [draw(1)])
    [one] = head_of(town, asset)[1].of("custodian")
    assert one.evidence == "deed of 1988, page 3"


def test_no_asset_is_missed_when_it_is_registered_meanwhile(town: World, system: System) -> None:
    waiting = [registration(system, draw(n)) for n in range(12)]
    stated: list[UUID] = []
    caller = town.someone("registrar", department=system.department)

    def register_some(part: int) -> None:
        for said in waiting[part::3]:
            with town.api.transaction() as db:
                register_one(db, caller, said)

    threads = [Thread(target=register_some, args=(part,)) for part in range(3)]
    threads.append(Thread(target=lambda: stated.append(state(town, system, CUSTODIAN))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [[args]] = town.find(
        "SELECT coalesce((SELECT jsonb_agg(args->'asset_ids') FROM procrastinate_jobs"
        " WHERE args->>'series_statements_id' = :id), '[]')",
        id=str(stated[0]),
    )
    there = [UUID(name) for ids in args for name in ids]
    enter(town, stated[0], *there)
    everywhere = ids_in(town, system)
    assert len(everywhere) == len(waiting)
    assert {custodian(town, asset) for asset in everywhere} == {"Photographic unit"}


@pytest.fixture
def theirs(town: World) -> tuple[System, str]:
    """Another department's system and import."""
    system = town.a_source_system()
    with town.api.transaction() as db:
        operation = state_for_series(
            db,
            town.someone("cataloguer", department=system.department),
            Series(f"source-system/{system.code}", system.department),
            Change([CUSTODIAN]),
        )
    return system, str(operation)


def test_another_departments_series_does_not_exist(
    town: World, town_api: httpx2.Client, theirs: tuple[System, str]
) -> None:
    system, operation = theirs
    stranger = town.headers("cataloguer", department=town.a_department())
    names = [f"source-system/{system.code}", "source-system/nowhere", "import/no-id"]
    names += [f"import/{operation}", f"import/{uuid4()}"]
    for name in names:
        body: dict[str, Any] = {"assert": [{"field": "custodian", "value": "Ours"}]}
        answer = town_api.patch(
            f"/v1/series/{name}/provenance", json=body, headers=stranger | FIRST
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), name


def test_a_piece_of_work_that_is_no_import_is_no_series(
    town: World, town_api: httpx2.Client, theirs: tuple[System, str]
) -> None:
    system, operation = theirs
    owner = town.headers("cataloguer", department=system.department)
    body = {"assert": [{"field": "custodian", "value": "Ours"}]}
    answer = town_api.patch(
        f"/v1/series/import/{operation}/provenance", json=body, headers=owner | FIRST
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"assert": []}, ""),
        ({"assert": [{"field": "nothing", "value": "x"}]}, "/assert/0"),
        ({"assert": [{"field": "legal_status", "value": ["mine"]}]}, "/assert/0"),
        ({"retract": [{"field": "title"}]}, "/retract/0/reason"),
        ({"assert": [{"field": "title", "value": "A"}], "resolve": []}, "/resolve"),
    ],
)
def test_a_malformed_statement_for_a_series_is_refused_with_its_place(
    town: World, town_api: httpx2.Client, body: dict[str, Any], pointer: str
) -> None:
    system = town.a_source_system()
    owner = town.headers("cataloguer", department=system.department)
    answer = town_api.patch(
        f"/v1/series/source-system/{system.code}/provenance", json=body, headers=owner | FIRST
    )
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("kind", ["source-system", "import"])
def test_a_series_whose_name_cannot_be_stored_does_not_exist(
    town: World, town_api: httpx2.Client, kind: str
) -> None:
    clerk = town.headers("cataloguer", department=town.a_department())
    body = {"assert": [{"field": "custodian", "value": "Ours"}]}
    answer = town_api.patch(f"/v1/series/{kind}/a%00b/provenance", json=body, headers=clerk | FIRST)
    assert answer.status_code in (404, 422)


def test_a_series_is_read_in_a_record_beside_the_own(town: World, system: System) -> None:
    state(town, system, CUSTODIAN)
    [asset] = registered(town, system, [draw(1)])
    town.change(asset, [Assertion("custodian", "Own")])
    [one] = [one for one in shown(town, asset).fields if one.field == "custodian"]
    assert (one.displayed, len(one.statements)) == ("Own", 2)


def test_writing_nothing_writes_nothing(town: World, system: System) -> None:
    [asset] = registered(town, system, [draw(1)])
    with town.worker.transaction() as db:
        write_versions(db, town.someone("auditor").agent, [])
        assert today(db, asset)[0] == 1


# -- named series, read and corrected --------------------------------------------------------------


def named_series(
    town: World, api: httpx2.Client, system: System, prefix: str = "file-"
) -> tuple[str, dict[str, str]]:
    """Name a series and return its address with the headers of a cataloguer."""
    headers = town.headers("cataloguer", department=system.department)
    body = {
        "code": f"{system.code}-series",
        "source_system": system.code,
        "identifier_prefix": prefix,
        "label": {"en": "Trams", "zh-Hant": "電車"},
    }
    added, again = (api.post("/v1/series", json=body, headers=headers) for _ in range(2))
    assert (added.status_code, again.status_code) == (201, 200)
    other = api.post("/v1/series", json=body | {"identifier_prefix": "x"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "series-exists")
    return f"/v1/series/series/{body['code']}/provenance", headers


def say(
    api: httpx2.Client, path: str, headers: dict[str, str], revision: int, **body: object
) -> httpx2.Response:
    return api.patch(path, json=body, headers=headers | {"If-Match": f'"{revision}"'})


UNIT = [{"field": "custodian", "value": "Unit"}]


def test_a_named_series_is_what_begins_alike_in_one_system(
    world: World, api: httpx2.Client
) -> None:
    system = world.a_source_system()
    mine = registered(world, system, [draw(1)], source_identifier="HK-1-7")
    other = registered(world, system, [draw(2)], source_identifier="HK-2-7")
    path, headers = named_series(world, api, system, "HK-1-")
    assert say(api, path, headers, 0, **{"assert": UNIT}).status_code == 202
    asked = (
        select(series_on_its_way()).where(AssetRow.id.in_([*mine, *other])).order_by(AssetRow.id)
    )
    with world.worker.transaction() as db:
        assert list(db.scalars(asked)) == [True, False]
    world.work()
    later = registered(world, system, [draw(3)], source_identifier="HK-1-8")
    assert [custodian(world, a) for a in (*mine, *other, *later)] == ["Unit", None, "Unit"]
    with world.worker.transaction() as db:
        assert list(db.scalars(asked)) == [False, False]
    listed = api.get("/v1/series", headers=headers).json()["items"]
    assert [one["series"] for one in listed] == [f"series/{system.code}-series"]


def test_a_series_is_read_and_changed_against_its_revision(
    world: World, api: httpx2.Client
) -> None:
    system = world.a_source_system()
    [asset] = registered(world, system, [draw(1)])
    path, headers = named_series(world, api, system)
    assert api.patch(path, json={"assert": UNIT}, headers=headers).status_code == 428
    assert say(api, path, headers, 1, **{"assert": UNIT}).status_code == 412
    said = say(api, path, headers, 0, **{"assert": UNIT})
    assert said.headers["ETag"] == '"1"'
    other = [{"field": "custodian", "value": "Other"}]
    assert say(api, path, headers, 0, **{"assert": other}).status_code == 412
    assert say(api, path, headers, 1, **{"assert": other}).status_code == 202
    shown = api.get(path, headers=headers)
    assert shown.headers["ETag"] == '"2"'
    told = shown.json()
    assert [s["value"] for s in told["statements"]] == ["Other"]
    assert [[s["value"] for s in one["statements"]] for one in told["stated"]] == [
        ["Unit"],
        ["Other"],
    ]
    world.work()
    assert custodian(world, asset) == "Other"


def test_what_is_taken_back_goes_from_every_record_with_its_reason(
    world: World, api: httpx2.Client
) -> None:
    system = world.a_source_system()
    one, two = registered(world, system, [draw(1), draw(2)])
    path, headers = named_series(world, api, system)
    say(api, path, headers, 0, **{"assert": UNIT})
    world.work()
    world.change(two, [Assertion("custodian", "Own")])
    gone = say(api, path, headers, 1, retract=[{"field": "custodian", "reason": "not ours"}])
    assert gone.status_code == 202
    world.work()
    later = registered(world, system, [draw(3)])
    assert [custodian(world, a) for a in (one, two, *later)] == [None, "Own", None]
    story = api.get(f"/v1/assets/{one}/provenance/fields/custodian/history", headers=headers)
    [told] = story.json()["statements"]
    assert (told["how"], told["reason"]) == ("retracted", "not ours")
    assert api.get(path, headers=headers).json()["statements"] == []
    nothing = say(api, path, headers, 2, retract=[{"field": "title", "reason": "r"}])
    assert (nothing.status_code, nothing.json()["code"]) == (409, "statement-not-current")


def test_a_legal_status_that_only_the_series_gave_stays_where_nothing_else_answers(
    town: World, system: System
) -> None:
    status = Assertion("legal_status", ["government_record"])
    state(town, system, status, role="records_manager")
    [asset] = registered(town, system, [draw(1)])
    own = named(town, asset, "legal_status")
    town.change(asset, retractions=[Retraction(own, "as its series")])
    caller = town.someone("records_manager", department=system.department)
    series = Series(f"source-system/{system.code}", system.department)
    with town.api.transaction() as db:
        back = [TakenBack("legal_status", None, "wrong")]
        operation = state_for_series(db, caller, series, Change(), taken_back=back)
        row = select(SeriesStatementsRow.id).where(SeriesStatementsRow.operation_id == operation)
        taken = db.scalars(row).one()
    enter(town, taken, asset)
    assert head_of(town, asset)[1].displayed("legal_status") == ["government_record"]
    with town.api.transaction() as db:
        assert stated_so_far(db, series.name)[1].statements == ()


@pytest.mark.parametrize(
    ("first", "second", "field", "may"),
    [
        ("cataloguer", "registrar", "custodian", False),
        ("cataloguer", "cataloguer", "custodian", True),
        ("records_manager", "cataloguer", "legal_status", False),
        ("records_manager", "records_manager", "legal_status", True),
    ],
)
def test_each_role_changes_what_of_a_series_is_its_own_to_change(
    town: World, system: System, first: str, second: str, field: str, *, may: bool
) -> None:
    value = ["undetermined"] if field == "legal_status" else "Unit"
    state(town, system, Assertion(field, value), role=first)
    if may:
        state(town, system, Assertion(field, value), role=second)
        return
    with pytest.raises(RoleMissing):
        state(town, system, Assertion(field, value), role=second)


def test_another_departments_named_series_does_not_exist(
    town: World, town_api: httpx2.Client, system: System
) -> None:
    path, _ = named_series(town, town_api, system)
    stranger = town.headers("cataloguer", department=town.a_department())
    assert town_api.get(path, headers=stranger).status_code == 404
    assert say(town_api, path, stranger, 0, **{"assert": UNIT}).status_code == 404
    assert town_api.get("/v1/series", headers=stranger).json()["items"] == []
