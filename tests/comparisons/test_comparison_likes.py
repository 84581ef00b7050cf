"""Near pairs from end to end, with the worker that people run: each found, measured and judged once."""

from uuid import UUID

import pytest
from scenes import blank, scene, written
from world import System, World, a_while_later

from app.comparisons.likeness_tasks import look_alike, look_for_what_was_left
from app.kit.jobs import bind

CLASSES = """
SELECT l.class, l.copy_asset_id FROM likenesses l
 WHERE (a_asset_id, b_asset_id) = (:a, :b)
"""
EVERYTHING = """
SELECT (SELECT count(*) FROM likenesses), (SELECT count(*) FROM measurements),
       (SELECT count(*) FROM looked_alike), (SELECT count(*) FROM events)
"""


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def judged(town: World, one: UUID, other: UUID) -> list[tuple[str, UUID | None]]:
    """Return how a pair is classed, and which side is the copy."""
    a, b = sorted((one, other))
    return [tuple(row) for row in town.find(CLASSES, a=a, b=b)]


def test_a_smaller_copy_is_found_measured_and_never_the_keeper(town: World, store: System) -> None:
    whole = scene(1)
    small = town.an_asset(store, written(whole.resize((320, 240))), name="small.jpg")
    large = town.an_asset(store, written(whole), name="large.jpg")
    town.work()
    assert judged(town, small, large) == [("derivative_reduced", small)]
    before = town.find(EVERYTHING)
    bind(town.worker)
    look_alike([small, large])
    assert town.find(EVERYTHING) == before
