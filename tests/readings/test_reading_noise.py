"""What tools say on standard error: of which file, what is kept, and that it decides nothing."""

import codecs
import io
import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from drawn import draw, obedient_tool, obeying, opened
from httpx2 import Client
from hypothesis import given
from hypothesis import strategies as st
from signed import sign
from upgraded import reading_by
from world import World

from app.kit.spoofing import UNSEEN
from app.readings import child, noise, opinions, verification
from app.readings.children import Child
from app.readings.compute import conclude, failed
from app.readings.extraction import Extraction
from app.readings.extractor import Extractor
from app.readings.fallback import FALLBACK
from app.readings.noise import CUT, LONGEST, MOST_HEARD, Marked, as_told, shown, told
from app.readings.sandbox import Limits
from app.readings.sidecars import Sidecar, joined
from app.readings.verification import Verifier

MARK = b"\ncatalogue-reading-k3\n"
WARNED = "caf\\xe9 \\u001b[2J \\u202e a\\\\bSCALAR(0x) pid at exiftool line {}."


def raw_of(text: str) -> bytes:
    """Undo what shown() writes."""
    out = b""
    while "\\" in text:
        before, _, text = text.partition("\\")
        out += before.encode()
        width = {"x": 3, "u": 5, "U": 9}.get(text[0], 1)
        sign, text = text[:width], text[width:]
        if sign[0] == "x":
            out += bytes([int(sign[1:], 16)])
        else:
            out += b"\\" if sign == "\\" else codecs.decode(f"\\{sign}", "unicode_escape").encode()
    return out + text.encode()


@given(
    st.binary(max_size=60)
    | st.text(st.characters(codec="utf-8"), max_size=60).map(
        lambda text: text.encode("utf-8", "replace")
    )
)
def test_every_byte_of_noise_can_be_told_from_what_is_shown(raw: bytes) -> None:
    said = shown(b"=" + raw + b"=")
    assert raw_of(said) == b"=" + raw + b"="
    assert not UNSEEN.search(said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param(
            b"Odd at /usr/share/tool/lib/Image/X.pm line 7, <STAYOPEN> line 93.\n",
            "Odd at X.pm line 7.",
            id="where Perl lies and what it was asked before",
        ),
        pytest.param(
            b'  File "/opt/x y/app/readings/child.py", line 9, in main',
            'File "child.py", line 9, in main',
            id="where Python's code lies",
        ),
        pytest.param(b"no /proc/17/fd/9 here", "no (file) here", id="by which link it was opened"),
        pytest.param(
            b"/tmp/catalogue-reading-a8_x/0001: no", "(home)/0001: no", id="the folder of a child"
        ),
        pytest.param(b"HASH(0x5581e0a3b2c8), pid 81", "HASH(0x), pid", id="addresses and pids"),
        pytest.param(b"/proc/cpuinfo and 0xff", "/proc/cpuinfo and 0xff", id="and nothing else"),
    ],
)
def test_what_differs_from_run_to_run_is_left_out(said: bytes, kept: str) -> None:
    assert shown(said) == kept


def test_of_one_reader_so_much_is_kept_and_more_is_said_to_be_there() -> None:
    assert shown(b"x" * LONGEST) == "x" * LONGEST
    assert shown(b"x" * (LONGEST + 1)) == "x" * LONGEST + CUT


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_noise_is_told_apart_by_marks_wherever_they_are_torn(step: int) -> None:
    heard = Marked("catalogue-reading-k3")
    stream = b"start" + MARK + b"one\n\n" + MARK + b"between" + MARK + MARK + MARK + b"last\ncatal"
    for at in range(0, len(stream), step):
        heard.feed(stream[at : at + step])
    assert [heard.of_next() for _ in range(3)] == [b"one\n\n", b"", b""]
    assert heard.of_last() == b"last\ncatal"


def test_endless_noise_takes_no_room_and_hides_no_mark() -> None:
    heard = Marked("catalogue-reading-k3")
    heard.feed(MARK)
    for _ in range(50):
        heard.feed(b"x" * 10_000)
        assert len(heard.of_last()) <= MOST_HEARD + len(MARK)
    heard.feed(b"y" + MARK[:9])
    heard.feed(MARK[9:] + MARK + b"next" + MARK)
    assert [len(heard.of_next()), heard.of_next()] == [MOST_HEARD, b"next"]


def test_what_is_no_noise_says_nothing() -> None:
    assert told("") == told(b"{") == told("null") == {}
    assert as_told({"a": ""}) == b""
    assert told(as_told({"a": "", "b": "said"})) == {"b": "said"}


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Extractor]:
    with Extractor(obedient_tool(tmp_path_factory.mktemp("tool")), wall_seconds=20) as reader:
        yield reader


