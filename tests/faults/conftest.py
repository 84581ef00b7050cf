"""A house of its own for each fault."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import MEMORY, House

from app.cli.processes import await_ready
from app.kit.postgres import locks
from app.kit.postgres.home import open_home


@pytest.fixture
def house() -> Iterator[House]:
    """A web process on a database of its own, in memory: what falls here is not the disk."""
    with tempfile.TemporaryDirectory(prefix="house-", dir=MEMORY) as folder:
        opened = House(Path(folder) / "house")
        with opened.running("serve") as web:
            await_ready(opened.url, web, opened.home)
            yield opened
        while not locks.is_free(open_home(opened.home).supervision):
            time.sleep(0.05)
