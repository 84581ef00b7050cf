"""A demo catalogue with its real web process and worker, for the commands that speak to one."""

import gc
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.cli.demo_ground import demo_database, operator_key, owner
from app.cli.demo_people import Cast, add_department, add_system
from app.cli.demo_policy import load_demo_documents
from app.cli.processes import running
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
            target = folder / (path if isinstance(path, str) else path.decode("utf-8", "surrogateescape"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        add_department(self.cast.operator, name, {"en": name})
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


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    home, sources = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("sources")
    with warnings.catch_warnings():
        # Roles and migrations are made over engines that the product, which ends soon, leaves open.
        warnings.simplefilter("ignore", ResourceWarning)
        with demo_database(home) as found:
            with owner(found) as db:
                load_demo_documents(db)
            gc.collect()
            with running(home, [sources]) as processes:
                cast = Cast(processes.url, Remote(processes.url, operator_key(found)))
                yield Catalogue(cast, sources)
                cast.dismiss()
