"""One town for all tests of a module: a test adds what it needs and leaves the rest alone."""

import json
from collections.abc import Iterator

import pytest
from ground import Ground
from town import Town
from world import World

from app.kit.settings import settings


@pytest.fixture(scope="module")
def town(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town on a database of its own."""
    folder = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CATALOGUE_ALLOWED_ROOTS", json.dumps([str(folder)]))
        environment.setenv("CATALOGUE_SECRET_KEY", "for tests only")
        settings.cache_clear()
        world = World(ground, ground.clone(), folder)
        yield Town(world)
        world.close()
        ground.drop(world.database)
    settings.cache_clear()
