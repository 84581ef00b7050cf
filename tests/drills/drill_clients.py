"""Clients that repeat whatever was not answered; what was answered with 2xx is acknowledged."""

import json
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx2
import pytest
from drill_house import House
from images import draw

from app.assets.service import SourceSystem, add_source_system
from app.kit.connecting import EMBEDDED_NAME
from app.kit.db import Database
from app.kit.postgres.lease import lease
from app.kit.settings import settings
from app.ledger.agents import process
from app.people.roles import Role
from app.people.service import add_department, add_person, give_key

SYSTEM = "drill-store"
DEPARTMENT = "drill"
AGENT = process("drill")


def furnish(house: House) -> str:
    """Enter a department with a store and return the key of one who registers."""
    registering = (Role.REGISTRAR, Role.RECORDS_MANAGER)
    system = SourceSystem(
        code=SYSTEM,
        department=DEPARTMENT,
        label={"en": "Drill"},
        root=f"file://{house.sources}/",
        custody_kind="department",
        failure_domain="here",
        removable=False,
        custody_ends_on=None,
    )
    with lease(house.home) as cluster, pytest.MonkeyPatch.context() as environment:
        environment.setenv("CATALOGUE_ALLOWED_ROOTS", str(house.sources))
        settings.cache_clear()
        database = Database(cluster.url("catalogue_api", EMBEDDED_NAME), pool_size=1)
        with database.transaction() as db:
            facts: Any = {"label": {"en": "Drill"}, "policy_id": None, "body_kind": "other"}
            add_department(db, AGENT, code=DEPARTMENT, **facts)
            add_source_system(db, AGENT, system)
            key = give_key(
                db,
                AGENT,
                person_id=add_person(db, AGENT, "Registrar"),
                roles=registering,
                department=DEPARTMENT,
                valid_for=timedelta(days=1),
            )
        database.close()
    settings.cache_clear()
    return str(key)


def lines(count: int, files: Path, pictures: int) -> list[bytes]:
    """List so many copies; the first of each hundred lie there, two names for each picture."""
    made = [draw(number, {"description": f"Tram {number}"}) for number in range(pictures)]
    found = []
    for number in range(count):
        name = f"{number}.jpg"
        if number % 2 == 0 and number // 2 < 2 * pictures:
            (files / name).write_bytes(made[number // 2 % pictures])
        said = {
            "source_system": SYSTEM,
            "source_identifier": name,
            "location": name,
            "original_name": name,
            "legal_status": ["undetermined"],
        }
        found.append(json.dumps(said).encode())
    return found


@dataclass
class Acknowledged:
    """What clients were promised."""

    identifiers: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    unanswered: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def send_all(
    house: House, key: str, batches: Sequence[Sequence[bytes]], heard: Acknowledged, clients: int
) -> list[threading.Thread]:
    """Send batches by several clients at once; return their threads, already running."""
    waiting: Queue[Sequence[bytes]] = Queue()
    for batch in batches:
        waiting.put(batch)

    def client() -> None:
        while True:
            try:
                batch = waiting.get_nowait()
            except Empty:
                return
            send_one(house, key, batch, heard)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    return threads


def send_one(house: House, key: str, batch: Sequence[bytes], heard: Acknowledged) -> None:
    """Post one import until it is answered with 2xx, always under the same Idempotency-Key."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": str(uuid.uuid4()),
        "Content-Type": "application/x-ndjson",
    }
    while True:
        try:
            with httpx2.Client(
                base_url=house.url, timeout=60, trust_env=False, verify=False
            ) as http:
                answer = http.post("/v1/imports", content=b"\n".join(batch), headers=headers)
        except httpx2.TransportError:
            with heard.lock:
                heard.unanswered += 1
            time.sleep(0.2)
            continue
        with heard.lock:
            if answer.status_code < 300:
                heard.operations.append(answer.json()["id"])
                heard.identifiers += [json.loads(line)["source_identifier"] for line in batch]
                return
            if answer.status_code not in (409, 425, 429, 503):  # these say: not now
                heard.refused.append(f"{answer.status_code} {answer.text[:300]}")
                return
            heard.unanswered += 1
        time.sleep(0.5)


def operation(house: House, key: str, operation_id: str) -> Any:  # noqa: ANN401 - JSON
    """Read one operation; None while nobody answers."""
    try:
        with httpx2.Client(base_url=house.url, timeout=30, trust_env=False, verify=False) as http:
            headers = {"Authorization": f"Bearer {key}"}
            answer = http.get(f"/v1/operations/{operation_id}", headers=headers)
    except httpx2.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None
