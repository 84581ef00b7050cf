"""Files are looked at in a confined child: whatever it does, there is one stated outcome."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from photographs import a_png, photograph, saved

from app.fingerprints import confined
from app.fingerprints.confined import Confined, Failed
from app.fingerprints.seeing.child import again
from app.fingerprints.seeing.seen import Looked, Pixels
from app.fingerprints.seeing.viewer import MODULE, Viewer, read_looked, read_pixels
from app.readings.sandbox import Limits
from app.readings.wire import Kind

CORPUS = Path(__file__).parents[2] / "../shared/corpus/_hostile"
JPEG, PNG = saved(photograph(), "JPEG"), saved(photograph(), "PNG")
LARGE = a_png(9000, 6000, bytes(6000 * (1 + 3 * 9000)))


@pytest.fixture(scope="module")
def viewer() -> Iterator[Viewer]:
    with Viewer() as made:
        yield made


@contextmanager
def held(folder: Path, content: bytes) -> Iterator[int]:
    path = folder / "picture"
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def looked(viewer: Viewer, folder: Path, content: bytes) -> Looked:
    with held(folder, content) as descriptor:
        viewer.look(descriptor)
        return viewer.looked()


def test_a_file_is_seen_while_it_is_read_by_others(viewer: Viewer, tmp_path: Path) -> None:
    with held(tmp_path, JPEG) as descriptor:
        os.lseek(descriptor, 100, os.SEEK_SET)
        seen = viewer.see(descriptor)
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 100
    assert (seen.outcome, seen.width, seen.height) == ("decoded", 300, 200)
    assert seen.phash is not None
    assert len(seen.turned_pdq or b"") == 256
    assert seen.tools["decoder"] == "OpenCV"
    assert looked(viewer, tmp_path, JPEG).pixels is None


def test_what_is_decoded_in_full_anyway_is_digested_at_once(viewer: Viewer, tmp_path: Path) -> None:
    found = looked(viewer, tmp_path, PNG)
    assert found.pixels is not None
    assert found.pixels.sha256 == found.seen.pixels_sha256
    with held(tmp_path, PNG) as descriptor:
        assert viewer.digest_pixels(descriptor) == found.pixels


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no picture", "not_decodable"), (a_png(30_000, 30_000, b"\0"), "over_budget")],
)
def test_a_digest_that_cannot_be_made_has_a_reason(
    viewer: Viewer, tmp_path: Path, content: bytes, reason: str
) -> None:
    with held(tmp_path, content) as descriptor:
        assert viewer.digest_pixels(descriptor) == Pixels(None, reason)
    assert looked(viewer, tmp_path, content).seen.reason == reason


def test_a_picture_that_takes_too_much_costs_no_other_its_own(tmp_path: Path) -> None:
    with Viewer(Limits(memory_bytes=540 << 20, cpu_seconds=30)) as viewer:
        assert looked(viewer, tmp_path, JPEG).seen.outcome == "decoded"
        greedy = looked(viewer, tmp_path, LARGE)
        with held(tmp_path, LARGE) as descriptor:
            digested = viewer.digest_pixels(descriptor)
        after = looked(viewer, tmp_path, JPEG)
    assert (greedy.seen.outcome, greedy.seen.reason) == ("undecodable", "out_of_memory")
    assert digested.reason == "out_of_memory"
    assert after.seen.outcome == "decoded"


def test_a_picture_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with Viewer(wall_seconds=0.05) as hasty:
        slow = looked(hasty, tmp_path, LARGE)
        with held(tmp_path, LARGE) as descriptor:
            digested = hasty.digest_pixels(descriptor)
    assert (slow.seen.outcome, slow.seen.reason) == ("undecodable", "timed_out")
    assert digested == Pixels(None, "timed_out")


def test_what_is_left_of_a_file_is_read_from_a_place_of_its_own(tmp_path: Path) -> None:
    with held(tmp_path, PNG) as descriptor, again(descriptor) as beside:
        assert beside.read(10) == PNG[:10]
        assert beside.read() == PNG[10:]
        assert beside.read() == b""
        beside.seek(-5, os.SEEK_END)
        assert beside.read() == PNG[-5:]
        beside.seek(len(PNG) + 100)
        assert beside.read() == b""
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0


def test_an_answer_that_nobody_heard_is_not_the_next_files(viewer: Viewer, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()  # or the child would look at what comes next
    with held(elsewhere, PNG) as descriptor:
        viewer.look(descriptor)
    assert looked(viewer, tmp_path, b"no picture").seen.outcome == "undecodable"


def child_of(viewer: Viewer) -> Any:  # noqa: ANN401 - what is killed
    return viewer._looking._child


def faults_of(viewer: Viewer) -> int:
    """Count the pages that the child was given anew."""
    said = Path(f"/proc/{child_of(viewer).process.pid}/stat").read_text()
    return int(said.rsplit(")", 1)[1].split()[7])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told so")
def test_a_warm_child_keeps_the_memory_that_it_works_in(tmp_path: Path) -> None:
    content = saved(photograph(1, (1200, 800)), "JPEG")
    with Viewer() as viewer:
        for _ in range(2):
            looked(viewer, tmp_path, content)
        before = faults_of(viewer)
        looked(viewer, tmp_path, content)
        assert faults_of(viewer) - before < 1_000, "one look takes some 8,000 pages"


def test_a_child_that_died_of_earlier_files_is_replaced_and_asked_again(tmp_path: Path) -> None:
    with Viewer() as viewer:
        assert looked(viewer, tmp_path, JPEG).seen.outcome == "decoded"
        child_of(viewer).process.kill()
        child_of(viewer).process.wait()
        assert looked(viewer, tmp_path, JPEG).seen.outcome == "decoded"
        assert child_of(viewer).served == 1


def test_a_child_that_dies_of_its_first_file_has_crashed(tmp_path: Path) -> None:
    with Viewer() as viewer, held(tmp_path, JPEG) as descriptor:
        viewer.look(descriptor)
        child_of(viewer).kill()
        assert viewer.looked().seen.reason == "crashed"


def test_a_child_serves_so_many_files_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "FILES_A_CHILD", 1)
    with Viewer() as viewer:
        looked(viewer, tmp_path, JPEG)
        first = child_of(viewer)
        looked(viewer, tmp_path, JPEG)
        assert child_of(viewer) is not first
        assert first.process.poll() is not None


def test_a_child_that_does_not_start_is_no_files_fault_and_not_tried_at_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = Limits(memory_bytes=32 << 20, cpu_seconds=5)
    start, started = confined.Child, []

    def counted(*told: Any) -> confined.Child:  # noqa: ANN401 - as it is told
        started.append(told)
        return start(*told)

    monkeypatch.setattr(confined, "Child", counted)
    with Viewer(little) as viewer, held(tmp_path, JPEG) as descriptor:
        for _ in range(2):
            with pytest.raises(ChildProcessError):
                viewer.look(descriptor)
    assert len(started) == 1


def test_a_child_that_does_not_say_that_it_is_confined_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "receive_frame", lambda *_: (Kind.ANSWER, b""))
    with Viewer() as viewer, held(tmp_path, JPEG) as descriptor, pytest.raises(ChildProcessError):
        viewer.look(descriptor)


def test_a_child_that_says_other_things_has_crashed(tmp_path: Path) -> None:
    with Confined("app.fingerprints.decoding") as other, held(tmp_path, JPEG) as descriptor:
        viewer = Viewer()
        viewer._looking = viewer._digesting = other  # its answers are no looks
        viewer.look(descriptor)
        assert viewer.looked().seen.reason == "crashed"
        assert viewer.digest_pixels(descriptor).reason == "crashed"


def test_a_frame_that_is_no_answer_is_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Confined(MODULE, confined.LIMITS, "look") as asked, held(tmp_path, JPEG) as descriptor:
        asked.ask(descriptor)
        asked.heard()
        asked.ask(descriptor)
        assert asked._child is not None
        asked._child.served = 0
        monkeypatch.setattr(confined, "receive_frame", lambda *_: (Kind.TOO_LONG, b""))
        with pytest.raises(Failed, match="crashed"):
            asked.heard()


SEEN: dict[str, Any] = {
    "outcome": "decoded", "reason": None, "width": 3, "height": 2, "frames": 1, "bit_depth": 8,
    "colour": "RGB", "alpha": False, "orientation": 1, "colour_space": None, "auxiliary": 0,
    "icc_sha256": None, "pixels_sha256": None, "phash": "00" * 8, "dhash": "00" * 8,
    "pdq": "00" * 32, "pdq_quality": 100, "turned_phash": "00" * 64, "turned_pdq": "00" * 256,
    "low_information": None, "words": [1, -5], "measures": {}, "tools": {},
}  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"outcome": "eligible"},
    {"width": 0},
    {"width": "3"},
    {"width": None},
    {"orientation": 9},
    {"pdq_quality": 101},
    {"frames": 1 << 40},
    {"phash": "00"},
    {"phash": None},
    {"pdq": "zz" * 32},
    {"icc_sha256": "00"},
    {"colour": 7},
    {"colour": "\0"},
    {"colour": "\u56fe"},
    {"alpha": 1},
    {"low_information": "duplicate"},
    {"words": [1 << 40]},
    {"words": [0] * 513},
    {"measures": ["x"]},
    {"measures": {"a": "\0"}},
    {"tools": None},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_child_that_obeys_its_file_is_not_believed(wrong: dict[str, Any]) -> None:
    right = json.dumps({"seen": SEEN, "pixels": None}).encode()
    assert read_looked(right).seen.words == [1, -5]
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        read_looked(json.dumps({"seen": SEEN | wrong, "pixels": None}).encode())


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b"{}", b'{"seen": {"outcome": "decoded"}, "pixels": null}',
     b'{"seen": {"outcome": "too_large", "reason": "x", "measures": {}}, "pixels": {}}'],
)  # fmt: skip
def test_rubbish_is_no_look(said: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        read_looked(said)


@pytest.mark.parametrize(
    "said",
    [
        {"sha256": None, "reason": None},
        {"sha256": "00" * 32, "reason": "too_deep"},
        {"sha256": "00", "reason": None},
        {"sha256": None, "reason": "because"},
        {"sha256": "00" * 32, "reason": None, "trailing_bytes": 0, "frames": 0, "tool": "x"},
    ],
    ids=str,
)
def test_a_digest_comes_with_no_reason_and_none_with_one(said: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_pixels(said)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_every_hostile_file_ends_in_a_stated_outcome(viewer: Viewer) -> None:
    paths = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    outcomes: set[str] = set()
    for path in paths[::4]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            outcomes.add(viewer.see(descriptor).outcome)
        finally:
            os.close(descriptor)
    assert outcomes <= {"decoded", "too_large", "undecodable"}
