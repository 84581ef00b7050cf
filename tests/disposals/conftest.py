"""One quarter for all tests of a module: a test adds what it needs and leaves the rest alone."""

import pytest
from quarter import Quarter
from world import World


@pytest.fixture(scope="module")
def quarter(town: World) -> Quarter:
    """A department of the module's town, under a policy that authorises."""
    return Quarter(town)
