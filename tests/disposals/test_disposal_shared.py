"""Who lies at one physical object with whom, and until when: a claim ends when somebody looks."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from quarter import Quarter

from app.catalogue.missing import why_gone
from app.catalogue.relationships import at_same_object
from app.fingerprints.tasks import fingerprint_files
from app.readings.tasks import read_files

SHARED = "location:shared"


def two_names(quarter: Quarter) -> tuple[UUID, UUID, Path]:
    """Register one file under two names, and read both; return the file by its first name too."""
    first = quarter.world.an_asset(quarter.one)
    file = quarter.world.file_of(first)
    os.link(file, quarter.two.folder / file.name)
    second = quarter.world.register_location(quarter.two.code, file.name)
    quarter.work()
    quarter.by_hand()
    return first, second, file


def shared(quarter: Quarter, one: UUID, other: UUID) -> bool:
    """Tell whether an asset is blocked by another, as people are shown it."""
    caller = quarter.world.someone("cataloguer", department=quarter.department)
    with quarter.world.api.transaction() as db:
        shown = list(db.scalars(at_same_object(caller, one)))
    blocked = SHARED in quarter.of(one).reasons
    assert shown == ([other] if blocked else [])
    return blocked


def replaced(file: Path) -> None:
    """Put another file in its place, as programs do that save safely."""
    new = file.with_name("new")
    new.write_bytes(file.read_bytes() + b"\0")
    new.replace(file)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("supplanted", [replaced, a_folder, a_pipe, Path.unlink])
def test_an_object_is_claimed_until_somebody_looks_and_finds_another(
    quarter: Quarter, supplanted: Callable[[Path], None]
) -> None:
    first, second, file = two_names(quarter)
    supplanted(file)
    assert shared(quarter, second, first), "nobody has looked yet"
    read_files([first])
    assert not shared(quarter, second, first)


def test_a_link_in_its_place_goes_on_claiming(quarter: Quarter) -> None:
    first, second, file = two_names(quarter)
    file.unlink()
    file.symlink_to(quarter.two.folder / file.name)
    read_files([first])
    assert shared(quarter, second, first)
    assert "processing:unreachable" in quarter.of(first).reasons


def test_what_was_read_elsewhere_meanwhile_is_claimed_instead(quarter: Quarter) -> None:
    """The newest reading counts, whichever way round: what was left behind may be found again."""
    first, second, file = two_names(quarter)
    replaced(file)
    read_files([first])
    file.unlink()
    os.link(quarter.two.folder / file.name, file)
    read_files([first])
    fingerprint_files([first])
    assert shared(quarter, second, first)
    assert shared(quarter, first, second)


def test_what_is_registered_where_a_link_lies_is_never_read_and_claims_nothing(
    quarter: Quarter,
) -> None:
    asset = quarter.world.an_asset(quarter.one)
    file = quarter.world.file_of(asset)
    link = file.with_name("link.jpg")
    link.symlink_to(file)
    linked = quarter.world.register_location(quarter.one.code, link.name)
    quarter.work()
    assert not shared(quarter, asset, linked)
    assert {"processing:not_read", "processing:unreachable"} & set(quarter.of(linked).reasons)
    assert quarter.of(linked).status == "not_assessed"


def test_a_folder_is_no_file_that_cannot_be_reached(quarter: Quarter) -> None:
    first, _, file = two_names(quarter)
    a_folder(file)
    read_files([first])
    seen = "SELECT state, detail FROM sightings WHERE asset_id = :id"
    [(state, detail)] = quarter.world.find(seen, id=first)
    assert (state, detail) == ("missing", f"{file.name} is not a regular file but a folder.")
    found = "SELECT path, (SELECT byte_token FROM readings WHERE asset_id = :id) AS token"
    [row] = quarter.world.find(f"{found} FROM locations WHERE asset_id = :id", id=first)
    assert why_gone(quarter.one.folder.as_uri() + "/", row, some_seen=True) == detail
