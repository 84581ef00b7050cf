"""What a policy would change is what the one statement says under it, counted and not done."""

import json
from typing import Any

import pytest
from httpx2 import Client
from quarter import Quarter
from whatif import CITY, WhatIf, everything, put
from world import World

from app.overview import simulating
from app.overview.service import stop
from app.overview.tasks import simulate_what_was_left
from app.policies.packaged import packaged_documents
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series

OWN_ROWS = {
    "operations",
    "operation_steps",
    "simulations",
    "simulation_parts",
    "simulation_changes",
}
FIELD = "/completeness/fields"
AGE = "/completeness/freshness/max_extractor_age_days"
LABEL = CITY["policy"]["label"]
REQUIRED = {"level": "required", "sources": ["asserted"], "unknown_allowed": False, "label": LABEL}


@pytest.fixture(scope="module")
def whatif(town: World) -> WhatIf:
    """Pairs, singles and unread files of three departments, complete, incomplete and blocked."""
    quarter = Quarter(town)
    whatif = WhatIf(quarter)
    pairs = [quarter.a_pair() for _ in range(3)]
    single, other, unread = (town.an_asset(quarter.one) for _ in range(3))
    policy = town.a_demo_policy("abroad")
    abroad = town.a_source_system(town.a_department(policy=policy, body_kind="charity"))
    across = town.an_asset(abroad, town.file_of(pairs[2][0]).read_bytes(), name="across.jpg")
    plain = town.a_source_system(town.a_department())
    lone = [town.an_asset(plain) for _ in range(2)]
    quarter.work()
    for pair in pairs:
        quarter.complete(*pair)
    quarter.complete(pairs[1][0], genre="news")
    quarter.complete(across, single)
    quarter.complete(other, legal_status=["archival_record"])
    quarter.complete(unread, without=["creator"])
    quarter.complete(lone[0])
    for asset_id, age in ((pairs[0][0], 20), (pairs[2][1], 40), (across, 40), (lone[0], 400)):
        quarter.age_reading(asset_id, age)
    town.an_asset(quarter.one)
    return whatif


