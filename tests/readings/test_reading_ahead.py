"""Files are read ahead of their turn, many a command; no answer may tell so."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import exiftool  # type: ignore[import-untyped]
import pytest
from drawn import CORPUS, draw, opened
from world import World

from app.assets.queries import whereabouts
from app.readings.exiftool import ARGUMENTS, VENDORED, environment
from app.readings.extractor import AHEAD, Extractor
from app.readings.makernotes import once
from app.readings.parcels import InTurn

PLAIN = {"PERL5OPT": "-MUntouched -MBounded"}  # what an answer holds, not how it is asked for
TOLD = ("-IFD0:Make=Maker", "-XMP-dc:Title=Title", "-XMP-dc:Creator=Chan", "-IPTC:By-line=Chan")


@pytest.fixture(scope="module")
def warm() -> Iterator[Extractor]:
    with Extractor() as extractor:
        yield extractor


def bare(paths: list[Path], home: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Ask a bare ExifTool about each file alone, by the one name."""
    monkeypatch.chdir(home)
    for name, value in (environment(home) | PLAIN).items():
        monkeypatch.setenv(name, value)
    found = []
    arguments = list(ARGUMENTS)
    with exiftool.ExifTool(
        str(VENDORED), common_args=arguments, config_file="", encoding="utf-8"
    ) as tool:
        for path in paths:
            Path("0001").symlink_to(path)
            found.append(tool.execute("0001", raw_bytes=True))
            Path("0001").unlink()
    return found


def read(extractor: Extractor, paths: list[Path]) -> list[bytes]:
    descriptors = opened(paths)
    try:
        return [one.raw for one in extractor.read(descriptors)]
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def assert_begin(found: list[bytes], bare: list[bytes]) -> None:
    """Compare what is ExifTool's own: what others said comes behind it, MakerNotes come once."""
    for whole, own in zip(found, bare, strict=True):
        assert whole.startswith(once(own).rstrip().removesuffix(b"}]"))


def test_each_answer_is_byte_for_byte_that_of_a_bare_tool_asked_for_it_alone(
    warm: Extractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ("jpg", "tif", "png", "gif", "webp", "jp2", "bmp")
    paths = [draw(tmp_path / f"told.{kind}", *TOLD) for kind in kinds if kind != "bmp"]
    paths += [draw(tmp_path / f"plain.{kind}") for kind in kinds]
    (tmp_path / "noise").write_bytes(b"\x01\x02\x9d\x04" * 50)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "told.jpg").read_bytes()[:40])
    paths += [tmp_path / "noise", tmp_path / "cut.jpg", *reversed(paths)]
    found = read(warm, paths)
    assert_begin(found, bare(paths, tmp_path, monkeypatch))
    assert all(found)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no corpus")
def test_so_it_is_with_real_pictures(
    warm: Extractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (one for one in sorted(CORPUS.rglob("*")) if one.is_file() and one.stat().st_size)
    paths = [one for one in found if "_hostile" not in one.parts][::9]
    assert_begin(read(warm, paths), bare(paths, tmp_path, monkeypatch))


def test_few_files_are_taken_before_their_turn(warm: Extractor, tmp_path: Path) -> None:
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    descriptors = opened([good] * (3 * AHEAD))
    taken: list[int] = []

    def counted() -> Iterator[int]:
        for descriptor in descriptors:
            taken.append(descriptor)
            yield descriptor

    most = max(len(taken) - turn for turn, _ in enumerate(warm.each(counted())))
    assert AHEAD // 2 < most <= AHEAD
    for descriptor in descriptors:
        os.close(descriptor)


def test_answers_that_nobody_waits_for_any_more_are_not_taken_for_others(
    tmp_path: Path,
) -> None:
    files = [draw(tmp_path / f"{n}.png", f"-XMP-dc:Title=Title {n}") for n in range(4)]
    with Extractor() as extractor:
        descriptors = opened(files)
        with closing(extractor.each(descriptors)) as answers:
            next(answers)
        for descriptor in descriptors:
            os.close(descriptor)
        (found,) = read(extractor, files[3:])
        assert b"Title 3" in found


def test_when_nobody_wants_more_no_further_file_is_waited_for(
    warm: Extractor, tmp_path: Path, world: World
) -> None:
    store = world.a_source_system()
    assets = [world.an_asset(store, description=f"Tram {number}") for number in range(4)]
    with world.as_role("catalogue_worker").transaction() as db:
        turn = InTurn(list(db.execute(whereabouts(assets)).all()))
    turn.stop()
    assert list(turn.parcels(warm)) == []
