"""Simulations run as the API and the worker do, and the answer found without any of their code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from quarter import Quarter
from sqlalchemy import Row

from app.disposals.eligibility import Question, eligibility
from app.disposals.service import ask as ask_today
from app.kit.db import judging
from app.kit.jobs import bind
from app.overview.schemas import SimulationOut
from app.overview.service import ask, show
from app.overview.simulating import simulate_part
from app.people.roles import Principal
from app.policies.documents import kind_of
from app.policies.packaged import packaged_documents
from app.policies.service import supposed_in_force
from app.policies.supposed import supposed_registers

Document = dict[str, Any]
CITY = packaged_documents()[0]
CHANGES = """
SELECT asset_id, was, becomes, newly, gained, lost FROM simulation_changes
 WHERE simulation_id = :simulation
"""


def put(document: Document, pointer: str, value: object) -> Document:
    """Return a document with one value put in, by JSON Pointer."""
    changed = deepcopy(document)
    place: Any = changed
    *way, last = pointer.strip("/").split("/")
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[int(last) if isinstance(place, list) else last] = value
    return changed


@dataclass
class Found:
    """What would change, by department."""

    newly: Counter[tuple[str, str]] = field(default_factory=Counter)
    moved: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    bytes_of_reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Moved:
    """What would change of one asset; the default is nothing."""

    was: str | None = None  # where the status changes
    becomes: str | None = None
    newly: str | None = None
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


class WhatIf:
    """A quarter in which policies are tried."""

    def __init__(self, quarter: Quarter) -> None:
        self.quarter, self.world = quarter, quarter.world

    def draft(self, pointer: str, value: object, of: str | None = None) -> Document:
        """Return the policy of the quarter's department with one rule put in."""
        [[document]] = self.world.find(
            "SELECT document FROM policy_versions WHERE document_id = :id ORDER BY id DESC LIMIT 1",
            id=of or self.policy,
        )
        changed = put(document, pointer, value)
        changed["policy"] |= {"version": "9.0.0", "status": "published"}
        return changed

    def register(self, name: str, pointer: str, value: object) -> Document:
        """Return a register of today with one value put in."""
        [[document]] = self.world.find(
            "SELECT document FROM policy_versions WHERE document_id = :id"
            " ORDER BY status = 'published' DESC, id DESC LIMIT 1",
            id=name,
        )
        changed = put(document, pointer, value)
        changed["register"] |= {"version": "9.0.0", "status": "published"}
        return changed

    @property
    def policy(self) -> str:
        [[name]] = self.world.find(
            "SELECT policy_id FROM departments WHERE code = :code", code=self.quarter.department
        )
        return str(name)

    def begin(self, document: Document, caller: Principal | None = None, **other: Any) -> UUID:  # noqa: ANN401
        """Ask, as the API does."""
        said: dict[str, Any] = {"document": document, "version": None, "departments": []} | other
        name = (document.get("policy") or document["register"])["id"]
        with self.world.api.transaction() as db:
            return ask(db, caller or self.quarter.auditor, name, **said)

    def walk(self, simulation_id: UUID) -> int:
        """Walk the catalogue as the task does, here; return in how many parts."""
        bind(self.world.worker)
        parts = 1
        while self.step(simulation_id):
            parts += 1
        return parts

    def step(self, simulation_id: UUID) -> bool:
        with self.world.worker.transaction() as db:
            return simulate_part(db, simulation_id)

    def read(self, simulation_id: UUID, caller: Principal | None = None) -> SimulationOut:
        with self.world.api.transaction() as db:
            return show(db, caller or self.quarter.auditor, simulation_id)

    def tried(self, document: Document, caller: Principal | None = None, **other: Any) -> Found:  # noqa: ANN401
        """Simulate and return what was counted."""
        simulation_id = self.begin(document, caller, **other)
        self.walk(simulation_id)
        told = self.read(simulation_id, caller)
        assert (told.state, told.done) == ("done", told.total)
        found = Found()
        for one in told.newly:
            found.newly[one.department, one.newly] += one.assets
        for moved in told.statuses:
            found.moved[moved.department, moved.was, moved.becomes] += moved.assets
            found.bytes[moved.department, moved.was, moved.becomes] += moved.bytes
        for reason in told.reasons:
            for kind, side in (("gained", reason.gained), ("lost", reason.lost)):
                if side.assets:
                    found.reasons[reason.department, kind, reason.reason] += side.assets
                    found.bytes_of_reasons[reason.department, kind, reason.reason] += side.bytes
        return found

    def told(self, document: Document, **other: Any) -> dict[UUID, Moved]:  # noqa: ANN401
        """Simulate and return what is listed, by asset."""
        simulation_id = self.begin(document, **other)
        self.walk(simulation_id)
        rows = self.world.find(CHANGES, simulation=simulation_id)
        return {row[0]: Moved(*row[1:4], *map(frozenset, row[4:])) for row in rows}

    def one_by_one(
        self, document: Document, departments: tuple[str, ...] = ()
    ) -> dict[UUID, Moved]:
        """Return what the one statement says otherwise under both books, by asset."""
        before, after = self.both(document, departments)
        found = {one: moved(was, after[one]) for one, was in before.items()}
        return {one: change for one, change in found.items() if change != Moved()}

    def naively(
        self, document: Document, scope: str | None = None, departments: tuple[str, ...] = ()
    ) -> Found:
        """Ask the one statement about everything, under both books, and compare in Python."""
        before, after = self.both(document, departments)
        found = Found()
        for asset_id, was in before.items():
            compare(found, was, after[asset_id], scope)
        return found

    def both(
        self, document: Document, departments: tuple[str, ...] = ()
    ) -> tuple[dict[UUID, Row[Any]], dict[UUID, Row[Any]]]:
        """Return the one statement's answers about everything, under both books."""
        with self.world.api.transaction() as db:
            today = ask_today(db)
            held = replace(today.book, as_if_sealed=True)
            if "register" in document:
                args = held.registers, kind_of(document), document, UUID(int=7)
                supposed = replace(held, registers=supposed_registers(*args))
            elif departments:
                policy = supposed_in_force(db, document, UUID(int=7))
                supposed = replace(held, supposed=(frozenset(departments), policy))
            else:
                policy = supposed_in_force(db, document, UUID(int=7))
                named, city = dict(held.assigned), held.city
                if policy.id in named:
                    named[policy.id] = policy
                city = policy if policy.id == city.id else city
                supposed = replace(held, city=city, assigned=named)
            with judging(db):
                before, after = (
                    {r.asset_id: r for r in db.execute(eligibility(Question(b, today.today)))}
                    for b in (held, supposed)
                )
        return before, after


