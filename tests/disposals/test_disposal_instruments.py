"""What instruments ask of records and bodies blocks as a legal status' conditions do."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from quarter import Quarter
from sqlalchemy.exc import DBAPIError
from world import AGENT, VERIFIED, System

from app.disposals.schemas import RuleOut
from app.kit.errors import NoSuchResource
from app.ledger.agents import Agent
from app.people.service import state_body_kind
from app.policies.rules.bodies import BodyKind

MAINLAND = "cn-archives-law-2020"
OPEN = "external_authority_agreement"


def a_store_of(quarter: Quarter, kind: BodyKind) -> System:
    """Add a store of a body of some kind, under the quarter's own policy."""
    department = quarter.world.a_department(policy="demo-standard", body_kind=kind)
    return quarter.world.a_source_system(department)


def a_pair_of(quarter: Quarter, kind: BodyKind) -> tuple[UUID, UUID]:
    """Register two equal files of a body of some kind, and complete their records."""
    store = a_store_of(quarter, kind)
    pair = quarter.a_pair(store, quarter.world.a_source_system(store.department))
    quarter.work()
    quarter.complete(*pair)
    return pair


def rule_of(quarter: Quarter, asset_id: UUID, reason: str) -> RuleOut:
    """Return the one rule that gives a reason."""
    [found] = [rule for rule in quarter.of(asset_id).rules if rule.reason == reason]
    return found


def forget_kind(quarter: Quarter, department: str) -> None:
    """Let nobody have stated a department's kind of body, as of those of before; by superuser."""
    guard = "departments_body_kind_told"
    steps = [
        f"ALTER TABLE departments DISABLE TRIGGER {guard}",
        "UPDATE departments SET body_kind = NULL, body_kind_event_id = NULL"  # noqa: S608
        f" WHERE code = '{department}'",
        f"ALTER TABLE departments ENABLE ALWAYS TRIGGER {guard}",
    ]
    quarter.world.ground.administer(*steps, database=quarter.world.database)


@pytest.mark.parametrize("answer", ["present", "sensitive"])
def test_personal_data_that_is_there_is_to_be_assessed_for_erasure(
    quarter: Quarter, single: UUID, answer: str
) -> None:
    quarter.complete(single, personal_data_status=answer)
    found = quarter.of(single)
    assert (found.status, found.reasons) == (
        "blocked_legal",
        ["legal:erasure_assessment", "last_copy"],
    )
    [binding] = found.instruments
    assert (binding.id, binding.verified, binding.requires) == (
        "hk-cap-486-s26",
        False,
        ["erasure_assessment"],
    )
    assert found.conditions == ["erasure_assessment"]
    told = rule_of(quarter, single, "legal:erasure_assessment")
    assert (told.rule, told.outcome) == ("instrument:hk-cap-486-s26:erasure_assessment", "unknown")
    assert told.basis == "legal-instruments@1.0.1#/instruments/1/requires"
    assert told.label is not None
    assert told.label["en"].endswith("(required by hk-cap-486-s26, unverified)")


def test_no_personal_data_asks_for_nothing(quarter: Quarter, single: UUID) -> None:
    quarter.complete(single)
    found = quarter.of(single)
    assert (found.reasons, found.conditions, found.instruments) == (["last_copy"], [], [])


def test_personal_data_that_nobody_looked_for_is_one_reason_and_not_two(
    quarter: Quarter, single: UUID
) -> None:
    quarter.complete(single, personal_data_status="unknown")
    assert quarter.of(single).reasons == ["personal_data:unknown", "last_copy"]


def test_personal_data_of_which_nothing_is_said_is_missing_and_nothing_else(
    quarter: Quarter,
) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    quarter.complete(asset_id, without=["personal_data_status"])
    assert quarter.of(asset_id).reasons == [
        "missing:personal_data_status",
        "seal:stale",
        "last_copy",
    ]


def test_a_government_body_is_asked_for_an_agreement_that_a_case_may_start_without(
    quarter: Quarter,
) -> None:
    keeper, copy = quarter.answers(*a_pair_of(quarter, "government_department"))
    assert (keeper.status, copy.status) == ("retained_keeper", "candidate")
    for answer in (keeper, copy):
        assert answer.conditions == [OPEN]
        assert [one.id for one in answer.instruments] == ["hk-gc-2-2009"]


def test_a_mainland_body_is_asked_for_appraisal_and_register(quarter: Quarter) -> None:
    _, copy = a_pair_of(quarter, "mainland_body")
    found = quarter.of(copy)
    wanted = {"legal:appraisal_record", "legal:destruction_register"}
    assert found.status == "blocked_legal"
    assert wanted <= set(found.reasons)
    assert found.conditions == ["appraisal_record", "destruction_register"]
    asked = [row for row in quarter.rows().values() if "?legal:destruction_register" in row.codes]
    counted = quarter.count_of("reason", "legal:destruction_register")
    assert counted.assets == len(asked) >= 2


def test_who_cites_an_instrument_is_bound_by_it(quarter: Quarter, single: UUID) -> None:
    quarter.complete(single, legal_basis=[VERIFIED, MAINLAND])
    found = quarter.of(single)
    assert {"legal:appraisal_record", "policy:unverified_instrument"} <= set(found.reasons)
    assert [one.id for one in found.instruments] == [MAINLAND]


