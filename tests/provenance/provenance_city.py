"""Many read images at the price of one job, and how their records stand."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from uuid import UUID

from images import draw
from sqlalchemy.orm import Session
from world import System, World

from app.catalogue.registration import Registration
from app.catalogue.service import Registered, register
from app.kit.db import judging
from app.kit.jobs import bind
from app.provenance import queries
from app.provenance.book import open_book
from app.provenance.errors import NotSealed
from app.provenance.projection import Record
from app.provenance.schemas import ProvenanceOut
from app.provenance.service import adopt_readings, prove_sealed, record_of
from app.provenance.showing import show_provenance
from app.readings.tasks import read_files

NUMBERS = count(1)


def registered(
    world: World,
    system: System,
    files: Sequence[bytes],
    **facts: Any,  # noqa: ANN401
) -> list[UUID]:
    """Put files where the system keeps its own and register them at once."""
    said = [registration(system, picture, **facts) for picture in files]
    caller = world.someone("registrar", department=system.department)
    with world.api.transaction() as db:
        outcomes = register(db, caller, said)
    return [outcome.asset_id for outcome in outcomes if isinstance(outcome, Registered)]


def registration(
    system: System,
    picture: bytes,
    **facts: Any,  # noqa: ANN401 - of the registration
) -> Registration:
    """Say what a caller says of one more file."""
    name = f"file-{next(NUMBERS)}.jpg"
    (system.folder / name).write_bytes(picture)
    usual = {"legal_status": ["institution_owned_non_record"], "source_identifier": name}
    return Registration(
        source_system=system.code, location=name, original_name=name, **(usual | facts)
    )


def read_assets(world: World, system: System, told: Sequence[Mapping[str, str]]) -> list[UUID]:
    """Register and read one image for each thing that is told of it; nothing is hashed."""
    ids = registered(world, system, [draw(n, one) for n, one in enumerate(told)])
    read_and_adopt(world, ids)
    return ids


def read_and_adopt(world: World, ids: Sequence[UUID]) -> None:
    """Read files and enter what they say in their records."""
    bind(world.worker)
    read_files(ids)
    with world.worker.transaction() as db:
        adopt_readings(db, ids)


def lacking(world: World, asset_id: UUID) -> list[str]:
    """Return what an asset's record lacks."""
    with world.api.transaction() as db:
        found = queries.completeness(open_book(db), [asset_id])
        with judging(db):
            return sorted(db.execute(found).one().missing)


def sealed(world: World, asset_id: UUID) -> bool:
    """Tell whether today's version can be proved to be sealed."""
    try:
        with world.api.transaction() as db:
            return prove_sealed(db, asset_id).asset_id == asset_id
    except NotSealed:
        return False


def today(db: Session, asset_id: UUID) -> tuple[int, Record]:
    """Return a record's version and what it says."""
    head = db.scalars(queries.heads([asset_id])).one()
    return head.version, record_of(head)


def head_of(world: World, asset_id: UUID) -> tuple[int, Record]:
    """Return a record's version and what it says, as committed."""
    with world.api.transaction() as db:
        return today(db, asset_id)


def shown(world: World, asset_id: UUID) -> ProvenanceOut:
    """Show a record to an auditor."""
    auditor = world.someone("auditor")
    with world.api.transaction() as db:
        return show_provenance(db, auditor, asset_id)


def named(world: World, asset_id: UUID, field: str, kind: str = "asserted") -> str:
    """Return the name of a field's statement from one kind of source."""
    _, of = head_of(world, asset_id)
    return next(s.id for s in of.statements if (s.field, s.source_kind) == (field, kind))


def ids_in(world: World, system: System) -> list[UUID]:
    """Return the assets of a source system."""
    found = world.find("SELECT id FROM assets WHERE source_system = :code", code=system.code)
    return [asset_id for [asset_id] in found]
