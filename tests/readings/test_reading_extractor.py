"""Reading real files with real children: what is found, and what no file can do to the worker."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from drawn import draw, obedient_tool, obeying, opened

from app.readings import children
from app.readings import extractor as engine
from app.readings.children import Answer, Child
from app.readings.exiftool import VENDORED, UnfitTool, environment, find_tool, prove_fit
from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor
from app.readings.fallback import FALLBACK
from app.readings.sandbox import Limits
from app.readings.wire import BATCH, Kind

SMALL = Limits(memory_bytes=256 * 1024 * 1024)
TAGS = (
    "-IFD0:ImageDescription=A tram at the corner",
    "-XMP-dc:Creator=Chan Chi Ming",
    "-ExifIFD:DateTimeOriginal=2014:05:02 10:11:12",
    "-IFD0:Make=Maker",
    "-IFD0:Orientation=6",
    "-GPS:GPSLatitude=22.28",
    "-GPS:GPSLatitudeRef=N",
    "-GPS:GPSLongitude=114.16",
    "-GPS:GPSLongitudeRef=E",
)


@pytest.fixture(scope="module")
def warm() -> Iterator[Extractor]:
    with Extractor() as extractor:
        yield extractor


def read_with(extractor: Extractor, *paths: Path) -> list[Extraction]:
    descriptors = opened(paths)
    try:
        return extractor.read(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def picked(found: Extraction) -> dict[str, object]:
    return {s.field: s.value for s in found.statements if s.picked}


def test_what_a_picture_says_comes_back_as_statements(warm: Extractor, tmp_path: Path) -> None:
    (found,) = read_with(warm, draw(tmp_path / "tram.jpg", *TAGS))
    assert (found.outcome, found.reason, found.limited) == (Outcome.READ, None, False)
    assert (found.tool, found.tool_version) == ("ExifTool", warm.version)
    assert (found.format, found.mime) == ("JPEG", "image/jpeg")
    assert picked(found) == {
        "format": {"name": "JPEG", "mime": "image/jpeg", "version": "1.01", "puid": "fmt/43"},
        "technical": {
            "size_bytes": (tmp_path / "tram.jpg").stat().st_size,
            "width": 32,
            "height": 24,
            "orientation": 6,
            "frames": 1,
            "bit_depth": 8,
            "channels": 3,
            "compression": "jpeg",
        },
        "c2pa_status": "none",
        "description": "A tram at the corner",
        "creator": ["Chan Chi Ming"],
        "date_created": "2014-05-02T10:11:12",
        "capture_device": {"make": "Maker"},
        "place": {"coords": {"lat": 22.28, "lon": 114.16}},
    }
    (raw,) = json.loads(found.raw)
    assert raw["EXIF:ExifIFD:DateTimeOriginal"]["val"] == "2014:05:02 10:11:12"


def test_a_reading_asks_for_no_hash_name_or_time(warm: Extractor, tmp_path: Path) -> None:
    (found,) = read_with(warm, draw(tmp_path / "tram.jpg", *TAGS))
    volatile = ("ImageDataHash", "FileName", "Directory", "FileModifyDate", "FileAccessDate")
    assert not [word for word in volatile if word.encode() in found.raw]
    assert str(tmp_path).encode() not in found.raw


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.bmp", "a.webp", "a.tif", "a.jp2", "a.jpg"])
def test_an_image_that_says_nothing_is_nothing_found(
    warm: Extractor, tmp_path: Path, name: str
) -> None:
    (found,) = read_with(warm, draw(tmp_path / name))
    assert (found.outcome, found.reason) == (Outcome.NOTHING_FOUND, None)
    assert {s.field for s in found.statements} - {"c2pa_status"} == {"format", "technical"}
    technical = picked(found)["technical"]
    assert isinstance(technical, dict)
    assert (technical["width"], technical["height"]) == (32, 24)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty_file", id="empty"),
        pytest.param(b"<html><script>1</script></html>", "not_an_image", id="HTML"),
        pytest.param(
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not_an_image", id="SVG"
        ),
        pytest.param(b"%PDF-1.4\n", "not_an_image", id="PDF"),
        pytest.param(b"PK\x03\x04" + bytes(40), "not_an_image", id="ZIP"),
        pytest.param(b"MZ\x90\x00" + b"\x01" * 60, "not_an_image", id="program"),
        pytest.param(b"just some words\n", "not_an_image", id="text"),
        pytest.param(b"\x01\x02\x9d\x04" * 50, "unknown_format", id="noise"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "truncated_header", id="PNG cut short"),
        pytest.param(b"\xff\xd8\xff\xe0\x00", "truncated_header", id="JPEG cut short"),
    ],
)
def test_what_cannot_be_read_says_why(
    warm: Extractor, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "claims.jpg").write_bytes(content)
    (found,) = read_with(warm, tmp_path / "claims.jpg")
    assert (found.outcome, found.reason) == (Outcome.UNREADABLE, reason)
    assert not [s for s in found.statements if s.field not in ("format", "technical")]


def test_name_and_order_change_nothing(warm: Extractor, tmp_path: Path) -> None:
    plain = draw(tmp_path / "tram.jpg", *TAGS).read_bytes()
    names = ["a\n-if\nsystem('touch owned')\n.jpg", "-rf --help.jpg", "@args.jpg", "tram.exe", "x"]
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_bytes(plain)
    others = [draw(tmp_path / f"{i}.png", f"-XMP-dc:Title=Title {i}") for i in range(4)]
    expected = dict(zip(paths + others, read_with(warm, *paths, *others), strict=True))
    assert {found.raw for path, found in expected.items() if path in paths} == {
        expected[paths[0]].raw
    }
    for seed in range(5):
        shuffled = random.Random(seed).sample(paths + others, len(expected))  # noqa: S311
        assert read_with(warm, *shuffled) == [expected[path] for path in shuffled]
    assert not list(tmp_path.glob("owned*"))


def test_a_batch_longer_than_one_message_comes_back_in_order(
    warm: Extractor, tmp_path: Path
) -> None:
    paths = []
    for number in range(45):
        path = tmp_path / f"{number}.png"
        paths.append(draw(path, size=(number + 1, 1)) if number % 10 else tmp_path / "empty")
    (tmp_path / "empty").touch()
    found = read_with(warm, *paths)
    widths = [picked(one)["technical"]["width"] if one.raw else 0 for one in found]  # type: ignore[index]
    assert widths == [number + 1 if number % 10 else 0 for number in range(45)]
    assert warm.read([]) == []


def test_a_source_keeps_its_bytes_its_times_and_its_offset(warm: Extractor, tmp_path: Path) -> None:
    path = draw(tmp_path / "tram.jpg", *TAGS)
    os.utime(path, ns=(10**18, 11 * 10**17))
    before, content = path.stat(), b""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOATIME)
    try:
        os.lseek(descriptor, 5, os.SEEK_SET)
        assert warm.read([descriptor])[0].outcome is Outcome.READ
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 5
        content = os.pread(descriptor, before.st_size, 0)
    finally:
        os.close(descriptor)
    after = path.stat()
    for time_of in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns", "st_size"):
        assert getattr(before, time_of) == getattr(after, time_of)
    assert content.startswith(b"\xff\xd8")


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return obedient_tool(tmp_path_factory.mktemp("tool"))


@pytest.mark.parametrize("order", ["HANG", "DIE", "EAT", "BABBLE"])
def test_a_bad_file_never_costs_its_batch(tool: Path, tmp_path: Path, order: str) -> None:
    good = [draw(tmp_path / f"{i}.png", f"-XMP-dc:Title=Title {i}") for i in range(2)]
    bad = obeying(tmp_path, order)
    with Extractor(tool, wall_seconds=2, limits=SMALL) as extractor:
        found = read_with(extractor, good[0], bad, good[1])
        again = read_with(extractor, *good)
    assert [one.outcome for one in again] == [Outcome.READ] * 2
    assert [found[0], found[2]] == again
    # The fallback reader knows JPEG, so the caption is not lost; it is marked as limited.
    assert (found[1].outcome, found[1].tool, found[1].limited) == (Outcome.READ, "exifread", True)
    assert picked(found[1])["description"] == "still here"


@pytest.mark.parametrize(
    ("order", "reason"), [("HANG", "timed_out"), ("DIE", "crashed"), ("EAT", "out_of_memory")]
)
def test_where_the_fallback_does_not_reach_the_reason_stays(
    tool: Path, tmp_path: Path, order: str, reason: str
) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + f"PLEASE {order}".encode())
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    with Extractor(tool, wall_seconds=2, limits=SMALL) as extractor:
        found = read_with(extractor, good, tmp_path / "a.gif", good)
    assert [one.outcome for one in found] == [Outcome.READ, Outcome.UNREADABLE, Outcome.READ]
    assert (found[1].reason, found[1].raw, found[1].statements) == (reason, b"", ())


def test_a_jpeg_that_no_reader_understands_keeps_the_first_reason(
    tool: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xfe\x00\x0ePLEASE DIE")
    with Extractor(tool) as extractor:
        (found,) = read_with(extractor, tmp_path / "a.jpg")
    assert (found.outcome, found.reason, found.tool) == (Outcome.UNREADABLE, "crashed", "ExifTool")


def test_a_fallback_that_fails_too_is_no_answer(
    tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FALLBACK_SECONDS", 0.0)
    with Extractor(tool) as extractor:
        (found,) = read_with(extractor, obeying(tmp_path, "DIE"))
    assert (found.outcome, found.reason) == (Outcome.UNREADABLE, "crashed")


@pytest.mark.parametrize("kill", [os.killpg, os.kill], ids=["with all it started", "alone"])
def test_a_child_killed_in_the_middle_costs_one_file_its_answer(
    tool: Path, tmp_path: Path, kill: Callable[[int, int], None]
) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89aPLEASE HANG")
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    with Extractor(tool) as extractor:
        child = extractor._child
        assert child is not None
        threading.Timer(0.5, kill, (child.process.pid, signal.SIGKILL)).start()
        found = read_with(extractor, tmp_path / "a.gif") + read_with(extractor, good)
    assert [one.reason for one in found] == ["crashed", None]


def test_a_child_killed_while_idle_costs_nothing(tmp_path: Path) -> None:
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    with Extractor() as extractor:
        for kill in (os.killpg, os.kill):
            child = extractor._child
            assert child is not None
            kill(child.process.pid, signal.SIGKILL)
            while not child.ended():
                time.sleep(0.01)
            assert [one.outcome for one in read_with(extractor, good, good)] == [Outcome.READ] * 2


@pytest.mark.parametrize(("order", "given"), [("DIE", [4, 1, 2]), ("HANG", [4, 2])])
def test_a_child_that_fails_after_other_files_is_not_believed_at_once_unless_by_the_clock(
    tool: Path, tmp_path: Path, order: str, given: list[int]
) -> None:
    (tmp_path / "a.gif").write_bytes(f"GIF89aPLEASE {order}".encode())
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    asked: list[int] = []
    give = Child.give

    def watched(self: Child, descriptors: list[int]) -> None:
        asked.append(len(descriptors))
        give(self, descriptors)

    with pytest.MonkeyPatch.context() as patch, Extractor(tool, wall_seconds=2) as extractor:
        patch.setattr(Child, "give", watched)
        read_with(extractor, good, tmp_path / "a.gif", good, good)
    assert asked == given


def test_a_file_that_fails_only_in_company_is_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, failures = Child.answer, [Answer(reason="crashed", alone=False)]

    def once(self: Child, seconds: float) -> Answer:
        return failures.pop() if failures else answer(self, seconds)

    monkeypatch.setattr(Child, "answer", once)
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    with Extractor() as extractor:
        assert [one.outcome for one in read_with(extractor, good, good)] == [Outcome.READ] * 2


def test_a_child_that_went_before_it_was_asked_is_to_blame_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Extractor() as extractor:
        child = extractor._child
        assert child is not None
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        assert child.ended()
        assert child.ask(0, 1.0) == Answer(reason="crashed", alone=False)
    monkeypatch.setattr(children, "START_SECONDS", 0.0)
    with pytest.raises(UnfitTool, match="did not start"), Extractor():
        pass


def test_a_child_is_replaced_before_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FILES_A_CHILD", 2)
    good = draw(tmp_path / "good.png", "-XMP-dc:Title=Title")
    with Extractor() as extractor:
        first = extractor._child
        found = read_with(extractor, *[good] * (BATCH + 2))
        assert first is not None
        assert first.files == BATCH  # of one message, which is not torn
        found += read_with(extractor, good, good)
        assert [one.outcome for one in found] == [Outcome.READ] * (BATCH + 4)
        assert extractor._child is not first


def test_nothing_stays_behind(tmp_path: Path) -> None:
    with Extractor() as extractor:
        child = extractor._child
        assert child is not None
        family = psutil.Process(child.process.pid).children(recursive=True)
        tools = [one.name() for one in family if not one.name().startswith("python")]
        assert tools in (["exiftool"], ["perl"])
        assert child.home.is_dir()
        assert extractor.network in ("namespace", "user namespace", "open")
    assert not child.home.exists()
    psutil.wait_procs(family, timeout=5)
    assert not [one for one in family if one.is_running()]


def test_a_busy_child_and_its_tool_die_with_a_worker_that_is_killed(
    tool: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89aPLEASE HANG")
    program = (
        "import os, pathlib, sys, threading; from app.readings.extractor import Extractor\n"
        "x = Extractor(pathlib.Path(sys.argv[1]))\n"
        "t = threading.Thread(target=x.__enter__); t.start(); t.join()\n"
        "print(x._child.process.pid, flush=True)\n"
        "x.read([os.open(sys.argv[2], os.O_RDONLY)])"
    )
    command = [sys.executable, "-c", program, str(tool), str(tmp_path / "a.gif")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:  # noqa: S603
        assert worker.stdout is not None
        child = psutil.Process(int(worker.stdout.readline()))
        family, home = [child, *child.children()], Path(child.cwd())
        time.sleep(0.5)  # a child of a thread that ended lives on, and its tool now hangs
        assert child.is_running()
        worker.kill()
    deadline = time.monotonic() + 10
    while any(one.is_running() and one.status() != "zombie" for one in family):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not home.exists()


def test_the_child_is_bounded_and_knows_nothing_of_the_worker(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=400 * 1024 * 1024)
    with Extractor(limits=limits) as extractor:
        child = extractor._child
        assert child is not None
        for process in (psutil.Process(child.process.pid), *_tools_of(child)):
            assert process.rlimit(psutil.RLIMIT_AS) == (limits.memory_bytes,) * 2
            assert process.rlimit(psutil.RLIMIT_CPU) == (limits.cpu_seconds,) * 2
            assert process.rlimit(psutil.RLIMIT_NOFILE) == (limits.open_files,) * 2
            assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
            assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
            assert process.cwd() == str(child.home)
            assert os.getsid(process.pid) == child.process.pid
        (perl,) = _tools_of(child)
        kept = {key: value for key, value in perl.environ().items() if key != "_"}
        assert kept == environment(child.home)


def _tools_of(child: Child) -> list[psutil.Process]:
    family = psutil.Process(child.process.pid).children()
    return [one for one in family if not one.name().startswith("python")]


def test_an_absent_tool_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnfitTool, match="not found"), Extractor(tmp_path / "none"):
        pass
    monkeypatch.setattr("app.readings.exiftool.VENDORED", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnfitTool, match="not found"):
        find_tool(None)


def test_the_vendored_tool_comes_before_the_path() -> None:
    assert find_tool(None) == VENDORED.resolve()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("print '12.57';", "too old"),
        ("print '13.59';", "built otherwise"),
        ("print 'hello';", "not ExifTool"),
        ("die 'no';", "not ExifTool"),
    ],
)
def test_an_unfit_tool_is_refused(tmp_path: Path, script: str, complaint: str) -> None:
    (tmp_path / "exiftool").write_text(script)
    with pytest.raises(UnfitTool, match=complaint), Extractor(tmp_path / "exiftool"):
        pass


@pytest.mark.parametrize("module", ["Digest::MD5", "Encode", "Compress::Zlib"])
def test_a_perl_that_lacks_a_module_is_refused(tmp_path: Path, module: str) -> None:
    broken = tmp_path / f"{module.replace('::', '/')}.pm"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("die;")
    surroundings = environment(tmp_path) | {"PERL5LIB": str(tmp_path), "PERL5OPT": ""}
    with pytest.raises(UnfitTool, match=module):
        prove_fit(VENDORED, surroundings)


def test_a_machine_without_perl_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_command: object, **_options: object) -> None:
        raise FileNotFoundError(2, "perl")

    monkeypatch.setattr(subprocess, "run", absent)
    with pytest.raises(UnfitTool, match="Perl cannot be run"):
        prove_fit(VENDORED, environment(tmp_path))


def test_a_child_that_does_not_say_that_it_is_confined_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(children, "receive_frame", lambda *_: (Kind.ANSWER, b"{}"))
    with pytest.raises(UnfitTool, match="did not start"):
        Child.start(FALLBACK, Path(), Limits())


def test_a_child_that_cannot_start_is_refused(tmp_path: Path) -> None:
    """The version check passes, the stay-open process then ends at once."""
    script = tmp_path / "exiftool"
    said = "sub GetImageInfo {} print '13.59' if grep { /ver/ } @ARGV; exit 1;"
    script.write_text(f"#!/usr/bin/env perl\n{said}\n")
    script.chmod(0o755)
    with pytest.raises(UnfitTool, match="did not start"), Extractor(script):
        pass