def test_what_a_status_and_an_instrument_both_ask_is_asked_once(
    quarter: Quarter, single: UUID
) -> None:
    quarter.complete(
        single, legal_status=["government_record"], legal_basis=[VERIFIED, "hk-gc-2-2009"]
    )
    found = quarter.of(single)
    assert found.conditions.count(OPEN) == 1
    assert len(found.reasons) == len(set(found.reasons))


def test_a_keeper_of_a_body_that_fewer_instruments_bind_is_protected_less(
    quarter: Quarter,
) -> None:
    keeper = quarter.world.an_asset(a_store_of(quarter, "charity"))
    copy = quarter.world.a_copy_of(keeper, a_store_of(quarter, "government_bureau"))
    quarter.work()
    quarter.complete(keeper, copy)
    assert quarter.of(copy).reasons == ["keeper:legal_weaker", "awaiting:verdict"]


def test_a_keeper_of_a_body_that_more_instruments_bind_keeps(quarter: Quarter) -> None:
    keeper = quarter.world.an_asset(a_store_of(quarter, "government_bureau"))
    copy = quarter.world.a_copy_of(keeper, a_store_of(quarter, "charity"))
    quarter.work()
    quarter.complete(keeper, copy)
    assert quarter.statuses(keeper, copy) == ["retained_keeper", "candidate"]


def test_a_body_whose_kind_nobody_stated_is_no_answer_and_stating_it_is(quarter: Quarter) -> None:
    keeper, copy = a_pair_of(quarter, "charity")
    [[department]] = quarter.world.find("SELECT department FROM assets WHERE id = :a", a=copy)
    forget_kind(quarter, department)
    found = quarter.of(copy)
    assert (found.status, found.reasons) == (
        "blocked_legal",
        ["body_kind:unknown", "awaiting:verdict"],
    )
    told = rule_of(quarter, copy, "body_kind:unknown")
    assert (told.rule, told.outcome) == ("legal:body_kind", "unknown")
    with quarter.world.api.transaction() as db:
        state_body_kind(db, AGENT, department, "charity", "as its deed says")
    assert quarter.statuses(keeper, copy) == ["retained_keeper", "candidate"]
    with quarter.world.api.transaction() as db:
        state_body_kind(db, AGENT, department, "mainland_body", "moved")
    assert "legal:appraisal_record" in quarter.of(copy).reasons
    told_of = quarter.world.find(
        "SELECT convert_from(document, 'UTF8')::jsonb->>'before' FROM events"
        " WHERE kind = 'x:body-kind-stated' AND department = :d ORDER BY id",
        d=department,
    )
    assert told_of == [(None,), ("charity",)]


CHANGED: dict[str, str] = {
    "with no event": "body_kind_event_id = body_kind_event_id",
    "with the event of another change": "body_kind_event_id = event_id",
    "to nothing": "body_kind = NULL, body_kind_event_id = NULL",
}


@pytest.mark.parametrize("how", CHANGED.values(), ids=CHANGED)
def test_the_database_takes_no_kind_without_the_event_that_states_it(
    quarter: Quarter, how: str
) -> None:
    department = quarter.world.a_department(body_kind="charity")
    kind = "" if "NULL" in how else "body_kind = 'other', "
    change = f"UPDATE departments SET {kind}{how} WHERE code = :d"  # noqa: S608
    with pytest.raises(DBAPIError, match="no event of this transaction states this kind"):
        quarter.world.find(change, "catalogue_api", d=department)


def test_a_kind_is_stated_by_http_once_and_by_operators_of_its_scope(
    quarter: Quarter, town_api: httpx2.Client
) -> None:
    world = quarter.world
    department = world.a_department()
    path, operator = f"/v1/departments/{department}/body-kind", world.headers("operator")
    said = {"body_kind": "university", "reason": "by its ordinance"}
    for _ in range(2):
        answer = town_api.post(path, json=said, headers=operator)
        assert (answer.status_code, answer.json()["body_kind"]) == (200, "university")
        assert answer.json()["body_kind_label"]["zh-Hant"] == "大學"
    stated = "SELECT count(*) FROM events WHERE kind = 'x:body-kind-stated' AND department = :d"
    assert world.find(stated, d=department) == [(1,)]
    stranger = world.headers("operator", department=world.a_department())
    assert town_api.post(path, json=said, headers=stranger).status_code == 404
    nowhere = "/v1/departments/nowhere/body-kind"
    assert town_api.post(nowhere, json=said, headers=operator).status_code == 404


def test_a_stranger_to_the_department_states_nothing(quarter: Quarter) -> None:
    department = quarter.world.a_department()
    stranger = Agent("key:x", None, "elsewhere")
    with pytest.raises(NoSuchResource), quarter.world.api.transaction() as db:
        state_body_kind(db, stranger, department, "charity", "why not")


def test_the_answer_by_http_names_conditions_instruments_and_day(
    quarter: Quarter, single: UUID, town_api: httpx2.Client
) -> None:
    quarter.complete(single, personal_data_status="present")
    headers = quarter.world.headers("auditor")
    answer: Any = town_api.get(f"/v1/assets/{single}/eligibility", headers=headers).json()
    assert answer == quarter.of(single).model_dump(mode="json") | {
        "as_of": answer["as_of"],
        "log_index": answer["log_index"],
    }
    assert answer["instruments"][0]["requires"] == ["erasure_assessment"]
    assert (answer["retention_until"], answer["retention_reason"]["code"]) == (None, "no_class")
