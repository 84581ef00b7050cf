"""Two different persons, or it does not hold."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx2 import Client
from officers import Office, edition, overlay
from sqlalchemy.exc import DBAPIError
from world import World

NEWS = {"disposal": {"cooling_off_days": 99}}
INSERT = (
    "INSERT INTO policy_versions (event_id, kind, document_id, version, digest, document, status,"
    " effective_from) SELECT event_id, kind, document_id, '9.9.9', digest, document, 'published',"
    " effective_from FROM policy_versions LIMIT 1"
)


@pytest.fixture
def office(api: Client, world: World) -> Office:
    return Office(api, world)


def test_a_policy_holds_once_two_persons_have_signed_it(office: Office) -> None:
    document = edition("hk-city-default", version="2.0.0")
    drafted = office.draft(document)
    assert drafted.status_code == 201
    assert drafted.json()["proposed"] is drafted.json()["approved"] is None
    assert office.held("hk-city-default")["version"] == "1.0.0"
    proposed = office.propose(drafted.json()).json()
    assert proposed["proposed"]["reason"] == "council decision 12/2026"
    assert office.held("hk-city-default")["version"] == "1.0.0"
    published = office.approve(drafted.json()).json()
    assert published["approved"]["person_id"] != published["proposed"]["person_id"]
    held = office.held("hk-city-default")
    assert (held["version"], held["status"]) == ("2.0.0", "published")
    assert held["digest"] == drafted.json()["digest"]


def test_the_same_draft_again_is_the_same_and_another_is_another(office: Office) -> None:
    first = office.draft(edition("hk-city-default", version="2.0.0"))
    again = office.draft(edition("hk-city-default", version="2.0.0", status="published"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = office.draft(edition("hk-city-default", version="2.0.0", authority=["hk-cap-142"]))
    assert other.status_code == 201
    page = office.api.get("/v1/policies/hk-city-default/drafts", headers=office.ada).json()
    assert [one["digest"] for one in page["items"]] == [
        other.json()["digest"],
        first.json()["digest"],
    ]


def test_whoever_proposed_cannot_sign_even_by_another_key(office: Office, world: World) -> None:
    person = world.a_person()
    keys = [
        {"Authorization": f"Bearer {world.a_key('policy_officer', person=person)}"}
        for _ in range(2)
    ]
    draft = office.draft(overlay("paper", NEWS)).json()
    office.propose(draft, keys[0])
    refused = office.approve(draft, keys[1])
    assert (refused.status_code, refused.json()["code"]) == (409, "second-person-needed")
    assert office.approve(draft).status_code == 201


def test_nothing_is_signed_before_it_is_proposed_or_twice(office: Office) -> None:
    draft = office.draft(overlay("paper", NEWS)).json()
    assert office.approve(draft).status_code == 404
    office.propose(draft)
    assert office.propose(draft, office.ben).json()["code"] == "already-proposed"
    office.approve(draft)
    assert (
        office.approve(draft, office.world.headers("policy_officer")).json()["code"]
        == "already-signed"
    )


def test_a_signature_is_under_a_digest_and_no_other(office: Office) -> None:
    draft = office.draft(overlay("paper", NEWS)).json()
    assert office.propose(draft | {"digest": "0" * 64}).status_code == 404


@pytest.mark.parametrize("role", ["operator", "auditor", "records_manager", "curator", "registrar"])
def test_only_a_policy_officer_of_the_whole_city_publishes(office: Office, role: str) -> None:
    department = office.world.a_department()
    key = office.world.headers(role, department=department)
    assert office.draft(overlay("paper", NEWS), key).json()["code"] == "role-missing"
    scoped = office.world.headers("policy_officer", department=department)
    assert office.draft(overlay("paper", NEWS), scoped).json()["code"] == "role-missing"
    draft = office.draft(overlay("paper", NEWS)).json()
    assert office.propose(draft, scoped).json()["code"] == "role-missing"
    office.propose(draft)
    assert office.approve(draft, key).json()["code"] == "role-missing"
    assert office.approve(draft, scoped).json()["code"] == "role-missing"


def test_a_version_must_be_higher_than_what_was_published(office: Office) -> None:
    office.publish(edition("hk-city-default", version="2.0.0"))
    for version in ("2.0.0", "1.9.0"):
        refused = office.draft(edition("hk-city-default", version=version))
        assert refused.json()["code"] == "policy-version-not-higher"


def test_two_drafts_of_one_version_end_with_one(office: Office) -> None:
    first, second = (
        office.draft(overlay("paper", {"disposal": {"cooling_off_days": days}})).json()
        for days in (20, 30)
    )
    for draft in (first, second):
        assert office.propose(draft).status_code == 201
    assert office.approve(second).status_code == 201
    assert office.approve(first).json()["code"] == "policy-version-not-higher"


def test_nothing_holds_from_a_day_that_is_over(office: Office) -> None:
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011 - as the database counts days
    draft = office.draft(
        edition("hk-city-default", version="2.0.0", effective_from=f"{yesterday}")
    ).json()
    office.propose(draft)
    assert office.approve(draft).json()["code"] == "policy-effective-in-past"


def test_a_version_of_tomorrow_supersedes_tomorrow(office: Office) -> None:
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011
    office.publish(edition("hk-city-default", version="2.0.0", effective_from=f"{tomorrow}"))
    assert office.held("hk-city-default")["version"] == "1.0.0"


def test_an_overlay_that_loosens_is_no_draft_and_the_rule_is_named(office: Office) -> None:
    refused = office.draft(overlay("paper", {"disposal": {"cooling_off_days": 1}}))
    assert refused.json()["code"] == "policy-loosens"
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/disposal/cooling_off_days"]


@pytest.mark.parametrize("status", ["example", "superseded", "final", None])
def test_a_draft_says_no_other_status(office: Office, status: str | None) -> None:
    refused = office.draft(edition("hk-city-default", version="2.0.0", status=status))
    assert refused.json()["code"] == "policy-malformed"
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/policy/status"]


def test_a_policy_cannot_take_a_registers_name(office: Office) -> None:
    refused = office.draft(edition("hk-city-default", id="legal-status", version="3.0.0"))
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/policy/id"]


def test_a_validation_names_every_fault_and_keeps_nothing(office: Office, world: World) -> None:
    def validated(document: object) -> dict[str, Any]:
        key = world.headers("auditor")
        return dict(office.api.post("/v1/policies/validations", json=document, headers=key).json())

    good = edition("hk-city-default", version="2.0.0")
    told = validated(good)
    assert told["valid"] is True
    bad = edition("hk-city-default", {"thumbs": 1}, version="two", effective_from="soon")
    faults = validated(bad)["faults"]
    assert {one["pointer"] for one in faults} == {
        "/policy/version",
        "/policy/effective_from",
        "/thumbs",
    }
    looser = overlay("paper", {"disposal": {"cooling_off_days": 1, "permit_valid_hours": 99}})
    said = validated(looser)
    assert said["code"] == "policy-loosens"
    assert len(said["faults"]) == 2
    assert validated({})["faults"] == [
        {"pointer": "", "detail": "a document has a header: `policy`, or `register`"}
    ]
    assert world.find("SELECT count(*) FROM policy_drafts") == [(0,)]
    assert office.draft(good).json()["digest"] == told["digest"]


def test_an_overlay_over_a_superseded_base_blocks_until_it_is_put_over_the_new_one(
    office: Office, world: World
) -> None:
    office.publish(edition("hk-city-default", version="2.0.0"))
    office.publish(overlay("paper", NEWS, extends="hk-city-default@2.0.0"))
    store = world.a_source_system(world.a_department(policy="paper"))
    asset_id = world.an_asset(store)

    def policy_codes() -> list[str]:
        path = f"/v1/assets/{asset_id}/eligibility"
        reasons = office.api.get(path, headers=world.headers("auditor")).json()["reasons"]
        return [one for one in reasons if one in {"policy:superseded", "policy:example"}]

    assert policy_codes() == []
    office.publish(edition("hk-city-default", version="2.1.0"))
    assert policy_codes() == ["policy:superseded"]
    office.publish(overlay("paper", NEWS, extends="hk-city-default@2.1.0", version="1.2.0"))
    assert policy_codes() == []


def test_a_departments_policy_takes_two_persons(office: Office, world: World) -> None:
    department = world.a_department()
    path = f"/v1/departments/{department}"

    def ask(what: str, key: dict[str, str], **said: object) -> dict[str, object]:
        answer = office.api.post(
            f"{path}/policy-{what}", json=said | {"reason": "as agreed"}, headers=key
        )
        return dict(answer.json())

    def named() -> list[tuple[str | None]]:
        return world.find("SELECT policy_id FROM departments WHERE code = :code", code=department)

    first = ask("proposals", office.ada, policy_id="newsroom")
    assert named() == [(None,)]
    assert ask("proposals", office.ben, policy_id="newsroom")["code"] == "already-proposed"
    proposal = {"proposal_id": first["proposal_id"]}
    assert ask("approvals", office.ada, **proposal)["code"] == "second-person-needed"
    assert ask("approvals", office.ben, **proposal)["policy_id"] == "newsroom"
    assert named() == [("newsroom",)]
    assert ask("approvals", office.ben, **proposal)["code"] == "assignment-overtaken"
    assert ask("proposals", office.ada, policy_id="newsroom")["code"] == "assignment-overtaken"
    back = ask("proposals", office.ada, policy_id=None)
    ask("approvals", office.ben, proposal_id=back["proposal_id"])
    assert named() == [(None,)]
    assert ask("proposals", office.ada, policy_id="unheard-of")["code"] == "no-policy-in-force"
    listed = office.api.get(f"{path}/policy-proposals", headers=office.ada).json()["items"]
    assert [one["policy_id"] for one in listed] == [None, "newsroom"]


def test_an_older_proposal_is_overtaken_by_a_later_one(office: Office, world: World) -> None:
    path = f"/v1/departments/{world.a_department()}"
    made = [
        office.api.post(
            f"{path}/policy-proposals", json={"policy_id": p, "reason": "r"}, headers=office.ada
        ).json()
        for p in ("newsroom", "hk-film-archive")
    ]
    said = {"proposal_id": made[0]["proposal_id"], "reason": "r"}
    refused = office.api.post(f"{path}/policy-approvals", json=said, headers=office.ben)
    assert refused.json()["code"] == "assignment-overtaken"


def test_another_departments_officer_sees_no_department(office: Office, world: World) -> None:
    key = world.headers("policy_officer", department=world.a_department())
    path = f"/v1/departments/{world.a_department()}/policy-proposals"
    assert office.api.get(path, headers=key).status_code == 404
    said = {"policy_id": "newsroom", "reason": "r"}
    assert office.api.post(path, json=said, headers=key).status_code == 404


# -- the database refuses by itself ----------------------------------------------------------------


def test_a_version_without_two_signatures_is_refused_by_the_database_itself(world: World) -> None:
    with pytest.raises(DBAPIError, match="no two persons signed this version"):
        world.find(INSERT, "catalogue_api")


def test_a_signature_of_one_person_twice_is_refused_by_the_database_itself(
    office: Office, world: World
) -> None:
    office.propose(office.draft(overlay("paper", NEWS)).json())
    with pytest.raises(DBAPIError, match="ck_policy_approvals_two_persons"):
        world.find(
            "INSERT INTO policy_approvals (proposal_id, proposed_by, approved_by, reason, event_id)"
            " SELECT id, person_id, person_id, 'r', event_id FROM policy_proposals",
            "catalogue_api",
        )


def test_an_old_signature_publishes_nothing_later(office: Office, world: World) -> None:
    office.publish(overlay("paper", NEWS))
    with pytest.raises(DBAPIError, match="no two persons signed this version"):
        world.find(INSERT.replace("LIMIT 1", "WHERE document_id = 'paper'"), "catalogue_api")


def test_a_department_is_not_judged_otherwise_by_one_hand(world: World) -> None:
    world.a_department()
    with pytest.raises(DBAPIError, match="no two persons signed this assignment"):
        world.find("UPDATE departments SET policy_id = 'newsroom'", "catalogue_api")