def compare(found: Found, was: Row[Any], becomes: Row[Any], scope: str | None) -> None:
    """Count what differs between two answers about one asset."""
    if scope not in (None, was.department):
        return
    if newly := recompleted(was, becomes):
        found.newly[was.department, newly] += 1
    if was.status != becomes.status:
        found.moved[was.department, was.status, becomes.status] += 1
        found.bytes[was.department, was.status, becomes.status] += was.size_bytes
    before, after = reasons(was.codes), reasons(becomes.codes)
    for kind, codes in (("gained", after - before), ("lost", before - after)):
        for code in codes:
            found.reasons[was.department, kind, code] += 1
            found.bytes_of_reasons[was.department, kind, code] += was.size_bytes


def moved(was: Row[Any], becomes: Row[Any]) -> Moved:
    """Return what differs between two answers about one asset."""
    before, after = (frozenset(reasons(side.codes)) for side in (was, becomes))
    stays = was.status == becomes.status
    return Moved(
        None if stays else was.status,
        None if stays else becomes.status,
        recompleted(was, becomes),
        after - before,
        before - after,
    )


def recompleted(was: Row[Any], becomes: Row[Any]) -> str | None:
    """Return whether a record becomes complete or incomplete."""
    before, after = (not any(map(incomplete, side.codes)) for side in (was, becomes))
    if before == after:
        return None
    return "complete" if after else "incomplete"


def reasons(codes: Sequence[str | None]) -> set[str]:
    """Return an answer's reasons; an unknown and a failure are one, and no seal is missed."""
    return {code.lstrip("?") for code in codes if code not in (None, "seal:stale")}


def incomplete(code: str | None) -> bool:
    kinds = {"missing", "source", "conflict", "reading"}
    return code is not None and code.partition(":")[0] in kinds


def everything(world: Any) -> Mapping[str, str]:  # noqa: ANN401
    """Return a digest of each table's rows."""
    tables = world.find(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        name: world.find(
            f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {name} t",  # noqa: S608, E501
            "catalogue_owner",
        )[0][0]
        for (name,) in tables
    }
