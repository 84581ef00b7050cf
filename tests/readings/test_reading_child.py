"""The child's own logic, run in this process: frames, limits, what it says when it ends."""

import ctypes
import json
import os
import resource
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import exifread
import pytest
from built import Entry, picture, tiff
from drawn import draw

from app.readings import child, sandbox, wire
from app.readings.exiftool import VENDORED, ExifTool, ToolDied, environment
from app.readings.fallback import FALLBACK, read_limited
from app.readings.sandbox import Limits, confine
from app.readings.wire import Gone, Kind, receive_frame, send_descriptors, send_frame

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def soon() -> float:
    return time.monotonic() + 10


def given(ours: socket.socket, *paths: Path) -> None:
    """Send open files and close our end for more."""
    descriptors = [os.open(path, os.O_RDONLY) for path in paths]
    if descriptors:
        send_descriptors(ours, descriptors)
    ours.shutdown(socket.SHUT_WR)
    for descriptor in descriptors:
        os.close(descriptor)


def test_each_descriptor_gets_its_frame_in_order(pair: Pair, tmp_path: Path) -> None:
    ours, theirs = pair
    for name, text in (("a", b"one"), ("b", b"two")):
        (tmp_path / name).write_bytes(text)
    given(ours, tmp_path / "a", tmp_path / "b")
    child.serve(theirs, lambda descriptor: os.pread(descriptor, 10, 0))
    assert receive_frame(ours, soon()) == (Kind.ANSWER, b"one")
    assert receive_frame(ours, soon()) == (Kind.ANSWER, b"two")


