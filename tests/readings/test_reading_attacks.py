"""Attacks drawn in code: a good part of them here, every one in the drill."""

import os
from pathlib import Path

import pytest
from drawn import draw, opened
from hostile.all_attacks import NAMES, generated, small, write_names, write_no_files
from world import World

from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor
from app.storage.locations import encode_location

# Seconds of a core each, up to the limit: tests/drills/drill_attacks.py has them read.
SLOW = (
    *("tiff_20000_pages", "tiff_1000_sub_directories_are_itself", "tiff_a_tree_of_fifty_each"),
    *("xmp_5000", "bomb", "png_20000_different_keys", "100000", "_10000", "50000", "20000"),
)
REASONS = {
    *("empty_file", "not_an_image", "unknown_format", "truncated_header", "answer_too_long"),
    *("timed_out", "crashed", "out_of_memory", "answer_malformed"),
}
SOME = [one for one in small() if not any(word in one[0] for word in SLOW)][::2]


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Extraction]:
    folder = tmp_path_factory.mktemp("attacks")
    paths = [folder / str(number) for number in range(len(SOME))]
    good = draw(folder / "good.png", "-XMP-dc:Title=A tram")
    for path, (_, content) in zip(paths, SOME, strict=True):
        path.write_bytes(content)
    descriptors = opened([good, *paths, good])
    with Extractor() as extractor:
        first, *found, last = extractor.read(descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    assert first == last, "what came between left something behind"
    return dict(zip([name for name, _ in SOME], found, strict=True))


def test_there_are_at_least_150_attacks_each_of_its_own_name() -> None:
    names = [name for name, _ in generated()]
    assert len(set(names)) == len(names) >= 150


@pytest.mark.timeout(300)
def test_every_attack_ends_in_a_stated_outcome(readings: dict[str, Extraction]) -> None:
    assert len(readings) >= 150
    for name, found in readings.items():
        assert (found.outcome is Outcome.UNREADABLE) == (found.reason in REASONS), name
        assert all("\0" not in repr(s.value) for s in found.statements), name
        fields = [s.field for s in found.statements if s.picked]
        assert len(fields) == len(set(fields)), name


def test_no_attack_brings_in_another_file(readings: dict[str, Extraction]) -> None:
    assert not [name for name, found in readings.items() if b"root:" in found.raw]


def test_no_attack_makes_up_a_place_or_a_date(readings: dict[str, Extraction]) -> None:
    for name, found in readings.items():
        if ("_gps_" in name and "ones" not in name) or "month_99" in name:
            assert not [s for s in found.statements if s.picked and s.field == "date_created"], name
            places = [s.value for s in found.statements if s.picked and s.field == "place"]
            assert not places, name


def test_names_become_neither_options_nor_commands_nor_paths(world: World) -> None:
    system = world.a_source_system()
    names = [encode_location(name) for name in write_names(system.folder)]
    before = {path: path.stat() for path in system.folder.iterdir()}
    register(world, system.code, names)
    world.work()
    found = world.find("SELECT outcome, tool, raw FROM readings")
    assert [row.outcome for row in found] == ["nothing_found"] * len(NAMES)
    assert len({bytes(row.raw) for row in found}) == 1  # a name is nothing that a reading knows
    assert world.find("SELECT count(*) FROM fingerprints") == [(len(NAMES),)]
    after = {path: path.stat() for path in system.folder.iterdir()}
    assert {p: s.st_mtime_ns for p, s in after.items()} == {
        p: s.st_mtime_ns for p, s in before.items()
    }
    assert not list(Path.cwd().glob("owned*"))


def test_links_pipes_devices_and_folders_are_never_opened(world: World) -> None:
    system = world.a_source_system()
    names = [encode_location(name) for name in write_no_files(system.folder)]
    register(world, system.code, names)
    world.work()
    assert world.find("SELECT count(*) FROM readings") == [(0,)]
    assert world.find("SELECT count(*) FROM fingerprints") == [(0,)]
    [[seen]] = world.find("SELECT count(DISTINCT asset_id) FROM sightings")
    assert seen == len(names)


def register(world: World, system: str, names: list[str]) -> None:
    """Register what lies under these names, whatever it is."""
    for name in names:
        world.register_location(system, name)
