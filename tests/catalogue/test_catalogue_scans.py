"""What a scan says of a file that it saw moved before the worker has read it there."""

from pathlib import Path

from world import System, World

from app.catalogue.models import ImportRow
from app.catalogue.registration import Seen
from app.catalogue.scans import Found, take_sightings
from app.storage.tokens import FileToken


def scan(world: World, system: System, file: Path) -> str:
    """Say as a scan does that a file was seen; return what it is told."""
    seen = Seen(
        source_system=system.code,
        source_identifier=file.name,
        location=file.name,
        original_name=file.name,
        legal_status=["institution_owned_non_record"],
        token=str(FileToken.of(file.stat())),
    )
    caller = world.someone("registrar", department=system.department)
    whole = ImportRow(scanned_system=system.code, scanned_beneath="")
    with world.worker.transaction() as db:
        [found] = take_sightings(db, caller, [seen], whole)
    assert isinstance(found, Found)
    return found.outcome


def test_what_moved_has_not_changed_though_nobody_has_read_it_since(town: World) -> None:
    system = town.a_source_system()
    asset = town.an_asset(system)
    town.work()
    file = town.file_of(asset)
    there = file.rename(file.with_name("elsewhere.jpg"))
    assert scan(town, system, there) == "moved"
    assert scan(town, system, there) == "already_there"
    there.write_bytes(there.read_bytes() + b"more")
    assert scan(town, system, there) == "changed"