def test_an_answer_over_the_budget_is_not_sent(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    (tmp_path / "a").touch()
    monkeypatch.setattr(child, "LONGEST_ANSWER", 3)
    given(ours, tmp_path / "a")
    child.serve(theirs, lambda _descriptor: b"four")
    assert receive_frame(ours, soon()) == (Kind.TOO_LONG, b"")


def test_a_child_out_of_memory_says_so_and_ends(pair: Pair, tmp_path: Path) -> None:
    def greedy(_descriptor: int) -> bytes:
        raise MemoryError

    ours, theirs = pair
    (tmp_path / "a").touch()
    given(ours, tmp_path / "a", tmp_path / "a")
    child.serve(theirs, greedy)
    assert receive_frame(ours, soon()) == (Kind.OUT_OF_MEMORY, b"")
    theirs.close()
    with pytest.raises(Gone):
        receive_frame(ours, soon())


def test_a_frame_that_may_not_be_ends_the_talk(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"\x01\xff\xff\xff\xff")
    with pytest.raises(Gone):
        receive_frame(ours, soon())
    theirs.sendall(b"\x63\x00\x00\x00\x00")
    with pytest.raises(Gone):
        receive_frame(ours, soon())


def test_a_frame_that_does_not_come_is_waited_for_no_longer_than_said(pair: Pair) -> None:
    ours, theirs = pair
    with pytest.raises(TimeoutError):
        receive_frame(ours, time.monotonic() + 0.05)
    send_frame(theirs, Kind.ANSWER, b"late")
    with pytest.raises(TimeoutError):
        receive_frame(ours, time.monotonic() - 1)


class DyingTool(ExifTool):
    """A tool whose process ends under it, leaving its last words."""

    def __init__(self, words: bytes) -> None:
        super().__init__(VENDORED)
        self._words = words
        self.stopped = False
        self._ended, writing = os.pipe()
        os.close(writing)

    def start(self) -> str:
        return "13.0"

    @property
    def answering(self) -> int:
        return self._ended

    @property
    def complaining(self) -> int:
        return self._ended

    def ask(self, held: Sequence[str]) -> None:
        assert [Path(name).read_bytes() for name in held] == [b""]

    def last_words(self) -> bytes:
        return self._words

    def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize(
    ("words", "kind"), [(b"Out of memory!", Kind.OUT_OF_MEMORY), (b"", Kind.CRASHED)]
)
def test_a_tool_that_died_is_reported_with_its_last_words(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: bytes, kind: Kind
) -> None:
    ours, theirs = pair
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(child, "forbid_processes", lambda: False)
    (tmp_path / "a").touch()
    tool = DyingTool(words)
    given(ours, tmp_path / "a")
    child.run_exiftool(theirs, tool, "open")
    assert receive_frame(ours, soon())[0] is Kind.HELLO
    assert receive_frame(ours, soon()) == (kind, b"")
    assert tool.stopped


class GreedyTool(DyingTool):
    """A tool whose answers the child has no memory for."""

    def answers(self) -> list[bytes]:
        raise MemoryError


def test_a_child_that_has_no_memory_for_an_answer_says_so(pair: Pair, tmp_path: Path) -> None:
    ours, theirs = pair
    (tmp_path / "a").touch()
    tool = GreedyTool(b"")
    given(ours, tmp_path / "a")
    with pytest.MonkeyPatch.context() as held:
        held.setattr(child, "forbid_processes", lambda: False)
        child.run_exiftool(theirs, tool, "open")
    assert [receive_frame(ours, soon())[0] for _ in range(2)] == [Kind.HELLO, Kind.OUT_OF_MEMORY]
    assert tool.stopped


class StillbornTool(DyingTool):
    """A tool that dies while it is waited for."""

    def start(self) -> str:
        os.kill(os.getpid(), signal.SIGCHLD)
        time.sleep(10)
        return "13.0"


def test_a_tool_that_dies_at_its_start_is_not_waited_for() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    with pytest.raises(ToolDied):
        child.started(StillbornTool(b""))
    assert signal.getsignal(signal.SIGCHLD) == before


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def run(theirs: socket.socket, reader: str, script: Path) -> None:
        monkeypatch.setattr(child, "confine", lambda _limits, _worker: "open")
        monkeypatch.setattr(child, "forbid_processes", lambda: False)
        child.main([str(theirs.detach()), reader, str(script), "1000000000", "60"])

    return run


def test_the_real_tool_reads_the_very_file_that_is_open(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unconfined: Callable[..., None]
) -> None:
    ours, theirs = pair
    monkeypatch.chdir(tmp_path)
    given(ours, draw(tmp_path / "a.png", "-XMP-dc:Title=Title"))
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    unconfined(theirs, "ExifTool", VENDORED)
    assert json.loads(receive_frame(ours, soon())[1])["network"] == "open"
    kind, answer = receive_frame(ours, soon())
    (document,) = json.loads(answer)
    assert (kind, document["SourceFile"]) == (Kind.ANSWER, "0001")
    assert document["XMP:XMP-dc:Title"]["val"] == "Title"


def test_the_real_tool_leaves_last_words_and_can_be_stopped() -> None:
    tool = ExifTool(VENDORED)
    tool.stop()
    tool.start()
    assert tool.last_words() == b""
    tool.stop()


def test_the_fallback_reads_exif_in_the_shape_of_the_tool(
    pair: Pair, tmp_path: Path, unconfined: Callable[..., None]
) -> None:
    ours, theirs = pair
    path = draw(
        tmp_path / "a.tif",
        "-IFD0:ImageDescription=caption",
        "-ExifIFD:UserComment=comment",
        "-ExifIFD:ISO=100",
        "-GPS:GPSLatitude=22.5",
        "-GPS:GPSLatitudeRef=N",
    )
    given(ours, path)
    unconfined(theirs, FALLBACK, Path())
    assert json.loads(receive_frame(ours, soon())[1])["tool"] == FALLBACK
    (document,) = json.loads(receive_frame(ours, soon())[1])
    assert document["EXIF:IFD0:ImageDescription"]["val"] == "caption"
    assert float(document["EXIF:GPS:GPSLatitude"]["val"]) == 22.5
    assert document["File:MIMEType"]["val"] == "image/tiff"


def test_the_fallback_survives_broken_coordinates(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.jpg", "-GPS:GPSLatitude=22.5", "-GPS:GPSLatitudeRef=N")
    drawn = path.read_bytes()
    at = drawn.index((22).to_bytes(4, "big") + (1).to_bytes(4, "big"))
    path.write_bytes(drawn[: at + 4] + bytes(4) + drawn[at + 8 :])
    descriptor = os.open(path, os.O_RDONLY)
    try:
        (document,) = json.loads(read_limited(descriptor))
    finally:
        os.close(descriptor)
    assert document["EXIF:GPS:GPSLatitude"]["val"] == ""


def test_the_fallback_tells_only_of_the_image_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tagged:
        def __init__(self, values: object) -> None:
            self.values = values

    tags = {"Image Padding": Tagged(b"\xff\0"), "Thumbnail Make": Tagged("x")}
    monkeypatch.setattr(exifread, "process_file", lambda *_file, **_options: tags)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8")
    descriptor = os.open(tmp_path / "a.jpg", os.O_RDONLY)
    try:
        (document,) = json.loads(read_limited(descriptor))
    finally:
        os.close(descriptor)
    assert document["EXIF:IFD0:Padding"]["hex"] == "ff 00"
    assert len(document) == 3


ENDLESS: dict[str, tuple[Entry, dict[str, str]]] = {
    "a text": ((0x10F, b"M" * 70_000), {"val": "M" * 65_536}),
    "bytes that are no text": (
        (0x10F, b"\xff" + b"M" * 70_000),
        {"val": "\ufffd" + "M" * 65_535, "hex": "ff" + " 4d" * 65_535},
    ),
    "numbers": ((0x10F, [10] * 900), {"val": " ".join(["10"] * 64)}),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_the_fallback_keeps_the_beginning_of_an_endless_tag(tmp_path: Path, what: str) -> None:
    entry, kept = ENDLESS[what]
    (path := tmp_path / "a.tif").write_bytes(tiff([*picture(4, 3), entry]))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        (document,) = json.loads(read_limited(descriptor))
    finally:
        os.close(descriptor)
    assert document["EXIF:IFD0:Make"] == kept


def test_the_module_is_the_program_of_the_child(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    monkeypatch.setattr(sandbox, "confine", lambda _limits, _worker: "open")
    monkeypatch.setattr(sandbox, "forbid_processes", lambda: False)
    number = str(theirs.detach())
    monkeypatch.setattr(sys, "argv", ["child", number, FALLBACK, "", "1000000000", "60"])
    given(ours)
    with pytest.warns(RuntimeWarning, match="found in sys.modules"):
        runpy.run_module("app.readings.child", run_name="__main__")
    assert receive_frame(ours, soon())[0] is Kind.HELLO


class Calls:
    """What confine() asked the kernel for; the answers are ours."""

    def __init__(self, refuse: Callable[[str, tuple[object, ...]], bool]) -> None:
        self.made: list[tuple[object, ...]] = []
        self.refuse = refuse

    def __call__(self, name: str, *arguments: object) -> None:
        if self.refuse(name, arguments):
            raise PermissionError(1, name)
        self.made.append((name, *arguments))


@pytest.fixture
def limits_set(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    made: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(sandbox, "_die_with", lambda _worker: None)
    monkeypatch.setattr(sandbox, "refuse", lambda _names: False)  # it would hold for every test
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    return made


@pytest.mark.parametrize(
    ("refused", "network"),
    [
        ((), "namespace"),
        ((0x40000000,), "user namespace"),
        ((0x40000000, 0x50000000), "open"),
    ],
)
def test_the_network_is_left_by_the_first_way_that_is_open(
    monkeypatch: pytest.MonkeyPatch,
    limits_set: dict[int, tuple[int, int]],
    refused: tuple[int, ...],
    network: str,
) -> None:
    calls = Calls(lambda name, arguments: name == "unshare" and arguments[0] in refused)
    monkeypatch.setattr(sandbox, "_call", calls)
    assert confine(Limits(), 0) == network
    # In a namespace of users /proc/<us>/fd is ours only as long as we are dumpable.
    assert ("prctl", sandbox._PR_SET_DUMPABLE, 1, 0, 0, 0) in calls.made
    assert limits_set[resource.RLIMIT_FSIZE] == (0, 0)
    assert limits_set[resource.RLIMIT_AS][0] == Limits().memory_bytes


def test_the_child_dies_when_its_worker_closes_and_not_before(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    home = tmp_path / f"{sandbox.HOME_PREFIX}1"
    home.mkdir()
    monkeypatch.chdir(home)
    killed = threading.Event()
    monkeypatch.setattr(os, "killpg", lambda *_group: killed.set())
    watch = threading.Thread(target=sandbox._die_with, args=(theirs.fileno(),))
    watch.start()
    ours.sendall(b"work")
    assert not killed.wait(0.1)
    ours.close()
    assert killed.wait(5)
    watch.join()
    assert not home.exists()
    monkeypatch.chdir(tmp_path)
    sandbox._die_with(theirs.fileno())
    assert tmp_path.exists()


def test_without_the_right_to_drop_rights_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, limits_set: dict[int, tuple[int, int]]
) -> None:
    calls = Calls(lambda name, arguments: name == "prctl" and arguments[0] == 24)
    monkeypatch.setattr(sandbox, "_call", calls)
    confine(Limits(), 0)
    assert "capset" in {call[0] for call in calls.made}
    assert limits_set


def test_root_gives_up_every_right_but_that_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[object] = []
    rights: list[list[int]] = []

    def kernel(name: str, *arguments: Any) -> None:  # noqa: ANN401 - ctypes
        if name == "capget":
            arguments[1]._obj[:] = (ctypes.c_uint32 * 6)(0xFF, 0xFF)
        elif name == "capset":
            rights.append(list(arguments[1]._obj))
        else:
            dropped.append(arguments[1])

    monkeypatch.setattr(sandbox, "_call", kernel)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    sandbox._drop_capabilities()
    assert rights == [[0b100, 0b100, 0, 0, 0, 0]]
    assert set(range(64)) - set(dropped) == {2}


@pytest.mark.parametrize(
    ("permitted", "kept"), [(0b111, 0b100), (0b011, 0b010), (0b001, 0), (0, 0)]
)
def test_root_keeps_the_narrowest_right_to_read(permitted: int, kept: int) -> None:
    assert sandbox._reading_rights(permitted) == kept


def test_a_lower_limit_from_outside_stays(
    monkeypatch: pytest.MonkeyPatch, limits_set: dict[int, tuple[int, int]]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (5, 5))
    sandbox._limit(resource.RLIMIT_CPU, 9)
    assert limits_set[resource.RLIMIT_CPU] == (5, 5)


def test_a_refusal_of_the_kernel_is_an_error() -> None:
    with pytest.raises(OSError, match="prctl"):
        sandbox._call("prctl", 9999, 0, 0, 0, 0)
    sandbox._call("prctl", 4, 1, 0, 0, 0)
    assert Limits().open_files >= wire.BATCH
