"""Registers are published like policies; a stamp is a new version that a second person signs."""

import pytest
from httpx2 import Client
from officers import Office, edition
from world import World

CIRCULAR = "hk-gc-2-2009"


@pytest.fixture
def office(api: Client, world: World) -> Office:
    return Office(api, world)


def stamped(office: Office, instrument: str = CIRCULAR) -> dict[str, object]:
    said = {"note": "read against the Gazette", "document_digest": "a" * 64, "reason": "checked"}
    path = f"/v1/legal-instruments/{instrument}/stamps"
    return dict(office.api.post(path, json=said, headers=office.ada).json())


def verified(office: Office) -> object:
    register = office.api.get("/v1/legal-instruments", headers=office.ada).json()
    [one] = [item for item in register["items"] if item["id"] == CIRCULAR]
    return one["verified"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("legal-status", "/v1/legal-statuses"),
        ("legal-instruments", "/v1/legal-instruments"),
        ("retention-schedules", "/v1/retention-schedules"),
    ],
)
def test_a_register_is_published_by_two_persons(office: Office, name: str, path: str) -> None:
    def held() -> tuple[str, str]:
        version = office.api.get(path, headers=office.ada).json()["register_version"]
        return version["version"], version["status"]

    assert held() == ("1.0.0", "example")
    office.publish(edition(name, version="1.0.3"))
    assert held() == ("1.0.3", "published")


def test_a_stamp_counts_once_a_second_person_has_signed_it(office: Office) -> None:
    draft = stamped(office)
    assert verified(office) is None
    assert office.approve(draft, office.ada).json()["code"] == "second-person-needed"
    assert office.approve(draft).status_code == 201
    told = verified(office)
    assert isinstance(told, dict)
    assert (told["by"], told["note"]) == ("Chan Siu Ming", "read against the Gazette")


def test_a_stamp_is_never_written_by_hand(office: Office) -> None:
    document = edition("legal-instruments", version="1.2.0")
    stamp = {"by": "Me", "on": "2026-01-01", "note": "trust me"}
    document["instruments"][0] = document["instruments"][0] | {"verified": stamp}
    refused = office.draft(document)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/instruments/0/verified"]
    told = office.api.post("/v1/policies/validations", json=document, headers=office.ada).json()
    assert told["valid"] is False


def test_a_stamp_stays_with_its_text_and_ends_with_a_change_of_it(office: Office) -> None:
    signed = office.approve(stamped(office)).json()
    register = signed["document"]
    register["register"] |= {"version": "1.1.0"}
    assert office.draft(register).status_code == 201
    register["register"] |= {"version": "1.1.1"}
    register["instruments"][0]["citation"]["en"] = "Another circular"
    refused = office.draft(register)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/instruments/0/verified"]


def test_an_instrument_that_nobody_knows_is_not_stamped(office: Office) -> None:
    assert stamped(office, "unheard-of")["code"] == "not-found"


def test_of_two_stamps_on_one_version_the_second_is_made_again(office: Office) -> None:
    first, second = stamped(office), stamped(office, "hk-cap-142")
    assert office.approve(first).status_code == 201
    assert office.approve(second).json()["code"] == "policy-version-not-higher"
    assert office.approve(stamped(office, "hk-cap-142")).status_code == 201
    assert verified(office) is not None, "the first stamp was lost"
