"""A handful of assets, made by the product itself, of which a seeded catalogue is the copies."""

import asyncio
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import procrastinate
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from app.assets.service import SourceSystem, add_source_system
from app.catalogue.registration import Registration
from app.catalogue.service import register
from app.cli.demo_policy import INSTRUMENT_ID, POLICY_ID, load_demo_documents
from app.kit.connecting import Addresses
from app.kit.db import Database
from app.kit.jobs import bind, queue
from app.kit.settings import settings
from app.ledger.agents import process
from app.ledger.sequencer import number_events
from app.people.roles import Principal, Role
from app.people.service import add_department, add_person, give_key, prove_key
from app.policies.service import registers_in_force
from app.provenance.changes import Assertion, Change
from app.provenance.models import ProvenanceHeadRow
from app.provenance.service import change_provenance
from app.worker import LISTENERS

AGENT = process("bench")
DEMO, CITY = "bench-demo", "bench-city"  # under a policy that authorises; under the city default
STORES = {"bench-one": DEMO, "bench-two": DEMO, "bench-three": CITY}
ANSWERS = {
    "custodian": "Photographic unit",
    "custodian_kind": "department",
    "acquisition_method": "created",
    "acquisition_date": "2019-06",
    "title": "A tram at the corner",
    "creator": "Chan Siu Ming",
    "date_created": "2019-05-02",
    "digital_source_type": "digitalCapture",
    "legal_status": ["institution_owned_non_record"],
    "legal_basis": [INSTRUMENT_ID],
    "rights_statement": "InC",
    "personal_data_status": "none",
}
assert LISTENERS  # noqa: S101 - their modules are what the queue's tasks are known by


@dataclass(frozen=True, slots=True)
class Family:
    """What a seeded catalogue repeats: the stores of its equal copies, and whether complete."""

    stores: tuple[str, ...]
    complete: bool


# Of seven assets: an exact pair that is complete, a complete single, four incomplete ones.
FAMILIES = (
    Family(("bench-one", "bench-two"), complete=True),
    Family(("bench-one",), complete=True),
    *(Family(("bench-three",), complete=False) for _ in range(4)),
)


def make_prototypes(found: Addresses, folder: Path) -> list[list[UUID]]:
    """Register, read, fingerprint, compare and complete one of each family; return their ids."""
    os.environ["CATALOGUE_ALLOWED_ROOTS"] = json.dumps([str(folder)])  # noqa: TID251
    settings.cache_clear()
    api, worker, owner = (Database(url, pool_size=2) for url in named(found))
    with owner.transaction() as db:
        load_demo_documents(db)
    for code, policy in ((DEMO, POLICY_ID), (CITY, None)):
        with api.transaction() as db:
            facts: Any = {"label": {"en": code}, "policy_id": policy, "body_kind": "other"}
            add_department(db, AGENT, code=code, **facts)
    for code, department in STORES.items():
        (folder / code).mkdir(parents=True, exist_ok=True)
        with api.transaction() as db:
            add_source_system(db, AGENT, store(code, department, folder / code))
    ids = [enter(api, number, family, folder) for number, family in enumerate(FAMILIES)]
    work(worker, found.worker)
    for family, members in zip(FAMILIES, ids, strict=True):
        for asset_id in members if family.complete else ():
            complete(api, asset_id, STORES[family.stores[0]])
    work(worker, found.worker)
    for database in (api, worker, owner):
        database.close()
    return ids


def named(found: Addresses) -> Sequence[str]:
    """Return the addresses of the web, the worker and the owner."""
    assert found.owner is not None  # noqa: S101 - the bench's server is embedded
    return found.api, found.worker, found.owner


def store(code: str, department: str, folder: Path) -> SourceSystem:
    """Return a source system over a folder."""
    return SourceSystem(
        code=code,
        department=department,
        root=f"{folder.as_uri()}/",
        label={"en": code},
        custody_kind="department",
        failure_domain=code,
        removable=False,
        custody_ends_on=None,
    )


def picture(number: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """Draw a picture of noise; every number has its own bytes."""
    noise = hashlib.shake_256(str(number).encode()).digest(size[0] * size[1] * 3 // 64)
    small = Image.frombytes("RGB", (size[0] // 8, size[1] // 8), noise)
    out, exif = BytesIO(), Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Canon", "Canon EOS 5D", "2019:05:02 10:30:00"
    small.resize(size).save(out, "JPEG", exif=exif, quality=85)
    return out.getvalue()


def someone(api: Database, role: Role, department: str | None) -> Principal:
    """Return a person who acts by a new key."""
    return prove(api, a_key(api, role, department))


def a_key(api: Database, role: Role, department: str | None = None) -> str:
    """Give a new person a key and return it as a client sends it."""
    with api.transaction() as db:
        person_id = add_person(db, AGENT, "Bench")
        key = give_key(
            db,
            AGENT,
            person_id=person_id,
            roles=[role],
            department=department,
            valid_for=timedelta(days=30),
        )
    return str(key)


def prove(api: Database, key: str) -> Principal:
    """Return who acts by a key."""
    with api.transaction() as db:
        return prove_key(db, key)


def enter(api: Database, number: int, family: Family, folder: Path) -> list[UUID]:
    """Register one family's files."""
    found: list[UUID] = []
    for code in family.stores:
        name = f"prototype-{number}.jpg"
        (folder / code / name).write_bytes(picture(number))
        found += register_files(api, code, [name])
    return found


def register_files(api: Database, code: str, names: Sequence[str]) -> list[UUID]:
    """Register files of a store by reference, up to 500."""
    said = [
        Registration(
            source_system=code,
            source_identifier=name,
            location=name,
            original_name=name,
            legal_status=["institution_owned_non_record"],
        )
        for name in names
    ]
    caller = someone(api, Role.REGISTRAR, STORES[code])
    with api.transaction() as db:
        return [one.asset_id for one in register(db, caller, said) if hasattr(one, "asset_id")]


def complete(api: Database, asset_id: UUID, department: str) -> None:
    """Assert everything that the policies ask for, as a records manager."""
    caller = someone(api, Role.RECORDS_MANAGER, department)
    with api.transaction() as db:
        head = db.scalars(
            select(ProvenanceHeadRow.version).where(ProvenanceHeadRow.asset_id == asset_id)
        ).one()
        statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
        said = [Assertion(field, value) for field, value in ANSWERS.items()]
        change_provenance(db, caller, asset_id, head, Change(said, legal_statuses=statuses))


def work(worker: Database, url: str) -> None:
    """Run all jobs until none is left, then number what happened."""
    bind(worker)
    libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    asyncio.run(run_jobs(libpq))
    with worker.transaction() as db:
        left = db.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"))
        assert left == 0, "a job failed"  # noqa: S101
    with worker.transaction() as db:
        number_events(db)


async def run_jobs(conninfo: str) -> None:
    """Run the queue's jobs until it is empty."""
    connector = procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            await app.run_worker_async(
                wait=False,
                concurrency=1,
                delete_jobs="successful",
                listen_notify=False,
                install_signal_handlers=False,
            )
