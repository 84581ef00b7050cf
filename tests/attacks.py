"""Raw SQL as one database role, and what the database answers to it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy.engine import make_url
from world import World

from app.readings import tasks as reading_tasks

PRIVILEGE = "42501"  # insufficient_privilege
NOT_NULL = "23502"
CHECK = "23514"
FOREIGN_KEY = "23503"
APPEND_ONLY = "23001"  # restrict_violation, as our trigger says it
Step = tuple[str, dict[str, Any]]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """How the database said no."""

    state: str
    constraint: str | None
    column: str | None


@dataclass(frozen=True, slots=True)
class City:
    """A world with assets at every stage, which all refusals share: none of them changes it."""

    world: World
    event: UUID
    policy: UUID  # the city's version, which is the standard that pairs are found under
    registered: UUID  # not read
    read: UUID  # read and nothing else
    sealed: UUID  # complete, fingerprinted, compared
    copy: UUID  # of `sealed`: the same bytes, in another file
    other: UUID  # complete, other bytes
    undetermined: UUID  # legal status stated as such
    unreadable: UUID  # fingerprinted for fixity, never complete
    empty: tuple[UUID, UUID]  # two files without a byte
    kept: dict[str, psycopg.Connection[tuple[Any, ...]] | None] = field(default_factory=dict)

    def connect(self, role: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection of one role, with nothing of ours between."""
        address = make_url(self.world.urls(role)).set(drivername="postgresql")
        return psycopg.connect(address.render_as_string(hide_password=False))

    @contextmanager
    def at_hand(self, role: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Lend a role's connection; whatever is done over it is rolled back."""
        connection = self.kept.setdefault(role, None) or self.connect(role)
        self.kept[role] = connection
        try:
            yield connection
        finally:
            connection.rollback()

    def close(self) -> None:
        """Close what is at hand."""
        for connection in self.kept.values():
            if connection is not None:
                connection.close()

    def ask(self, statement: str, **values: object) -> Any:  # noqa: ANN401 - any one value
        """Return the first value of the first row."""
        with self.at_hand("catalogue_worker") as connection:
            row = connection.execute(bound(statement), values).fetchone()
        assert row is not None
        return row[0]

    def reading_of(self, asset_id: UUID) -> UUID:
        """Return an asset's newest reading."""
        newest = "SELECT id FROM readings WHERE asset_id = :a ORDER BY ordinal DESC LIMIT 1"
        found: UUID = self.ask(newest, a=asset_id)
        return found

    def fingerprint_of(self, asset_id: UUID) -> UUID:
        """Return an asset's newest fingerprint."""
        newest = "SELECT id FROM fingerprints WHERE asset_id = :a ORDER BY id DESC LIMIT 1"
        found: UUID = self.ask(newest, a=asset_id)
        return found

    def head_of(self, asset_id: UUID) -> int:
        """Return the version that stands."""
        found: int = self.ask(
            "SELECT version FROM provenance_heads WHERE asset_id = :a", a=asset_id
        )
        return found


def build_city(world: World) -> City:
    """Let work be done on some assets and leave the others where they are."""
    archive, museum = world.a_department("archive"), world.a_department("museum")
    system = world.a_source_system(archive, code="archive-store")
    world.a_source_system(museum, code="museum-store")
    sealed, other = world.an_asset(system), world.an_asset(system)
    copy = world.a_copy_of(sealed)
    undetermined = world.an_asset(system, legal_status=["undetermined"])
    unreadable = world.an_asset(system, b"not an image", name="note.txt")
    empty = (world.an_asset(system, b"", name="e1"), world.an_asset(system, b"", name="e2"))
    world.work()
    for asset_id in (sealed, copy, other, unreadable):
        world.complete_record(asset_id)
    world.complete_record(undetermined, legal_status=["undetermined"])
    registered, read = world.an_asset(system), world.an_asset(system)
    reading_tasks.read_files([read])
    [[policy]] = world.find("SELECT id FROM policy_versions WHERE document_id = 'hk-city-default'")
    [[event]] = world.find("SELECT id FROM events LIMIT 1")
    return City(
        world, event, policy, registered, read, sealed, copy, other, undetermined, unreadable, empty
    )


def bound(statement: str) -> Any:  # noqa: ANN401 - psycopg wants a literal
    """Write `:name` as psycopg does, leaving casts alone."""
    return re.sub(r"(?<!:):([a-z_]\w*)", r"%(\1)s", statement.replace("%", "%%"))


def insert(table: str, row: Row) -> Step:
    """Write one row in, column by column."""
    values = {k: Jsonb(v) if isinstance(v, dict) else v for k, v in row.items()}
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})", values  # noqa: S608 - our own names


def run(connection: psycopg.Connection[tuple[Any, ...]], steps: Sequence[str | Step]) -> None:
    """Run statements one after the other."""
    for step in steps:
        statement, values = (step, {}) if isinstance(step, str) else step
        connection.execute(bound(statement), values)


def refusal(city: City, role: str, *steps: str | Step) -> Refused:
    """Return how the transaction of these statements was refused; it must be, by its last one."""
    with city.at_hand(role) as connection:
        run(connection, steps[:-1])
        try:
            run(connection, [*steps[-1:], "SET CONSTRAINTS ALL IMMEDIATE"])
        except psycopg.Error as error:
            return Refused(error.sqlstate or "", error.diag.constraint_name, error.diag.column_name)
    pytest.fail(f"the database let {role} do it: {steps[-1]}")


def allowed(city: City, role: str, *steps: str | Step) -> None:
    """Prove that the same statements pass when nothing is wrong with them; leave no trace."""
    with city.at_hand(role) as connection:
        run(connection, [*steps, "SET CONSTRAINTS ALL IMMEDIATE"])


# -- rows as they should be; a test changes one thing about them -------------------------------


def a_reading(city: City, asset_id: UUID, **changed: object) -> Row:
    row: Row = {
        "id": uuid4(),
        "asset_id": asset_id,
        "ordinal": 99,
        "provenance_version": 1,
        "outcome": "read",
        "byte_token": "token",
        "object_key": "object",
        "size_bytes": 1,
        "tool": "test",
        "tool_version": "1",
        "limited": False,
        "statements": Jsonb([]),
        "raw": b"",
        "event_id": city.event,
    }
    return row | changed


def a_fingerprint(city: City, asset_id: UUID, **changed: object) -> Row:
    row: Row = {
        "id": uuid4(),
        "asset_id": asset_id,
        "sha256": bytes(32),
        "size_bytes": 1,
        "byte_token": "token",
        "object_key": "object",
        "tool": "test",
        "tool_version": "1",
        "event_id": city.event,
    }
    return row | changed


def a_seal(city: City, asset_id: UUID, **changed: object) -> Row:
    row: Row = {"id": uuid4(), "asset_id": asset_id, "event_id": city.event}
    row |= {"provenance_version": city.head_of(asset_id), "policy_version_id": city.policy}
    return row | changed


def a_compared(city: City, asset_id: UUID, **changed: object) -> Row:
    return {"asset_id": asset_id, "standard_id": city.policy, "event_id": city.event} | changed


def a_likeness(city: City, one: UUID, other: UUID, **changed: object) -> Row:
    a, b = sorted((one, other))
    row: Row = {
        "id": uuid4(),
        "a_asset_id": a,
        "a_fingerprint_id": city.fingerprint_of(a),
        "b_asset_id": b,
        "b_fingerprint_id": city.fingerprint_of(b),
        "standard_id": city.policy,
        "class": "exact_bytes",
        "same_object": False,
        "evidence": Jsonb({}),
        "event_id": city.event,
    }
    return row | changed
