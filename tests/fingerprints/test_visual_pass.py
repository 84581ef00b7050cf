"""What a file looks like is recorded with its fingerprint, or by the sweep, and never guessed."""

from uuid import UUID

import pytest
from httpx2 import Client
from world import System, World

from app.fingerprints.seeing.seen import METHOD

LOOKS = """
SELECT v.*, f.computed_xid AS hashed_xid FROM visual_fingerprints v
  JOIN fingerprints f ON (f.asset_id, f.id) = (v.asset_id, v.fingerprint_id)
 WHERE v.asset_id = :id ORDER BY v.id
"""
TOLD = "SELECT kind FROM events WHERE asset_id = :id ORDER BY id"


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def looks(town: World, asset_id: UUID) -> list[object]:
    """Return what was seen of an asset."""
    return town.find(LOOKS, id=asset_id)


def test_a_file_is_looked_at_in_the_transaction_of_its_fingerprint(
    town: World, store: System, town_api: Client
) -> None:
    asset_id = town.an_asset(store)
    town.work()
    [seen] = looks(town, asset_id)
    assert (seen.outcome, seen.width, seen.height) == ("decoded", 48, 32)
    assert seen.computed_xid == seen.hashed_xid
    assert seen.method == METHOD
    kinds = [row.kind for row in town.find(TOLD, id=asset_id)]
    assert kinds.index("mee") < kinds.index("mes") < kinds.index("x:picture")
    key = town.headers("cataloguer", department=store.department)
    [shown] = town_api.get(f"/v1/assets/{asset_id}/fingerprints", headers=key).json()["items"]
    assert shown["visual"]["phash"] == seen.phash.hex()
