"""A backlog travels through the public API while real processes live, are killed, and end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from images import draw

from app.cli.processes import await_ready, free_port, surroundings

COMMAND = "from app.cli import main; main()"
# A suite cannot wait for the half minute after which a silent worker counts as dead.
HASTY = {"CATALOGUE_WORKER_HEARTBEAT_SECONDS": "0.5", "CATALOGUE_WORKER_STALLED_SECONDS": "3"}
FILES = 8


class House:
    """An installation of its own: the embedded server, a web process, workers."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        self.home = home
        self.sources = home / "sources"
        self.sources.mkdir()
        port = free_port()
        measured = os.getenvb(b"COVERAGE_PROCESS_CONFIG")
        watched = {"COVERAGE_PROCESS_CONFIG": os.fsdecode(measured)} if measured else {}
        self.told = surroundings(home, [self.sources], port) | watched | HASTY
        self.url = f"http://127.0.0.1:{port}"

    @contextmanager
    def running(self, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of our commands; it is asked to end when the block ends."""
        with (self.home / f"{command}.log").open("ab") as log:
            code = [sys.executable, "-I", "-c", COMMAND, command]
            child = subprocess.Popen(code, cwd=self.home, env=self.told, stdout=log, stderr=log)  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)

    def say(self, *words: str) -> str:
        """Run a command to its end and return what it says."""
        code = [sys.executable, "-I", "-c", COMMAND, *words]
        done = subprocess.run(code, cwd=self.home, env=self.told, capture_output=True, check=True)  # noqa: S603
        return done.stdout.decode().strip()

    def words(self, log: str) -> str:
        """Return a log."""
        return (self.home / log).read_text("utf-8")


class Caller:
    """One key's way into the API."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **told: Any) -> Any:  # noqa: ANN401 - JSON
        """Send one request that must succeed."""
        answer = self.send_as_told(method, path, **told)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def send_as_told(self, method: str, path: str, **told: Any) -> httpx2.Response:  # noqa: ANN401
        """Send one request, whatever comes of it."""
        with httpx2.Client(base_url=self.url, headers=self.headers, timeout=60) as http:
            return http.request(method, path, **told)

    def send(self, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        """Post a body."""
        return self.ask("POST", path, json=body)


def wait_for(met: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.5)


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
        operator.send("/v1/departments", {"code": code, "label": {"en": code}})
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


def test_a_backlog_reaches_its_answers_though_the_worker_is_killed(house: House) -> None:
    operator, archive, museum = people(house)
    imported = []
    for caller, code in ((archive, "archive"), (museum, "museum")):
        imported.append(caller.ask("POST", "/v1/imports", content=lines(house, code))["id"])
        said = [{"field": field, "value": value} for field, value in STATED.items()]
        caller.ask(
            "PATCH", f"/v1/series/source-system/{code}-store/provenance", json={"assert": said}
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
    said = {"assert": [{"field": "personal_data_status", "value": "absent"}]}
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
