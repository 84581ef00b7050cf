"""One run of the demo: what it stands on, what it does in order, what came of it."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.cli import demo_backlog, demo_folder
from app.cli.demo_answers import (
    Counted,
    answers_for,
    assets_of,
    await_likes,
    await_processed,
    count,
)
from app.cli.demo_ground import proposed_classes, unlooked_for
from app.cli.demo_people import Cast
from app.cli.processes import Running, last_words
from app.cli.remote import NotDone
from app.kit.connecting import Addresses

PICTURES = "pictures"


@dataclass(slots=True)
class Came:
    """Everything that came of a run."""

    assets: list[dict[str, Any]]
    answers: dict[str, dict[str, Any]]
    statuses: Counted
    reasons: Counted
    classes: dict[str, int]  # direct pairs by their proposed class
    completed: demo_backlog.Completed | None
    left_out: list[str]  # sentences about files and folders that could not be registered
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run stands on: its folder, the database, the processes, the person's own images."""

    home: Path
    found: Addresses
    processes: Running
    images: Path | None

    @property
    def departments(self) -> list[str]:
        """Name the departments of this run."""
        if self.images is not None:
            return [demo_folder.CODE]
        return [department.code for department in demo_backlog.DEPARTMENTS]

    def prove_alive(self) -> None:
        """Refuse to wait for a process that has ended."""
        for name in ("serve", "worker"):
            child = self.processes.web if name == "serve" else self.processes.worker
            if child.poll() is not None:
                words = last_words(self.home / f"{name}.log")
                raise NotDone(f"`catalogue {name}` has ended ({child.returncode}):\n{words}")


def play(stage: Stage, cast: Cast, begun: float) -> Came:
    """Register, wait, mend single records, and ask."""
    marks, left_out = [begun, time.monotonic()], list[str]()
    if stage.images is None:
        demo_backlog.register(cast, stage.home / PICTURES)
    else:
        left_out = demo_folder.register_own(cast, stage.images)
    marks.append(time.monotonic())
    reader = cast.give("Demo auditor", "auditor")
    reasons = await_processed(reader, stage.departments, stage.prove_alive)
    completed = None
    if stage.images is None:
        completed = demo_backlog.complete(cast, reader)
        reasons = await_processed(
            reader, stage.departments, stage.prove_alive, what="Mending single records"
        )
    marks.append(time.monotonic())
    await_likes(partial(unlooked_for, stage.found), stage.prove_alive)
    marks.append(time.monotonic())
    assets = assets_of(reader, stage.departments)
    answers = {}
    if stage.images is None:
        ids = [asset["asset_id"] for asset in assets]
        answers = {answer["asset_id"]: answer for answer in answers_for(reader, ids)}
    stages = zip(("setup", "register", "process", "alike"), marks, marks[1:], strict=False)
    seconds = {name: round(later - earlier, 2) for name, earlier, later in stages}
    statuses = count(reader, stage.departments, "status")
    classes = proposed_classes(stage.found, stage.departments)
    return Came(assets, answers, statuses, reasons, classes, completed, left_out, seconds)
