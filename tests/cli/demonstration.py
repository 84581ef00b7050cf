"""What the tests of commands need of a running catalogue."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from app.cli.demo_people import Cast, add_department, add_system
from app.cli.remote import Remote


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A running catalogue, an operator's key to it, and a folder that it may read."""

    cast: Cast
    sources: Path

    @property
    def url(self) -> str:
        return self.cast.url

    def holding(self, name: str, files: dict[str | bytes, bytes]) -> tuple[Path, str, Remote]:
        """Write files, make a department and a system for them, and give a registrar's key."""
        folder = self.sources / name
        folder.mkdir()
        for path, content in files.items():
            target = folder / os.fsdecode(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        add_department(self.cast.operator, name, {"en": name}, "other")
        facts: dict[str, Any] = {
            "code": f"{name}-files",
            "department": name,
            "label": {"en": name},
            "root": folder.as_uri() + "/",
            "custody_kind": "department",
            "failure_domain": "a test",
        }
        add_system(self.cast.operator, facts)
        registrar = self.cast.give(f"Registrar of {name}", "registrar", name)
        return folder, f"{name}-files", registrar


def answering(answer: Callable[[httpx2.Request], httpx2.Response]) -> Remote:
    """A way into a catalogue that is played by a function."""
    made = Remote("http://catalogue.test/", "cat_x_y")
    made._http.close()
    made._http = httpx2.Client(base_url=made.url, transport=httpx2.MockTransport(answer))
    return made