DRAFTS: dict[str, tuple[str, Any]] = {
    "nothing": ("/policy/label/en", "Another name"),
    "a field nobody answers": (f"{FIELD}/place", REQUIRED),
    "a field one copy answers": (f"{FIELD}/genre", REQUIRED),
    "a field is asked no more": (f"{FIELD}/creator/level", "recommended"),
    "in some cases": (
        f"{FIELD}/supplier",
        REQUIRED | {"level": "required_when", "when": {"field": "genre", "in": ["news"]}},
    ),
    "more copies": ("/duplicate_standard/min_verified_copies", 2),
    "fresher fixity": ("/duplicate_standard/keeper_fixity_max_age_days", 1),
    "a longer recovery": ("/disposal/recovery_window_days", 400),
    "no authority": ("/policy/authority", []),
    "an unverified instrument": ("/policy/authority", ["hk-cap-142"]),
    "readings no older than a month": (AGE, 30),
    "readings no older than two weeks": (AGE, 14),
    "no conflicts block": ("/completeness/conflicts/unresolved_material_conflict_blocks", False),
}


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk in parts so small that copies of one image lie in several."""
    monkeypatch.setattr(simulating, "PART", 6)


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize(("pointer", "value"), DRAFTS.values(), ids=DRAFTS)
def test_a_simulation_counts_what_the_one_statement_would_say(
    whatif: WhatIf, pointer: str, value: object
) -> None:
    draft = whatif.draft(pointer, value)
    assert whatif.tried(draft) == whatif.naively(draft)


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("pointer", ["/disposal/recovery_window_days", f"{FIELD}/place"])
def test_a_draft_of_the_citys_own_policy_is_tried_on_all_it_judges(
    whatif: WhatIf, pointer: str
) -> None:
    draft = whatif.draft(pointer, 400 if "days" in pointer else REQUIRED, of="hk-city-default")
    assert whatif.tried(draft) == whatif.naively(draft)


@pytest.mark.usefixtures("in_parts")
def test_a_policy_is_tried_on_departments_that_do_not_name_it(whatif: WhatIf) -> None:
    draft = whatif.draft(f"{FIELD}/creator/level", "recommended", of="abroad")
    departments = (whatif.quarter.department,)
    found = whatif.tried(draft, departments=list(departments))
    assert found == whatif.naively(draft, departments=departments)
    assert found.newly


INSTRUMENTS = packaged_documents()[4]["instruments"]
IN_DOUBT = {"not": {"field": "genre", "in": ["portrait"]}}  # of most nobody knows
REGISTERS: dict[str, tuple[str, str, Any]] = {
    "nothing": ("legal-status", "/legal_status/undetermined/label/en", "Nobody knows"),
    "a status forbids": (
        "legal-status",
        "/legal_status/institution_owned_non_record",
        {"effect": "forbids", "label": LABEL},
    ),
    "a status asks for an appraisal": (
        "legal-status",
        "/legal_status/institution_owned_non_record",
        {
            "effect": "conditions",
            "conditions": ["appraised_no_archival_value"],
            "label": LABEL,
        },
    ),
    "a status forbids no more": (
        "legal-status",
        "/legal_status/archival_record",
        {"effect": "permits", "label": LABEL},
    ),
    "no instrument": ("legal-instruments", "/instruments", None),
    "an instrument that nobody verified": ("legal-instruments", "/instruments", ()),
    "an instrument binds whoever it did not": (
        "legal-instruments",
        "/instruments/3/applies_to/body_kinds",
        ["other", "mainland_body"],
    ),
    "an instrument asks for what a status asks": (
        "legal-instruments",
        "/instruments/3",
        INSTRUMENTS[3]
        | {"applies_to": {"when": IN_DOUBT}, "requires": ["appraised_no_archival_value"]},
    ),
    "an instrument that weakens keepers": (
        "legal-instruments",
        "/instruments/0/applies_to/body_kinds",
        ["charity"],
    ),
    "another schedule": ("retention-schedules", "/retention_schedules", None),
}


def a_register(whatif: WhatIf, name: str, pointer: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a draft; of instruments and schedules fewer, or less sure ones, than stand today."""
    draft = whatif.register(name, "/register/id", name)
    if value is None:
        draft[pointer.strip("/")] = draft[pointer.strip("/")][:1]
    elif value == ():
        for one in draft["instruments"]:
            one["verified"] = None
    else:
        draft = put(draft, pointer, value)
    return draft


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("supposed", REGISTERS.values(), ids=REGISTERS)
def test_a_draft_of_a_register_is_tried_like_a_policy(
    whatif: WhatIf, supposed: tuple[str, str, Any]
) -> None:
    draft = a_register(whatif, *supposed)
    assert whatif.tried(draft) == whatif.naively(draft)


def test_what_a_register_blocks_is_told_by_its_reason(whatif: WhatIf) -> None:
    forbidding, freeing = (
        a_register(whatif, *REGISTERS[name])
        for name in ("a status forbids", "a status forbids no more")
    )
    department = whatif.quarter.department
    found = whatif.tried(forbidding)
    assert found.moved[department, "candidate", "blocked_legal"]
    simulation_id = whatif.begin(forbidding)
    whatif.walk(simulation_id)
    told = {one.reason: one for one in whatif.read(simulation_id).reasons if one.gained.assets}
    assert set(told) >= {"legal:institution_owned_non_record"}
    assert any(was == "blocked_legal" for _, was, _ in whatif.tried(freeing).moved)


def test_a_register_is_tried_on_the_whole_city_and_by_its_own_name(
    whatif: WhatIf, town_api: Client, keys: dict[str, dict[str, str]]
) -> None:
    draft = a_register(whatif, *REGISTERS["a status forbids"])

    def asked(name: str, **body: Any) -> tuple[int, list[str]]:  # noqa: ANN401
        path = f"/v1/policies/{name}/simulations"
        answer = town_api.post(path, json=body, headers=keys["dashboard"])
        return answer.status_code, [one["pointer"] for one in answer.json().get("errors", ())]

    assert asked("legal-status", document=draft) == (202, [])
    assert asked("legal-status", version="1.0.0") == (202, [])
    assert asked("legal-status", version="7.7.7") == (404, [])
    assert asked("legal-instruments", document=draft) == (422, ["/document/register/id"])
    assert asked("legal-status", document=draft, departments=["x"]) == (422, ["/departments"])
    broken = put(draft, "/legal_status/undetermined/effect", "permits")
    status, [pointer] = asked("legal-status", document=broken)
    assert (status, pointer[:9]) == (422, "/document")


