"""One city for all refusals: they are refused, so it stays as it was."""

from collections.abc import Iterator

import pytest
from attacks import City
from ground import Ground
from world import World, opened_world

from app.readings import tasks as reading_tasks


@pytest.fixture(scope="session")
def city(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Assets at every stage, made by the product itself."""
    with opened_world(ground, tmp_path_factory.mktemp("city")) as world:
        made = build(world)
        yield made
        made.close()


def build(world: World) -> City:
    """Let work be done on some assets and leave the others where they are."""
    archive, museum = world.a_department("archive"), world.a_department("museum")
    system = world.a_source_system(archive, code="archive-store")
    world.a_source_system(museum, code="museum-store")
    sealed, other = world.an_asset(system), world.an_asset(system)
    copy = world.a_copy_of(sealed)
    undetermined = world.an_asset(system, legal_status=["undetermined"])
    unreadable = world.an_asset(system, b"not an image", name="note.txt")
    empty = (world.an_asset(system, b"", name="e1"), world.an_asset(system, b"", name="e2"))
    world.work()
    for asset_id in (sealed, copy, other, unreadable):
        world.complete_record(asset_id)
    world.complete_record(undetermined, legal_status=["undetermined"])
    registered, read = world.an_asset(system), world.an_asset(system)
    reading_tasks.read_files([read])
    [[policy]] = world.find("SELECT id FROM policy_versions WHERE document_id = 'hk-city-default'")
    [[event]] = world.find("SELECT id FROM events LIMIT 1")
    return City(
        world, event, policy, registered, read, sealed, copy, other, undetermined, unreadable, empty
    )
