"""Whatever breaks moves an image away from deletion (P16), never towards it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from quarter import Quarter, out_of_reach

from app.fingerprints.tasks import fingerprint_files
from app.readings.tasks import read_files


def vanish(file: Path) -> None:
    """Take the file away."""
    file.unlink()


def change(file: Path) -> None:
    """Give it other bytes."""
    file.write_bytes(file.read_bytes() + b"more")


def spoil(file: Path) -> None:
    """Leave no image in it."""
    file.write_bytes(b"spoiled")


def empty(file: Path) -> None:
    """Leave nothing in it."""
    file.write_bytes(b"")


def become_a_folder(file: Path) -> None:
    """Put a folder in its place; the file's number is kept from the next test's files."""
    file.rename(file.with_suffix(".aside"))
    file.mkdir()


def become_a_link(file: Path) -> None:
    """Put a link to the same bytes in its place."""
    aside = file.with_suffix(".aside")
    file.rename(aside)
    file.symlink_to(aside)


BREAKS: list[Callable[[Path], None]] = [
    vanish,
    change,
    spoil,
    empty,
    become_a_folder,
    become_a_link,
]


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("side", [0, 1], ids=["the keeper", "the copy"])
def test_what_breaks_is_no_candidate_and_keeps_nobody(
    quarter: Quarter, broken: Callable[[Path], None], side: int
) -> None:
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    before = quarter.answers(*pair)
    assert [answer.status for answer in before] == ["retained_keeper", "candidate"], before
    broken(quarter.world.file_of(pair[side]))
    quarter.by_hand()
    read_files(pair)
    after_reading = quarter.statuses(*pair)
    fingerprint_files(pair)
    after_hashing = quarter.statuses(*pair)
    quarter.work()
    for found in (after_reading, after_hashing, quarter.statuses(*pair)):
        assert "candidate" not in found
        assert found[side] != "retained_keeper"


def test_a_store_out_of_reach_is_unreachable_and_never_missing(quarter: Quarter) -> None:
    store = quarter.a_store()
    pair = quarter.a_pair(second=store)
    quarter.work()
    quarter.complete(*pair)
    with out_of_reach(store):
        quarter.by_hand()
        read_files(pair)
    answer = quarter.of(pair[1])
    assert answer.status == "not_assessed"
    assert answer.reasons[0] == "processing:unreachable"
