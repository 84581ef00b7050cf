"""Pairs are measured in a limited child that opens no file twice and outlives no trouble."""

import io
import json
import os
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image
from scenes import coded, kept, photograph
from working import until

from app.fingerprints.registration import warm
from app.fingerprints.registration.aligner import METHOD, Aligner, Measurement, Side, read
from app.fingerprints.registration.child import Keeping
from app.fingerprints.registration.warm import end_all, warm_aligner
from app.readings.sandbox import Limits

SCENE = photograph(1)
FILES = {
    "scene": coded(SCENE, quality=95),
    "again": coded(Image.open(io.BytesIO(coded(SCENE, quality=95))), quality=70),
    "small": coded(SCENE.resize((450, 300), Image.Resampling.LANCZOS)),
    "rubbish": b"\xff\xd8\xff" + bytes(300),
    # A GIF of 35 bytes with a canvas of 65,535 times 65,535.
    "canvas": b"GIF89a" + b"\xff" * 4 + bytes(3) + b"," + bytes(4) + b"\xff" * 4 + b"\0\2\2L\1\0;",
    "bitmap": b"BM"
    + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 50_000, 50_000, 1, 24, *[0] * 6),
}


@contextmanager
def opened(path: Path, seen: list[str]) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    seen.append(path.name)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class Shelf:
    """Files under their keys, and which of them were opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self.keys: dict[str, UUID] = {name: uuid4() for name in FILES}
        for name, content in FILES.items():
            (folder / name).write_bytes(content)

    def side(self, name: str) -> Side:
        return Side(self.keys[name], self.opening(name))

    def opening(self, name: str) -> Callable[[], AbstractContextManager[int]]:
        return lambda: opened(self.folder / name, self.seen)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_how_files_are_coded_is_read_from_the_files_that_are_open(shelf: Shelf) -> None:
    with Aligner() as aligner:
        found = aligner.measure(shelf.side("scene"), shelf.side("again"))
    assert found.measured is not None
    assert found.measured["codings"]["grid"] == "one"
    assert sorted(shelf.seen) == ["again", "scene"]


def test_a_pair_is_measured_and_each_file_opened_once(shelf: Shelf) -> None:
    with Aligner() as aligner:
        first = aligner.measure(shelf.side("scene"), shelf.side("small"))
        assert first.outcome == "measured"
        assert first.measured is not None
        assert (first.measured["reference"], first.measured["by"]) == ("a", "frame")
        assert first.difference_map is not None
        assert first.tools["method"] == METHOD
        again = aligner.measure(shelf.side("small"), shelf.side("scene"))
    assert again.measured is not None
    assert again.measured["reference"] == "b"
    assert sorted(shelf.seen) == ["scene", "small"]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("rubbish", "undecodable"), ("canvas", "too_large"), ("bitmap", "too_large")],
)
def test_a_hostile_file_costs_its_own_pair_only(shelf: Shelf, name: str, outcome: str) -> None:
    with Aligner() as aligner:
        assert aligner.measure(shelf.side("scene"), shelf.side(name)).outcome == outcome
        assert aligner.measure(shelf.side(name), shelf.side("scene")).outcome == outcome
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "measured"
    assert shelf.seen.count("scene") == 2  # again only for the closer look


def pid_of(aligner: Aligner) -> int:
    """Return its child's process number; 0: it has none."""
    return aligner._child.process.pid if aligner._child else 0


def test_a_child_that_hangs_or_dies_is_replaced(shelf: Shelf) -> None:
    with Aligner() as aligner:
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "measured"
        os.kill(pid_of(aligner), signal.SIGKILL)
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "crashed"
        assert pid_of(aligner) == 0
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "measured"
        os.kill(pid_of(aligner), signal.SIGSTOP)
        aligner._seconds = 0.2
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "timed_out"


def test_what_needs_too_much_memory_is_said_so(shelf: Shelf) -> None:
    (shelf.folder / "small").write_bytes(coded(Image.new("RGB", (9000, 9000), "red"), "PNG"))
    with Aligner(Limits(memory_bytes=640 << 20, cpu_seconds=60)) as aligner:
        found = aligner.measure(shelf.side("scene"), shelf.side("small"))
    assert found.outcome == "out_of_memory"


