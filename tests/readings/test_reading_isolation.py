"""A reading can neither speak to anyone nor start anything, shown by readings that try to."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from drawn import draw, obedient_tool, obeying, opened
from signed import sign

from app.readings.calls import PROCESSES, SOCKETS, filter_of, refuse
from app.readings.children import Child
from app.readings.exiftool import environment
from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor
from app.readings.fallback import FALLBACK
from app.readings.sandbox import Limits

# What a confined process can do where the kernel grants it no namespace at all.
ATTEMPTS = """
import os, socket, sys, threading
from app.readings import sandbox
sandbox._leave_network = lambda: sandbox.OPEN
ours, theirs = socket.socketpair()
print(sandbox.confine(sandbox.Limits(), theirs.fileno()), sandbox.forbid_processes())
for attempt in (
    lambda: socket.socket(socket.AF_INET), lambda: socket.socket(socket.AF_UNIX),
    os.fork, lambda: os.posix_spawn('/bin/true', ['true'], {}),
    lambda: os.execv('/bin/true', ['true']),
):
    try:
        attempt()
    except OSError as error:
        print(error.strerror)
    else:
        print('done')
thread = threading.Thread(target=print, args=('a thread',))
thread.start()
thread.join()
"""
# The library's place is taken by one that tries to start something.
VERIFYING = """
import os, resource, sys
from app.readings import sandbox, verification
sandbox._call('prctl', sandbox._PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
def starting(*_):
    try:
        os.posix_spawn('/bin/true', ['true'], {})
    except OSError as error:
        return [error.strerror, str(resource.getrlimit(resource.RLIMIT_CPU))]
    return ['started', '']
verification.read_manifest = starting
verifier = verification.Verifier()
said, _ = verifier.verify(os.open(sys.argv[1], os.O_RDONLY), 'image/jpeg')
print(*said, sep='\\n')
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        yield listening


def visited(listening: socket.socket) -> bool:
    try:
        listening.accept()[0].close()
    except TimeoutError:
        return False
    return True


def read(tool: Path, path: Path) -> Extraction:
    [descriptor] = opened([path])
    try:
        with Extractor(tool) as extractor:
            return extractor.read([descriptor])[0]
    finally:
        os.close(descriptor)


def run_unconfined(tool: Path, path: Path) -> None:
    """Read a file with the same tool and nothing around it, so that the canary is seen to sing."""
    surroundings = environment(path.parent) | {"ALONE": ""}
    command = ["perl", str(tool), "-config", "", str(path)]
    subprocess.run(command, env=surroundings, capture_output=True, check=True)  # noqa: S603


def test_a_reading_that_connects_reaches_nobody(listener: socket.socket, tmp_path: Path) -> None:
    tool = obedient_tool(tmp_path)
    calling = obeying(tmp_path, f"CONNECT {listener.getsockname()[1]}")
    run_unconfined(tool, calling)
    assert visited(listener), "the canary is dead: the reading does not even try"
    found = read(tool, calling)
    assert not visited(listener)
    assert (found.outcome, found.tool) == (Outcome.READ, "ExifTool")


def test_a_reading_that_starts_a_program_starts_none(tmp_path: Path) -> None:
    tool = obedient_tool(tmp_path)
    owned = tmp_path / "owned"
    starting = obeying(tmp_path, f"RUN {owned}")
    run_unconfined(tool, starting)
    assert owned.exists(), "the canary is dead: the reading does not even try"
    owned.unlink()
    found = read(tool, starting)
    assert not owned.exists()
    assert (found.outcome, found.tool) == (Outcome.READ, "ExifTool")


@pytest.mark.skipif(not filter_of(SOCKETS), reason="nobody knows this machine's calls")
def test_without_any_namespace_the_kernel_still_refuses() -> None:
    command = [sys.executable, "-c", ATTEMPTS]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    refused = "Operation not permitted"
    assert said.stdout.splitlines() == ["no sockets True", *[refused] * 5, "a thread"]


@pytest.mark.skipif(not filter_of(SOCKETS), reason="nobody knows this machine's calls")
def test_child_and_tool_are_both_filtered(tmp_path: Path) -> None:
    with Extractor() as extractor:
        child = extractor._child
        assert child is not None
        [descriptor] = opened([draw(tmp_path / "a.png")])
        extractor.read([descriptor])  # it greets before it gives up starting things
        os.close(descriptor)
        below = _below(child.process.pid)
        verifying = [one for one in below if psutil.Process(one).name() != "perl"]
        for process in (child.process.pid, *below):
            status = Path(f"/proc/{process}/status").read_text("ascii")
            # What starts a process for each manifest gives up sockets alone, and looks at no file.
            starts_others = process in verifying
            assert f"Seccomp_filters:\t{1 if starts_others else 2}" in status
        assert len(verifying) == 1


@pytest.mark.skipif(not filter_of(SOCKETS), reason="nobody knows this machine's calls")
def test_the_limited_reader_is_filtered_too(tmp_path: Path) -> None:
    child = Child.start(FALLBACK, Path(), Limits())
    try:
        [descriptor] = opened([draw(tmp_path / "a.jpg")])
        assert child.ask(descriptor, 10).reason is None  # it greets before it gives up the rest
        os.close(descriptor)
        status = Path(f"/proc/{child.process.pid}/status").read_text("ascii")
        assert "Seccomp_filters:\t2" in status
    finally:
        child.kill()


@pytest.mark.skipif(not filter_of(SOCKETS), reason="nobody knows this machine's calls")
def test_the_library_of_credentials_starts_nothing_and_is_given_little_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", VERIFYING, str(sign(draw(tmp_path / "a.jpg")))]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert said.stdout.splitlines() == ["Operation not permitted", "(10, 10)"]


def _below(process: int) -> list[int]:
    return [one.pid for one in psutil.Process(process).children()]


def test_an_unknown_machine_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert filter_of(PROCESSES, "pdp11") == b""
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    assert not refuse(PROCESSES)
    assert environment(Path("/home"))["ALONE"] == ""


def test_both_known_machines_have_a_filter_of_their_own() -> None:
    written = {filter_of(PROCESSES, machine) for machine in ("x86_64", "aarch64")}
    assert len(written) == 2
    assert all(len(one) % 8 == 0 for one in written)