@pytest.mark.parametrize("draft", ["no authority", "more copies", "a field nobody answers"])
def test_a_last_copy_is_no_freer_than_what_is_on_its_way_to_it_allows(
    whatif: WhatIf, draft: str
) -> None:
    quarter, store = whatif.quarter, whatif.quarter.a_store()
    last = quarter.world.an_asset(store)
    quarter.work()
    quarter.complete(last)
    manager = quarter.world.someone("records_manager", department=quarter.department)
    with quarter.world.api.transaction() as db:
        series = series_for(db, manager, "source-system", store.code)
        state_for_series(db, manager, series, Change([Assertion("genre", "news")]))
    assert quarter.of(last).reasons[0] == "seal:stale"
    supposed = whatif.draft(*DRAFTS[draft])
    assert whatif.tried(supposed) == whatif.naively(supposed)
    quarter.work()
    assert whatif.tried(supposed) == whatif.naively(supposed)


def test_a_last_copy_is_listed_with_what_it_would_come_to(whatif: WhatIf) -> None:
    last = whatif.world.an_asset(whatif.quarter.one)
    whatif.quarter.work()
    whatif.quarter.complete(last)
    simulation_id = whatif.begin(whatif.draft(f"{FIELD}/place", REQUIRED))
    whatif.walk(simulation_id)
    [[was, becomes, newly, gained, lost]] = whatif.world.find(
        "SELECT was, becomes, newly, gained, lost FROM simulation_changes"
        " WHERE simulation_id = :simulation AND asset_id = :asset",
        simulation=simulation_id,
        asset=last,
    )
    assert (was, becomes, newly) == ("blocked_no_keeper", "blocked_incomplete", "incomplete")
    assert (gained, lost) == (["missing:place"], [])


def test_one_department_is_told_of_its_own_images_alone(whatif: WhatIf) -> None:
    whose = whatif.quarter.department
    caller = whatif.world.someone("dashboard", department=whose)
    draft = whatif.draft(f"{FIELD}/place", REQUIRED, of="abroad")
    assert whatif.tried(draft, caller) == whatif.naively(draft, scope=whose)
    theirs = whatif.draft(f"{FIELD}/place", REQUIRED)
    found = whatif.tried(theirs, caller)
    assert found == whatif.naively(theirs, scope=whose)
    assert {key[0] for key in found.newly} == {whose}


def test_something_of_everything_was_tried(whatif: WhatIf) -> None:
    moved = [whatif.naively(whatif.draft(*one)).moved for one in DRAFTS.values()]
    assert not moved[0]
    assert len([one for one in moved if one]) >= 6
    became = {becomes for one in moved for _, _, becomes in one}
    assert became >= {"blocked_incomplete", "blocked_legal", "blocked_no_keeper"}


def test_a_simulation_changes_nothing_but_its_own_rows(whatif: WhatIf) -> None:
    before = everything(whatif.world)
    simulation_id = whatif.begin(whatif.draft(f"{FIELD}/place", REQUIRED))
    whatif.walk(simulation_id)
    after = everything(whatif.world)
    assert {name for name in before if before[name] != after[name]} <= {
        *OWN_ROWS,
        "procrastinate_jobs",
        "procrastinate_events",
    }


def test_a_stopped_simulation_goes_no_further_and_keeps_what_it_has(
    whatif: WhatIf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "PART", 3)
    simulation_id = whatif.begin(whatif.draft(f"{FIELD}/place", REQUIRED))
    assert whatif.step(simulation_id)
    with whatif.world.api.transaction() as db:
        stop(db, whatif.quarter.auditor, simulation_id)
    told = whatif.read(simulation_id)
    assert (told.state, told.done) == ("cancelled", 3)
    assert not whatif.step(simulation_id)
    assert whatif.read(simulation_id) == told


def test_a_simulation_whose_job_was_lost_is_gone_on_with(
    whatif: WhatIf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "PART", 3)
    simulation_id = whatif.begin(draft := whatif.draft(f"{FIELD}/place", REQUIRED))
    whatif.step(simulation_id)
    whatif.world.lose_jobs()
    whatif.quarter.by_hand()
    simulate_what_was_left()
    told = whatif.read(simulation_id)
    assert told.state == "done"
    assert sum(one.assets for one in told.newly) == whatif.naively(draft).newly.total()
    assert whatif.walk(simulation_id) == 1, "a walk that is over is not walked again"
    assert whatif.read(simulation_id) == told


