"""The children that decode, run in this process: what they answer, and when they end."""

import json
import os
import runpy
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from io import SEEK_CUR, SEEK_END, BytesIO
from pathlib import Path
from uuid import uuid4

import cv2
import pytest
from photographs import photograph, saved
from PIL import Image

from app.fingerprints import decoding
from app.fingerprints.confined import Confined
from app.fingerprints.registration import aligner as aligning
from app.fingerprints.registration import child as measuring
from app.fingerprints.registration.aligner import Aligner, Side, read
from app.fingerprints.registration.child import Keeping
from app.fingerprints.seeing import child as seeing
from app.fingerprints.seeing.picture import Picture, decoded
from app.fingerprints.seeing.viewer import read_looked, read_pixels
from app.fingerprints.thumbnailer import Thumbnail, Thumbnailer
from app.readings import sandbox
from app.readings.wire import Gone, Kind, receive_frame, send_descriptors, send_frame

PHOTO = photograph()
JPEG, PNG = saved(PHOTO, "JPEG"), saved(PHOTO, "PNG")
LARGE = photograph(2, (1500, 1000))
# A GIF of 35 bytes with a canvas of 65,535 times 65,535.
CANVAS = b"GIF89a" + b"\xff" * 4 + bytes(3) + b"," + bytes(4) + b"\xff" * 4 + b"\0\2\2L\1\0;"
FILES = {
    "large": saved(LARGE, "JPEG"),
    "reduced": saved(LARGE.resize((900, 600)), "JPEG"),
    "jpeg": JPEG,
    "png": PNG,
    "canvas": CANVAS,
    "rubbish": b"no picture",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[dict[str, int]]:
    """Hold the files open by their names."""
    held = {}
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        held[name] = os.open(tmp_path / name, os.O_RDONLY)
    yield held
    for descriptor in held.values():
        os.close(descriptor)


class Talk:
    """The worker's end of a child that runs in this process, unconfined."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, ours: socket.socket, theirs: socket.socket
    ) -> None:
        self.ours, self._theirs = ours, theirs
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(sandbox, "confine", lambda _limits, _worker: "open")
        monkeypatch.setattr(sandbox, "forbid_processes", lambda: False)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)

    def run(self, module: str, *told: str) -> None:
        """Be the program of a child until it ends."""
        threads = cv2.getNumThreads()
        words = [str(self._theirs.detach()), "1000000000", "60", *told]
        self._monkeypatch.setattr(sys, "argv", ["child", *words])
        with pytest.warns(RuntimeWarning, match="found in sys.modules"):
            runpy.run_module(module, run_name="__main__")
        cv2.setNumThreads(threads)

    def give(self, descriptors: Sequence[int]) -> None:
        """Hand it all files at once and close our end for more."""
        send_descriptors(self.ours, descriptors)
        self.ours.shutdown(socket.SHUT_WR)

    def hear(self) -> tuple[Kind, bytes]:
        """Take its next word."""
        return receive_frame(self.ours, time.monotonic() + 20)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Talk(monkeypatch, ours, theirs)


def test_small_pictures_are_made_one_after_another(talk: Talk, shelf: dict[str, int]) -> None:
    talk.give([shelf["png"], shelf["canvas"], shelf["rubbish"]])
    talk.run(decoding.__name__)
    assert json.loads(talk.hear()[1])["tool"] == "Pillow"
    heads = []
    for _ in range(3):
        kind, answer = talk.hear()
        head, _, content = answer.partition(b"\n")
        assert kind is Kind.ANSWER
        heads.append((json.loads(head)["outcome"], json.loads(head)["width"], content[:3]))
    assert heads == [("made", 300, b"\xff\xd8\xff"), ("too_large", 0, b""), ("undecodable", 0, b"")]


def test_a_small_picture_that_needs_too_much_ends_its_child(
    monkeypatch: pytest.MonkeyPatch, shelf: dict[str, int]
) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "opened", greedy)
    with pytest.raises(MemoryError):
        decoding.answer(shelf["png"])


def test_files_are_looked_at_one_after_another(talk: Talk, shelf: dict[str, int]) -> None:
    talk.give([shelf["png"], shelf["jpeg"], shelf["canvas"]])
    talk.run(seeing.__name__, "look")
    assert json.loads(talk.hear()[1])["tool"] == "OpenCV"
    full, scaled, large = (read_looked(talk.hear()[1]) for _ in range(3))
    assert full.pixels is not None
    assert full.pixels.sha256 == full.seen.pixels_sha256
    assert (scaled.seen.outcome, scaled.pixels) == ("decoded", None)
    assert (large.seen.outcome, large.pixels) == ("too_large", None)


def test_samples_are_digested_one_file_after_another(talk: Talk, shelf: dict[str, int]) -> None:
    talk.give([shelf["png"], shelf["canvas"], shelf["rubbish"]])
    talk.run(seeing.__name__, "pixels")
    talk.hear()
    made, large, none = (read_pixels(json.loads(talk.hear()[1])) for _ in range(3))
    assert made.sha256 is not None
    assert (large.reason, none.reason) == ("over_budget", "not_decodable")


def test_an_open_file_is_read_from_a_place_of_its_own(shelf: dict[str, int]) -> None:
    os.lseek(shelf["png"], 7, os.SEEK_SET)
    beside = seeing.Beside(shelf["png"])
    assert beside.readable()
    assert beside.seekable()
    assert beside.seek(-4, SEEK_END) == len(PNG) - 4
    assert beside.read() == PNG[-4:]
    assert beside.seek(-4, SEEK_CUR) == len(PNG) - 4
    with pytest.raises(ValueError, match="before the beginning"):
        beside.seek(-1)
    assert os.lseek(shelf["png"], 0, os.SEEK_CUR) == 7


PAIRS = [
    (("jpeg", "png"), "measured"),
    (("png", "rubbish"), "undecodable"),
    (("canvas", "png"), "too_large"),
    (("large", "reduced"), "measured"),
]


def test_pairs_are_measured_one_after_another(talk: Talk, shelf: dict[str, int]) -> None:
    asked: list[str] = []
    answers: list[str] = []

    def worker() -> None:
        talk.hear()
        for (a, b), _ in PAIRS:
            send_frame(talk.ours, Kind.ANSWER, json.dumps({"a": a, "b": b}).encode())
            while (heard := talk.hear())[0] is Kind.HELLO:
                name = {"a": a, "b": b}[heard[1].decode()]
                asked.append(name)
                send_descriptors(talk.ours, [shelf[name]])
            answers.append(read(heard[1]).outcome)
        talk.ours.shutdown(socket.SHUT_WR)

    other = threading.Thread(target=worker)
    other.start()
    talk.run(measuring.__name__)
    other.join()
    assert answers == [outcome for _, outcome in PAIRS]
    assert asked.count("jpeg") == asked.count("png") == 1  # kept for the next pairs
    assert asked.count("large") == 1  # though it is decoded twice


def test_a_worker_that_goes_while_a_file_is_asked_for_ends_the_child(
    talk: Talk,
) -> None:
    send_frame(talk.ours, Kind.ANSWER, b'{"a": "1", "b": "2"}')
    talk.ours.shutdown(socket.SHUT_WR)
    talk.run(measuring.__name__)
    assert [talk.hear()[0] for _ in range(2)] == [Kind.HELLO, Kind.HELLO]
    with pytest.raises(Gone):
        talk.hear()


def test_only_want_of_memory_ends_a_measuring_child_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = socket.socketpair()
    failure = cv2.error("no more")

    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(measuring, "measured", failing)
    with ours, theirs:
        failure.code = cv2.Error.StsNoMem
        send_frame(ours, Kind.ANSWER, b'{"a": "1", "b": "2"}')
        measuring.serve(theirs)
        assert receive_frame(ours, time.monotonic() + 5) == (Kind.OUT_OF_MEMORY, b"")
        failure.code = cv2.Error.StsBadArg
        send_frame(ours, Kind.ANSWER, b'{"a": "1", "b": "2"}')
        with pytest.raises(cv2.error):
            measuring.serve(theirs)


def test_pictures_that_fit_are_all_kept() -> None:
    def picture(longest: int) -> Picture:
        return decoded(BytesIO(PNG), longest)

    keeping = Keeping()
    for number in range(3):
        assert keeping.of(str(number), picture).coarse.size == (300, 200)
    keeping.tidy()
    assert list(keeping._kept) == ["0", "1", "2"]


def test_a_measuring_child_is_renewed_before_it_is_old(
    monkeypatch: pytest.MonkeyPatch, shelf: dict[str, int]
) -> None:
    monkeypatch.setattr(aligning, "RENEWED_AFTER", 0.0)
    rubbish = Side(uuid4(), lambda: nullcontext(shelf["rubbish"]))
    with Aligner() as aligner:
        pids = []
        for _ in range(2):
            assert aligner.measure(rubbish, rubbish).outcome == "undecodable"
            assert aligner._child is not None
            pids.append(aligner._child.process.pid)
    assert pids[0] != pids[1]


def test_a_small_picture_of_a_child_that_answers_rubbish_is_none(
    monkeypatch: pytest.MonkeyPatch, shelf: dict[str, int]
) -> None:
    refused = 0

    def refuse(_: Confined) -> None:
        nonlocal refused
        refused += 1

    monkeypatch.setattr(Confined, "ask", lambda _self, _descriptor: None)
    monkeypatch.setattr(Confined, "heard", lambda _self: b'{"outcome": "made"}\nno picture')
    monkeypatch.setattr(Confined, "refuse", refuse)
    with Thumbnailer() as maker:
        [found] = maker.make([shelf["png"]])
    assert found == Thumbnail("undecodable", "crashed")
    assert refused == 1
