"""A catalogue that really runs, over a folder of images: registered, worked off, asked by HTTP."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import text

from app.cli import demo_folder
from app.cli.demo import ended_in_order
from app.cli.demo_answers import assets_of
from app.cli.demo_ground import demo_database, open_as, operator_key, owner
from app.cli.demo_people import Cast, add_department, add_system
from app.cli.demo_policy import load_demo_documents
from app.cli.processes import COMMAND, await_ready, child, end, free_port, last_words, surroundings
from app.cli.remote import NotDone, Remote
from app.kit.connecting import Addresses
from app.storage.locations import encode_location

STUCK_SECONDS = 300.0  # without one job fewer or one row more
UNFINISHED = text("""
SELECT count(*), coalesce(max(id), 0) FROM procrastinate_jobs
 WHERE status IN ('todo', 'doing') AND task_name NOT LIKE 'sweep.%'
""")
LOST = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
DONE = text("""
SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM fingerprints),
       (SELECT count(*) FROM compared), (SELECT count(*) FROM looked_alike),
       (SELECT count(*) FROM measurements)
""")
STAGES = ("read", "fingerprinted", "compared", "looked_alike", "measured")


@dataclass(frozen=True, slots=True)
class Running:
    """A catalogue over one folder, its processes, and who asks it."""

    home: Path
    folder: Path
    found: Addresses
    cast: Cast
    processes: dict[str, subprocess.Popen[bytes]]

    def register(self) -> None:
        """Register every file beneath the folder, as `catalogue demo --images` does."""
        for sentence in demo_folder.register_own(self.cast, self.folder):
            sys.stderr.write(f"{sentence}\n")

    def register_singly(self) -> int:
        """Register every file by a request of its own, which needs no worker; say how many."""
        add_department(self.cast.operator, demo_folder.CODE, demo_folder.LABEL, "other")
        root = os.fsencode(self.folder)
        add_system(self.cast.operator, demo_folder.facts_of("folder", root))
        registrar = self.cast.give("Bench registrar", "registrar", demo_folder.CODE)
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        for path in files:
            place = encode_location(os.fsencode(path.relative_to(self.folder)))
            said = {
                "source_system": "folder",
                "source_identifier": place,
                "location": place,
                "original_name": path.name,
                "legal_status": [demo_folder.LEGAL_STATUS],
            }
            registrar.post("/v1/assets", said)
        return len(files)

    def work_off(self) -> dict[str, int]:
        """Wait until no job is left; return how many rows each stage has written."""
        before, since, calm = (0, 0), time.monotonic(), 0
        while calm < 2:  # between two jobs of one image nothing may wait for a moment
            self.prove_alive()
            left, done = self.unfinished(), self.done()
            calm = 0 if left else calm + 1
            now = (left, sum(done.values()))
            if now != before:
                before, since = now, time.monotonic()
            if time.monotonic() - since > STUCK_SECONDS:
                raise NotDone(f"{left} jobs do not move: {done}")
            time.sleep(0.25)
        return self.done()

    def prove_alive(self) -> None:
        """Refuse to wait for a process that has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise NotDone(f"{name} has ended:\n{last_words(self.home / f'{name}.log')}")

    def pause(self) -> None:
        """Stop the workers where they are, as a suspended machine would."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every worker."""
        for name, process in self.processes.items():
            if name != "serve":
                process.send_signal(number)

    def unfinished(self) -> int:
        """Count the jobs that are not done and that the clock has not written."""
        with open_as(self.found.worker) as db:
            left: int = db.execute(UNFINISHED).one()[0]
            return left

    def lost(self) -> int:
        """Count the jobs that were given up."""
        with open_as(self.found.worker) as db:
            return int(db.scalar(LOST) or 0)

    def done(self) -> dict[str, int]:
        """Count what each stage has written."""
        with open_as(owned(self.found)) as db:
            return dict(zip(STAGES, map(int, db.execute(DONE).one()), strict=True))

    def assets(self) -> dict[str, str]:
        """Return the path beneath the folder of each asset, by its id."""
        roots = {
            one["code"]: Path(unquote(one["root"].removeprefix("file://")))
            for one in self.cast.operator.pages("/v1/source-systems")
        }
        reader = self.cast.give("Bench auditor", "auditor")
        return {
            asset["asset_id"]: (roots[asset["source_system"]] / unquote(asset["location"]))
            .relative_to(self.folder)
            .as_posix()
            for asset in assets_of(reader, [demo_folder.CODE])
        }

    def likenesses(self, asset_ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each pair that each of these images is part of, seen from it, page by page."""
        reader = self.cast.give("Bench auditor", "auditor")
        for asset_id in asset_ids:
            for likeness in reader.pages(f"/v1/assets/{asset_id}/likenesses"):
                yield asset_id, likeness


def owned(found: Addresses) -> str:
    """Return the owner's address; the embedded server has one."""
    assert found.owner is not None  # noqa: S101
    return found.owner


@contextmanager
def catalogue_over(
    folder: Path, home: Path, *, workers: int = 1, concurrency: int | None = None
) -> Iterator[Running]:
    """Run web and workers on a database of its own, which is empty at first.

    Without a concurrency each worker does as many jobs at once as there are cores.
    """
    home = home.absolute()
    shutil.rmtree(home, ignore_errors=True)
    with ExitStack() as held:
        held.enter_context(ended_in_order())
        found = held.enter_context(demo_database(home))
        with owner(found) as db:
            load_demo_documents(db)
        port = free_port()
        told = surroundings(home, [folder], port)
        web = held.enter_context(child("serve", home, told))
        started = {"serve": web}
        words = ["--concurrency", str(concurrency)] if concurrency else []
        for number in range(workers):
            name = f"worker-{number}"
            started[name] = held.enter_context(a_worker(home, name, words, told))
        url = f"http://127.0.0.1:{port}"
        await_ready(url, web, home)
        cast = Cast(url, Remote(url, operator_key(found)))
        held.callback(cast.dismiss)
        yield Running(home, folder, found, cast, started)


@contextmanager
def a_worker(
    home: Path, name: str, words: list[str], told: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker until the block ends; its words go to a file of its own."""
    with (home / f"{name}.log").open("wb") as log:
        worker = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [*COMMAND, "worker", *words],
            cwd=home,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGCONT)  # a paused one would not hear that it is to end
        end(worker)
