"""A catalogue of its own for a measurement: the tests' world, on a server that ends with it."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from ground import open_ground
from world import System, World, opened_world, sources_within

__all__ = ["System", "World", "measured_world"]


@contextmanager
def measured_world() -> Iterator[World]:
    """Open a world on a server of its own, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="catalogue-bench-") as folder:
        sources = Path(folder) / "sources"
        sources.mkdir()
        with (
            open_ground(Path(folder) / "ground") as ground,
            sources_within(sources),
            opened_world(ground, sources) as world,
        ):
            yield world
