"""A small city for tests, built in the domain's words through the rooms' own services."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import procrastinate
import pytest
from ground import FURNISHED, Ground, open_database
from images import draw
from procrastinate.periodic import PeriodicRegistry
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from app.assets import sweeping
from app.assets.models import AssetRow, LocationRow, SourceSystemRow
from app.assets.service import SourceSystem, add_source_system
from app.catalogue.registration import Registration
from app.catalogue.service import register_one
from app.kit.db import Database
from app.kit.jobs import bind, queue
from app.kit.settings import settings
from app.ledger.agents import process
from app.ledger.sequencer import number_events
from app.people.roles import Principal, Role
from app.people.service import add_department, add_person, give_key, prove_key
from app.policies.packaged import packaged_documents
from app.policies.rules.bodies import BodyKind
from app.policies.service import record_document, registers_in_force
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.models import ProvenanceHeadRow
from app.provenance.service import change_provenance
from app.worker import LISTENERS

AGENT = process("test")
VERIFIED = "demo-instrument"
LEFT = "SELECT task_name, status, attempts FROM procrastinate_jobs WHERE status <> 'succeeded'"
assert LISTENERS  # their modules are what the queue's tasks are known by


@dataclass(frozen=True, slots=True)
class System:
    """A source system and the folder that its root is."""

    code: str
    department: str
    folder: Path


class World:
    """One database with the packaged policies, and a folder for the files it tells of."""

    def __init__(self, ground: Ground, database: str, folder: Path) -> None:
        self.ground = ground
        self.database = database
        self.folder = folder
        self.legal_basis = "hk-gc-2-2009"
        self._numbers = count(1)
        self._systems: dict[str, System] = {}
        self._open: dict[str, Database] = {}

    def close(self) -> None:
        """Give back all connections."""
        for database in self._open.values():
            database.close()

    # -- the database ----------------------------------------------------------------------------

    def urls(self, role: str) -> str:
        """Return the database's address for a role."""
        return self.ground.url(role, self.database)

    def as_role(self, role: str) -> Database:
        """Return the connections of one database role; tests commit through them."""
        if role not in self._open:
            self._open[role] = open_database(self.urls(role), pool_size=5)
        return self._open[role]

    @property
    def api(self) -> Database:
        """Return the connections of the web process's role."""
        return self.as_role("catalogue_api")

    @property
    def worker(self) -> Database:
        """Return the connections of the worker's role."""
        return self.as_role("catalogue_worker")

    @property
    def owner(self) -> Database:
        """Return the connections of the owner of all tables."""
        return self.as_role("catalogue_owner")

    def find(
        self, statement: str, role: str = "catalogue_worker", /, **values: object
    ) -> list[Any]:
        """Run one statement by raw SQL, commit it, and return its rows, if it has any."""
        with self.as_role(role).transaction() as db:
            result = db.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]

    # -- people ----------------------------------------------------------------------------------

    def a_department(
        self, code: str | None = None, policy: str | None = None, body_kind: BodyKind = "other"
    ) -> str:
        """Add a department; without a policy the city's default judges it."""
        code = code or f"department-{next(self._numbers)}"
        facts: Any = {"label": {"en": code.title()}, "policy_id": policy, "body_kind": body_kind}
        with self.api.transaction() as db:
            add_department(db, AGENT, code=code, **facts)
        return code

    def a_person(self, name: str = "Chan Siu Ming") -> UUID:
        """Add a person."""
        with self.api.transaction() as db:
            return add_person(db, AGENT, name)

    def a_key(
        self,
        *roles: str,
        department: str | None = None,
        person: UUID | None = None,
        valid_for: timedelta = timedelta(days=1),
    ) -> str:
        """Give a key and return it as a client sends it."""
        person = person or self.a_person()
        with self.api.transaction() as db:
            key = give_key(
                db,
                AGENT,
                person_id=person,
                roles=[Role(role) for role in roles],
                department=department,
                valid_for=valid_for,
            )
        return str(key)

    def headers(self, *roles: str, department: str | None = None) -> dict[str, str]:
        """Return what a request of a new key with these roles carries."""
        return {"Authorization": f"Bearer {self.a_key(*roles, department=department)}"}

    def someone(self, *roles: str, department: str | None = None) -> Principal:
        """Return a person who acts by a new key with these roles."""
        key = self.a_key(*roles, department=department)
        with self.api.transaction() as db:
            return prove_key(db, key)

    # -- policies --------------------------------------------------------------------------------

    def a_demo_policy(self, name: str = "demo-standard", **disposal_standard: object) -> str:
        """Publish a base policy that one surviving copy is enough for, and both registers.

        Name it when adding a department; `disposal_standard` overrides its duplicate standard.
        """
        city, _, _, statuses, instruments, *_ = deepcopy(packaged_documents())
        firm = {"version": "1.0.1", "status": "published", "effective_from": "2026-01-01"}
        statuses["register"] |= firm
        instruments["register"] |= firm
        verified = {"by": "Test", "on": "2026-01-01", "note": "for tests only"}
        one = instruments["instruments"][0] | {"id": VERIFIED, "requires": [], "applies_to": {}}
        instruments["instruments"].append(one | {"kind": "policy", "verified": verified})
        city["policy"] |= firm | {"id": name, "authority": [VERIFIED]}
        city["duplicate_standard"] |= {"min_verified_copies": 1} | disposal_standard
        with self.owner.transaction() as db:
            for document in (statuses, instruments, city):
                record_document(db, document)
        self.legal_basis = VERIFIED
        return name

    # -- assets ----------------------------------------------------------------------------------

    def a_source_system(
        self, department: str | None = None, folder: Path | None = None, **facts: object
    ) -> System:
        """Add a source system with a folder of its own."""
        code = str(facts.pop("code", f"system-{next(self._numbers)}"))
        department = department or self.a_department()
        folder = folder or self.folder / code
        folder.mkdir(parents=True, exist_ok=True)
        usual: dict[str, Any] = {
            "label": {"en": code},
            "custody_kind": "department",
            "failure_domain": code,
            "removable": False,
            "custody_ends_on": None,
        }
        system = SourceSystem(
            code=code, department=department, root=f"{folder.as_uri()}/", **(usual | facts)
        )
        with self.api.transaction() as db:
            add_source_system(db, AGENT, system)
        self._systems[code] = System(code, department, folder)
        return self._systems[code]

    def system(self, code: str) -> System:
        """Return a source system that was added before."""
        return self._systems[code]

    def a_bucket_system(self, root: str, department: str | None = None) -> str:
        """Add a source system over a bucket that this installation may read."""
        code, department = f"bucket-{next(self._numbers)}", department or self.a_department()
        facts: dict[str, Any] = {"custody_kind": "archive", "failure_domain": code}
        facts |= {"removable": False, "custody_ends_on": None}
        system = SourceSystem(code, department, {"en": code}, root, **facts)
        with self.api.transaction() as db:
            add_source_system(db, AGENT, system)
        self._systems[code] = System(code, department, Path())
        return code

    def an_asset(
        self,
        system: System | None = None,
        picture: bytes | None = None,
        *,
        name: str | None = None,
        legal_status: Sequence[str] = ("institution_owned_non_record",),
        **told: str,
    ) -> UUID:
        """Put a file where the system keeps its own and register it; nothing is read yet.

        Without `picture` a new one is drawn, which says of itself what `told` says.
        """
        system = system or self.a_source_system()
        number = next(self._numbers)
        name = name or f"picture-{number}.jpg"
        (system.folder / name).write_bytes(draw(number, told) if picture is None else picture)
        return self.register_location(system.code, name, legal_status=legal_status)

    def register_location(
        self,
        system: str,
        location: str,
        *,
        legal_status: Sequence[str] = ("institution_owned_non_record",),
    ) -> UUID:
        """Register whatever lies at a location; nothing is read yet."""
        said = Registration(
            source_system=system,
            source_identifier=location,
            location=location,
            original_name=location,
            legal_status=list(legal_status),
        )
        caller = self.someone("registrar", department=self._systems[system].department)
        with self.api.transaction() as db:
            return register_one(db, caller, said).asset_id

    def a_copy_of(self, asset_id: UUID, system: System | None = None) -> UUID:
        """Register another file of the same bytes, in another system of the same department."""
        file = self.file_of(asset_id)
        if system is None:
            [[department]] = self.find("SELECT department FROM assets WHERE id = :id", id=asset_id)
            system = self.a_source_system(department)
        number = 2 * next(self._numbers)  # copies that follow one another are a fault of a scanner
        return self.an_asset(system, file.read_bytes(), name=f"copy-{number}.jpg")

    def file_of(self, asset_id: UUID) -> Path:
        """Return where an asset's bytes lie."""
        place = (
            select(SourceSystemRow.code, LocationRow.path)
            .join(AssetRow, AssetRow.source_system == SourceSystemRow.code)
            .join(LocationRow, LocationRow.asset_id == AssetRow.id)
            .where(AssetRow.id == asset_id)
        )
        with self.worker.transaction() as db:
            code, path = db.execute(place).one()
        return self._systems[code].folder / path

    def a_complete_asset(self, system: System | None = None) -> UUID:
        """Register, read, fingerprint and compare an asset, and complete its record."""
        asset_id = self.an_asset(system)
        self.work()
        self.complete_record(asset_id)
        return asset_id

    # -- records ---------------------------------------------------------------------------------

    def answers(self) -> dict[str, Any]:
        """Return what the city default asks people for, each field answered."""
        return {
            "custodian": "Photographic unit",
            "custodian_kind": "department",
            "acquisition_method": "created",
            "acquisition_date": "2019-06",
            "title": "A tram at the corner",
            "creator": "Chan Siu Ming",
            "date_created": "2019-05-02",
            "digital_source_type": "digitalCapture",
            "legal_status": ["institution_owned_non_record"],
            "legal_basis": [self.legal_basis],
            "rights_statement": "InC",
            "personal_data_status": "none",
        }

    def complete_record(
        self, asset_id: UUID, *, without: Sequence[str] = (), **other: object
    ) -> int:
        """Assert everything the city default asks for, as a records manager; say the version."""
        said = {k: v for k, v in (self.answers() | other).items() if k not in without}
        return self.change(asset_id, [Assertion(field, value) for field, value in said.items()])

    def change(
        self,
        asset_id: UUID,
        assertions: Sequence[Assertion] = (),
        retractions: Sequence[Retraction] = (),
        choices: Sequence[Choice] = (),
        *,
        role: str = "records_manager",
    ) -> int:
        """Change a record as someone of its department; return the new version."""
        asked = select(AssetRow.department, ProvenanceHeadRow.version).join_from(
            AssetRow, ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id
        )
        with self.api.transaction() as db:
            department, head = db.execute(asked.where(AssetRow.id == asset_id)).one()
            statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
        caller = self.someone(role, department=department)
        change = Change(assertions, retractions, choices, statuses)
        with self.api.transaction() as db:
            return change_provenance(db, caller, asset_id, head, change).version

    # -- work ------------------------------------------------------------------------------------

    def work(self, *, by_the_clock: bool = False) -> None:
        """Run all jobs until none is left, then number what happened.

        The clock stands still unless asked to go: a test of what a sweep does calls it. All sweeps
        of a new database cost more than most tests, and some come in certain minutes of the hour.
        """
        bind(self.worker)
        address = make_url(self.urls("catalogue_worker")).set(drivername="postgresql")
        with pytest.MonkeyPatch.context() as clock:
            if not by_the_clock:
                stopped = PeriodicRegistry()  # type: ignore[no-untyped-call]
                clock.setattr(queue, "periodic_registry", stopped)
            asyncio.run(run_jobs(address.render_as_string(hide_password=False)))
        left = self.find(LEFT)
        assert not left, f"jobs that did not succeed: {left}"
        self.number()

    def lose_jobs(self) -> None:
        """Delete every job, as an accident would; sweeps have to notice."""
        self.find("DELETE FROM procrastinate_jobs", "catalogue_owner")

    def number(self) -> int:
        """Number the events behind the horizon."""
        with self.worker.transaction() as db:
            return number_events(db)


@contextmanager
def opened_world(ground: Ground, folder: Path) -> Iterator[World]:
    """Open a world on a database of its own."""
    world = World(ground, ground.clone(FURNISHED), folder)
    try:
        yield world
    finally:
        world.close()
        ground.drop(world.database)


@contextmanager
def a_while_later() -> Iterator[None]:
    """Let so much time have passed that sweeps leave nothing alone any more."""
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(sweeping, "LEFT_ALONE", timedelta(0))
        yield


@contextmanager
def sources_within(folder: Path) -> Iterator[None]:
    """Let sources lie in this folder alone, as an installation's settings do."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CATALOGUE_ALLOWED_ROOTS", json.dumps([str(folder)]))
        environment.setenv("CATALOGUE_SECRET_KEY", "for tests only")
        keep = folder.with_name(f"{folder.name}-keep")  # beside: sources may lie anywhere in it
        keep.mkdir(exist_ok=True)
        environment.setenv("CATALOGUE_KEEP", keep.as_uri())
        settings.cache_clear()
        yield
    settings.cache_clear()


async def run_jobs(conninfo: str) -> None:
    """Run the queue's jobs until it is empty; a job that fails is left there."""
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
