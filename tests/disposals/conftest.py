"""One quarter for a module; what law makes of a record is read a second time, naively."""

import sys
from pathlib import Path
from uuid import UUID

import pytest
from quarter import Quarter
from world import World

sys.path.append(str(Path(__file__).parents[1] / "provenance"))


@pytest.fixture(scope="module")
def quarter(town: World) -> Quarter:
    """One quarter for a module: a test adds what it needs and leaves the rest alone."""
    return Quarter(town)


@pytest.fixture(scope="module")
def single(quarter: Quarter) -> UUID:
    """One image without a copy, read, hashed and compared; its record is changed by each test."""
    asset_id: UUID = quarter.world.an_asset(quarter.one)
    quarter.work()
    return asset_id
