"""The demo's children: what they know, how they begin, how they end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.cli import peaks, processes
from app.cli.demo_run import Stage
from app.cli.processes import Running
from app.cli.remote import NotDone
from app.kit.connecting import Addresses

ADDRESSES = Addresses("api", "worker", "owner", None)


def sleeper(code: str = "import time; time.sleep(600)") -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)  # noqa: S603


def test_children_know_only_what_they_need_of_their_surroundings(tmp_path: Path) -> None:
    told = processes.surroundings(tmp_path, [tmp_path / "a"], 8123)
    assert json.loads(told["CATALOGUE_ALLOWED_ROOTS"]) == [str(tmp_path / "a")]
    assert told["CATALOGUE_DATA_DIR"] == str(tmp_path)
    assert "CATALOGUE_DATABASE_URL" not in told
    assert set(told) - {name for name in told if name.startswith("CATALOGUE_")} == {
        "PATH",
        "HOME",
        "LANG",
    }


def test_a_child_that_does_not_end_when_asked_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "END_SECONDS", 0.2)
    stubborn = sleeper(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); time.sleep(600)"
    )
    with stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        processes.end(stubborn)
    assert stubborn.returncode == -signal.SIGKILL


def test_a_web_process_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "serve.log").write_text("first\nthe port is taken\n")
    with sleeper("") as ended:
        ended.wait()
        with pytest.raises(NotDone, match="the port is taken"):
            processes.await_ready("http://127.0.0.1:9", ended, tmp_path)


def test_nobody_waits_for_a_worker_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text("out of memory\n")
    with sleeper() as web, sleeper("") as worker:
        worker.wait()
        stage = Stage(tmp_path, ADDRESSES, Running("http://x", web, worker), None)
        with pytest.raises(NotDone, match=r"`catalogue worker` has ended \(0\):\nout of memory"):
            stage.prove_alive()
        web.kill()


def test_peaks_are_kept_by_kind_also_of_processes_that_have_ended(tmp_path: Path) -> None:
    with sleeper() as worker, peaks.watching({"worker": worker.pid}, tmp_path) as seen:
        time.sleep(0.5)
        worker.kill()
        worker.wait()
        assert seen.megabytes()["worker"] > 1
    assert peaks.high_water(worker.pid) == 0


def test_the_workers_children_are_its_readers_and_their_tool() -> None:
    with sleeper() as child:
        assert peaks.kind_of("web", psutil.Process(child.pid)) == "web"
        assert peaks.kind_of("worker", psutil.Process(child.pid)) == "reader"
        child.kill()