@pytest.fixture
def keys(whatif: WhatIf) -> dict[str, dict[str, str]]:
    whose = whatif.quarter.department
    return {
        "dashboard": whatif.world.headers("dashboard"),
        "own": whatif.world.headers("dashboard", department=whose),
        "other": whatif.world.headers("dashboard", department=whatif.world.a_department()),
    }


def test_a_simulation_by_http(
    whatif: WhatIf, town_api: Client, keys: dict[str, dict[str, str]]
) -> None:
    draft = whatif.draft(f"{FIELD}/place", REQUIRED)
    path = f"/v1/policies/{draft['policy']['id']}/simulations"
    begun = town_api.post(path, json={"document": draft}, headers=keys["dashboard"])
    assert begun.status_code == 202
    at = begun.headers["location"]
    whatif.quarter.work()
    told = town_api.get(at, headers=keys["dashboard"]).json()
    assert told["state"] == "done"
    lines = town_api.get(f"{at}/changes", headers=keys["dashboard"]).text.splitlines()
    listed = [json.loads(line) for line in lines]
    assert len(listed) == told["listed"]
    newly = [one for one in listed if one["newly"] == "incomplete"]
    assert len(newly) == sum(one["assets"] for one in told["newly"])
    assert {one["becomes"] for one in newly} == {"blocked_incomplete"}
    assert all("missing:place" in one["gained"] for one in newly)
    [reason] = [one for one in told["reasons"] if one["reason"] == "missing:place"]
    named = [one for one in listed if "missing:place" in one["gained"]]
    assert reason["gained"]["assets"] == len(named)
    assert town_api.get(at, headers=keys["own"]).status_code == 404
    assert town_api.post(f"{at}/cancel", headers=keys["dashboard"]).json()["code"] == (
        "simulation-over"
    )
    operation = town_api.get(f"/v1/operations/{told['id']}", headers=keys["dashboard"]).json()
    assert operation["state"] == "done"


def test_another_department_sees_neither_simulation_nor_total(
    whatif: WhatIf, town_api: Client, keys: dict[str, dict[str, str]]
) -> None:
    draft = whatif.draft(f"{FIELD}/place", REQUIRED)
    path = f"/v1/policies/{draft['policy']['id']}/simulations"
    mine = town_api.post(path, json={"document": draft}, headers=keys["own"])
    assert mine.status_code == 202
    for way in ("", "/changes"):
        at = mine.headers["location"] + way
        assert town_api.get(at, headers=keys["other"]).status_code == 404
    theirs = town_api.post(path, json={"document": draft}, headers=keys["other"]).json()
    assert (theirs["state"], theirs["total"]) == ("done", 0)
    named = {"document": draft, "departments": [whatif.quarter.department]}
    assert town_api.post(path, json=named, headers=keys["other"]).status_code == 404


def test_what_cannot_be_simulated_is_named(
    whatif: WhatIf, town_api: Client, keys: dict[str, dict[str, str]]
) -> None:
    def refused(body: dict[str, Any]) -> tuple[int, list[str]]:
        path = "/v1/policies/hk-city-default/simulations"
        answer = town_api.post(path, json=body, headers=keys["dashboard"])
        return answer.status_code, [one["pointer"] for one in answer.json()["errors"]]

    city = whatif.draft("/disposal/cooling_off_days", -1, of="hk-city-default")
    assert refused({"document": city}) == (422, ["/document/disposal/cooling_off_days"])
    assert refused({}) == (422, [])
    assert refused({"version": "7.7.7"}) == (404, [])
    other = whatif.draft("/disposal/cooling_off_days", 20)
    assert refused({"document": other}) == (422, ["/document/policy/id"])
    recorded = {"version": "1.0.0"}
    path = "/v1/policies/hk-city-default/simulations"
    done = town_api.post(path, json=recorded, headers=keys["dashboard"]).json()
    assert done["policy"] == "hk-city-default@1.0.0"


def test_put_puts_one_value_in() -> None:
    assert put({"a": {"b": 1}}, "/a/c", 2) == {"a": {"b": 1, "c": 2}}
