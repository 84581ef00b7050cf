"""A backlog travels through the public API while real processes live, are killed, and end."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import Caller, House, wait_for
from images import draw

from app.cli.processes import await_ready

FILES = 8


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A web process on a database of its own."""
    opened = House(tmp_path / "house")
    with opened.running("serve") as web:
        await_ready(opened.url, web, opened.home)
        yield opened


def people(house: House) -> tuple[Caller, Caller, Caller]:
    """Enter two departments with a store each; return an operator and a manager of each."""
    operator = Caller(
        house.url,
        house.say("key", "create", "--person", "Ops", "--role", "operator", "--role", "auditor"),
    )
    managers = []
    for code in ("archive", "museum"):
        (house.sources / code).mkdir()
        operator.send(
            "/v1/departments", {"code": code, "label": {"en": code}, "body_kind": "other"}
        )
        store = {
            "code": f"{code}-store",
            "department": code,
            "label": {"en": code},
            "root": f"file://{house.sources / code}/",
            "custody_kind": "department",
            "failure_domain": code,
            "removable": False,
            "custody_ends_on": "none",
        }
        operator.send("/v1/source-systems", store)
        roles = ["--role", "registrar", "--role", "records_manager"]
        key = house.say("key", "create", "--person", code, *roles, "--department", code)
        managers.append(Caller(house.url, key))
    return operator, managers[0], managers[1]


def lines(house: House, code: str) -> bytes:
    """Draw a department's pictures, of which the other has the same, and list them."""
    found = []
    for number in range(FILES):
        name = f"{number}.jpg"
        (house.sources / code / name).write_bytes(draw(number, {"description": f"Tram {number}"}))
        found.append(
            f'{{"source_system": "{code}-store", "source_identifier": "{name}",'
            f' "location": "{name}", "original_name": "{name}",'
            f' "legal_status": ["institution_owned_non_record"]}}'
        )
    return "\n".join(found).encode()


STATED = {
    "custodian": "Photographic unit",
    "custodian_kind": "department",
    "acquisition_method": "created",
    "acquisition_date": "2019-06",
    "creator": "Chan Siu Ming",
    "date_created": "2019-05-02",
    "digital_source_type": "digitalCapture",
    "legal_status": ["institution_owned_non_record"],
    "legal_basis": ["hk-gc-2-2009"],
    "rights_statement": "InC",
}


@pytest.mark.timeout(300)  # a worker is killed and another starts, on a machine that may be busy
def test_a_backlog_reaches_its_answers_though_the_worker_is_killed(house: House) -> None:
    operator, archive, museum = people(house)
    imported = []
    for caller, code in ((archive, "archive"), (museum, "museum")):
        imported.append(caller.ask("POST", "/v1/imports", content=lines(house, code))["id"])
        said = [{"field": field, "value": value} for field, value in STATED.items()]
        caller.ask(
            "PATCH",
            f"/v1/series/source-system/{code}-store/provenance",
            json={"assert": said},
            headers=caller.headers | {"If-Match": '"0"'},
        )

    def counted() -> dict[str, int]:
        groups = operator.ask("GET", "/v1/eligibility")["groups"]
        return {g["status"]: g["assets"] for g in groups}

    with house.running("worker") as killed:
        wait_for(lambda: counted().get("blocked_incomplete", 0) > 0)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    with house.running("worker"):
        wait_for(lambda: counted() == {"blocked_incomplete": 2 * FILES})
        assert [operator.ask("GET", f"/v1/operations/{one}")["done"] for one in imported] == [
            FILES
        ] * 2
        answers = complete_one(archive, operator)
        assert answers["status"] == "blocked_legal"
        assert {"policy:example", "policy:no_authority"} <= set(answers["reasons"])
        wait_for(lambda: settled(operator))
        check_the_books(operator)
    assert "unforeseen" not in house.words("serve.log")


def complete_one(archive: Caller, operator: Caller) -> Any:  # noqa: ANN401 - JSON
    """Complete one record of the archive and ask about it."""
    [asset, *_] = archive.ask("GET", "/v1/assets", params={"missing": "personal_data_status"})[
        "items"
    ]
    path = f"/v1/assets/{asset['asset_id']}"
    before = operator.ask("GET", f"{path}/eligibility")
    assert before["reasons"] == [
        "missing:personal_data_status",
        "seal:stale",
        *before["reasons"][2:],
    ]
    version = archive.send_as_told("GET", f"{path}/provenance").headers["ETag"]
    said = {"assert": [{"field": "personal_data_status", "value": "none"}]}
    archive.ask("PATCH", f"{path}/provenance", json=said, headers={"If-Match": version})
    return operator.ask("GET", f"{path}/eligibility")


def every_asset(operator: Caller) -> list[str]:
    """List all assets."""
    return [
        a["asset_id"] for a in operator.ask("GET", "/v1/assets", params={"limit": 500})["items"]
    ]


def settled(operator: Caller) -> bool:
    """Tell whether everything that happened has its number."""
    return all(
        event["log_index"] is not None
        for one in every_asset(operator)
        for event in operator.ask("GET", f"/v1/assets/{one}/events", params={"limit": 500})["items"]
    )


def check_the_books(operator: Caller) -> None:
    """Check of every asset that each step was done once, told once, and in its order."""
    found = every_asset(operator)
    assert len(found) == 2 * FILES
    for one in found:
        happened = operator.ask("GET", f"/v1/assets/{one}/events", params={"limit": 500})["items"]
        index = {event["kind"]: event["log_index"] for event in happened}
        kinds = [event["kind"] for event in happened]
        assert [kinds.count(kind) for kind in ("ing", "mee", "mes", "ffa")] == [1, 1, 1, 1], kinds
        assert index["ing"] < index["mee"] < index["mes"] < index["ffa"]
        for part in ("readings", "fingerprints", "likenesses"):
            assert len(operator.ask("GET", f"/v1/assets/{one}/{part}")["items"]) == 1