def test_a_file_that_cannot_be_opened_is_its_callers_matter(shelf: Shelf) -> None:
    def moved() -> AbstractContextManager[int]:
        message = "moved"
        raise FileNotFoundError(message)

    with Aligner() as aligner:
        with pytest.raises(FileNotFoundError, match="moved"):
            aligner.measure(shelf.side("scene"), Side(uuid4(), moved))
        assert aligner.measure(shelf.side("scene"), shelf.side("small")).outcome == "measured"


def test_a_child_that_does_not_start_is_no_files_fault(shelf: Shelf) -> None:
    tight = Limits(memory_bytes=16 << 20, cpu_seconds=5)
    with Aligner(tight) as aligner, pytest.raises(ChildProcessError):
        aligner.measure(shelf.side("scene"), shelf.side("small"))
    assert not shelf.seen


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b'{"outcome": "identical"}',
        b'{"outcome": "undecodable", "measured": {}}',
        b'{"outcome": "undecodable"}\n' + PNG,
        b'{"outcome": "measured"}',
        b'{"outcome": "measured", "measured": {"x": NaN}}',
        b'{"outcome": "measured", "measured": {}}\nGIF89a',
        b'{"outcome": "measured", "measured": {}}\n' + PNG + bytes(262_144),
        json.dumps({"outcome": "measured", "measured": {"x": "y" * 70_000}}).encode(),
    ],
)
def test_answers_that_no_sound_child_gives_are_refused(answer: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(answer)


def test_sound_answers_are_read() -> None:
    assert read(b'{"outcome": "too_large"}\n') == Measurement("too_large")
    whole = read(b'{"outcome": "measured", "measured": {"x": 1}}\n' + PNG)
    assert (whole.measured, whole.difference_map) == ({"x": 1}, PNG)


def test_no_more_is_kept_than_fits() -> None:
    keeping = Keeping(most_bytes=2_000_000)
    for number in range(4):
        one = keeping.of(str(number), kept(photograph(number)).decode)
        assert one.fine(900).size == (900, 600)
        keeping.tidy()
    assert list(keeping._kept) == ["2", "3"]
    roomy = Keeping()
    for number in range(3):
        roomy.of(str(number), kept(photograph(number)).decode).fine(900)
    roomy.tidy()
    assert list(roomy._kept) == ["0", "1", "2"]
    again = keeping.of("2", kept(photograph(2)).decode)
    assert again is keeping._kept["2"]


@pytest.fixture
def none_idle() -> Iterator[None]:
    end_all()
    yield
    end_all()


@pytest.mark.usefixtures("none_idle")
def test_a_child_and_what_it_keeps_outlast_a_block(shelf: Shelf) -> None:
    told, seen = [], []
    for _ in range(2):
        with warm_aligner() as aligner:
            told.append(aligner.measure(shelf.side("scene"), shelf.side("small")))
            seen.append(pid_of(aligner))
    assert told[0] == told[1]
    assert seen[0] == seen[1] != 0
    assert sorted(shelf.seen) == ["scene", "small"]
    with warm_aligner() as one, warm_aligner() as other:
        assert one is not other
        assert pid_of(one) == seen[0]


@pytest.mark.usefixtures("none_idle")
def test_a_child_that_nobody_asks_ends(shelf: Shelf) -> None:
    with warm_aligner(idle_seconds=0.01) as aligner:
        aligner.measure(shelf.side("scene"), shelf.side("small"))
        assert pid_of(aligner)
    until(lambda: not pid_of(aligner))
    with warm_aligner() as other:
        assert other is not aligner


@pytest.mark.usefixtures("none_idle")
def test_an_aligner_that_was_lent_again_is_not_ended(shelf: Shelf) -> None:
    with warm_aligner() as aligner:
        aligner.measure(shelf.side("scene"), shelf.side("small"))
        alive = pid_of(aligner)
        warm._end(aligner)  # its timer rang while it was being lent
        assert pid_of(aligner) == alive != 0


@pytest.mark.usefixtures("none_idle")
def test_a_block_that_fails_leaves_no_child(shelf: Shelf) -> None:
    def fail() -> None:
        with warm_aligner() as aligner:
            aligner.measure(shelf.side("scene"), shelf.side("small"))
            held.append(aligner)
            message = "lost"
            raise FileNotFoundError(message)

    held: list[Aligner] = []
    with pytest.raises(FileNotFoundError, match="lost"):
        fail()
    assert pid_of(held[0]) == 0
    with warm_aligner() as other:
        assert other is not held[0]
