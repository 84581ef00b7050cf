"""Registrations without pause, each one's answer remembered."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from house import Caller, House
from images import draw

MANY = 100_000


@dataclass
class Told:
    """What was answered: names acknowledged, and every other answer's status, code and header."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[tuple[int, str, str | None]] = field(default_factory=list)


def a_registrar(house: House) -> Caller:
    """Enter a department with one store; return a key to register in it."""
    operator = house.say("key", "create", "--person", "Ops", "--role", "operator")
    caller = Caller(house.url, operator)
    facts = {"code": "archive", "label": {"en": "Archive"}, "body_kind": "other"}
    caller.send("/v1/departments", facts)
    (house.sources / "archive").mkdir()
    store = {
        "code": "store",
        "department": "archive",
        "label": {"en": "Store"},
        "root": f"file://{house.sources / 'archive'}/",
        "custody_kind": "department",
        "failure_domain": "a shelf",
        "removable": False,
        "custody_ends_on": "none",
    }
    caller.send("/v1/source-systems", store)
    role = ["--role", "registrar", "--department", "archive"]
    return Caller(house.url, house.say("key", "create", "--person", "Registrar", *role))


def a_picture(house: House, number: int) -> dict[str, object]:
    """Draw a picture into the store and return what registers it."""
    name = f"{number}.jpg"
    (house.sources / "archive" / name).write_bytes(draw(number, {"description": f"Tram {number}"}))
    return {
        "source_system": "store",
        "source_identifier": name,
        "location": name,
        "original_name": name,
        "legal_status": ["undetermined"],
    }


@contextmanager
def traffic(house: House, caller: Caller, *, clients: int = 2) -> Iterator[Told]:
    """Register some ten pictures a second while the block lasts, an unanswered one again."""
    told, over = Told(), threading.Event()

    def register(first: int) -> None:
        with httpx2.Client(
            base_url=house.url, headers=caller.headers, timeout=60, verify=False
        ) as http:
            for number in range(first, MANY, clients):
                body = a_picture(house, number)
                while not over.is_set() and not _answered(http, body, told):
                    over.wait(0.1)
                if over.wait(0.1):
                    return

    threads = [threading.Thread(target=register, args=(one,)) for one in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _answered(http: httpx2.Client, body: dict[str, object], told: Told) -> bool:
    answer = http.post("/v1/assets", json=body)
    if answer.status_code in {200, 201}:
        told.acknowledged.append(str(body["source_identifier"]))
        return True
    problem = answer.json()
    told.refused.append((answer.status_code, problem["code"], answer.headers.get("Retry-After")))
    return False