def read(reader: Extractor, *paths: Path) -> list[Extraction]:
    descriptors = opened(paths)
    try:
        return reader.read(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def test_a_files_noise_is_its_own_whatever_is_read_around_it(
    noisy: Extractor, tmp_path: Path
) -> None:
    loud = obeying(tmp_path, "WARN", "loud.jpg")
    quiet = draw(tmp_path / "quiet.jpg", "-IFD0:ImageDescription=A pier")
    found = read(noisy, quiet, loud, quiet, quiet, loud)
    assert [dict(one.noise) for one in found[:1] + found[2:4]] == [{}, {}, {}]
    assert found[1] == found[4] == read(noisy, loud)[0]
    said = found[1].noise["ExifTool"]
    line = said.rpartition(" ")[2].rstrip(".")
    assert said == WARNED.format(line)
    assert found[1].outcome == "read"
    assert replace(found[1], raw=b"", noise={}).statements == found[1].statements
    assert json.loads(json.loads(found[1].raw)[0][noise.TAG]["val"]) == dict(found[1].noise)


def test_ten_million_bytes_of_noise_cost_no_answer(noisy: Extractor, tmp_path: Path) -> None:
    loud = obeying(tmp_path, "SHOUT", "loud.jpg")
    first, second = read(noisy, loud, draw(tmp_path / "quiet.png", "-XMP-dc:Title=Pier"))
    assert first.noise == {"ExifTool": "x" * LONGEST + CUT}
    assert (first.outcome, second.outcome, second.noise) == ("read", "read", {})


def test_a_tool_that_dies_leaves_what_it_said_of_that_file(
    noisy: Extractor, tmp_path: Path
) -> None:
    (dying := tmp_path / "a.gif").write_bytes(b"GIF89a PLEASE SIGH")
    loud = obeying(tmp_path, "WARN", "loud.jpg")
    _, found, _ = read(noisy, loud, dying, loud)
    assert (found.reason, found.noise) == ("crashed", {"ExifTool": "at my end"})
    [fallen] = read(noisy, obeying(tmp_path, "SIGH"))  # and what another reader said instead
    assert (fallen.outcome, fallen.tool, fallen.noise) == ("read", FALLBACK, found.noise)


def test_a_child_that_dies_leaves_what_it_said_itself(tmp_path: Path) -> None:
    one = Child.start(FALLBACK, Path(), Limits())
    try:
        os.kill(one.process.pid, 6)  # faulthandler is not asked for: it says nothing
        one.process.wait()
        assert one.last_words() == {}
        [descriptor] = opened([draw(tmp_path / "a.jpg")])
        answer = one.ask(descriptor, 5)
        os.close(descriptor)
        assert (answer.reason, answer.noise) == ("crashed", {})
    finally:
        one.kill()


def test_a_full_pipe_of_noise_holds_nobody_up(tmp_path: Path) -> None:
    one = Child.start(FALLBACK, Path(), Limits())
    try:
        assert one.last_words() == {}  # still alive, and silent
        with Path(f"/proc/{one.process.pid}/fd/2").open("wb", buffering=0) as saying:
            os.set_blocking(saying.fileno(), False)
            while saying.write(b"Odd at /a/b.py line 3\n" * 100):
                pass
        [descriptor] = opened([draw(tmp_path / "a.jpg", "-IFD0:Make=Maker")])
        assert one.ask(descriptor, 10).reason is None
        os.close(descriptor)
        assert one.last_words()["reading child"].startswith("Odd at b.py line 3\nOdd")
    finally:
        one.kill()


def test_the_fallbacks_complaints_are_kept(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()

    def complaining(_descriptor: int) -> bytes:
        sys.stderr.write("Odd value\n")
        return b'[{"File:MIMEType":{"val":"image/jpeg"}}]'

    [descriptor] = opened([draw(tmp_path / "a.jpg")])
    with ours, theirs:
        socket.send_fds(ours, [b"\1"], [descriptor])
        ours.shutdown(socket.SHUT_WR)
        child.serve(theirs, complaining)
        body = ours.recv(10_000)[5:]
    os.close(descriptor)
    found = conclude(body, b"", 9, FALLBACK, "3", limited=True)
    assert found.noise == {FALLBACK: "Odd value"}


def test_a_reader_that_writes_without_end_is_heard_to_its_bound() -> None:
    with noise.Hearing() as said:
        for _ in range(100):
            sys.stderr.write("y" * 1000)
        assert isinstance(sys.stderr, io.TextIOBase)
        assert sys.stderr.writable()
    assert said.heard() == b"y" * MOST_HEARD
    assert sys.stderr is not said


def test_what_the_credentials_library_says_besides_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loud(_descriptor: int, _mime: str, _trusted: str) -> dict[str, str]:
        os.write(2, b"thread panicked at 0x7f0011223344\n" + b"z" * 200_000)
        return {"error": "odd"}

    monkeypatch.setattr(verification, "read_manifest", loud)
    verifier = Verifier()
    [descriptor] = opened([sign(draw(tmp_path / "a.jpg"))])
    try:
        found, said = opinions.opinions(descriptor, verifier)
        again, _ = verifier.verify(descriptor, "image/jpeg")
    finally:
        verifier.close()
        os.close(descriptor)
    assert json.loads(found["C2PA:Manifest"]) == again == {"error": "odd"}
    assert said["c2pa-python"].startswith("thread panicked at 0x\nzzz")
    assert len(said["c2pa-python"]) == LONGEST + len(CUT)


def test_a_sidecars_noise_names_it() -> None:
    answer = json.dumps([{noise.TAG: {"val": '{"ExifTool":"odd"}'}}]).encode()
    beside = [
        Sidecar("a/b.xmp", "token", answer),
        Sidecar("a/c.xmp", "token", b"", reason="crashed"),
    ]
    image = failed("crashed", "ExifTool", "13", {"ExifTool": "own"})
    assert joined(image, [replace(one, reason="not_xmp") for one in beside]).noise == {
        "ExifTool": "own",
        "sidecar:b.xmp ExifTool": "odd",
    }


def test_a_reading_tells_the_noise_of_its_file(
    town: World, town_api: Client, tmp_path: Path
) -> None:
    store = town.a_source_system()
    loud = town.an_asset(store, obeying(tmp_path, "WARN").read_bytes(), name="loud.jpg")
    quiet = town.an_asset(store, description="A pier")
    with reading_by(obedient_tool(tmp_path)):
        town.work()
    key = town.headers("cataloguer", department=store.department)
    said = [
        town_api.get(f"/v1/assets/{one}/readings", headers=key).json()["items"][0]["noise"]
        for one in (loud, quiet)
    ]
    assert said[0]["ExifTool"].startswith("caf\\xe9 \\u001b[2J \\u202e")
    assert said[1] == {}
