"""Near is never same: no likeness but that of equal bytes makes anything a candidate (P6)."""

from typing import get_args
from uuid import UUID

import pytest
from images import draw
from likes import a_likeness
from quarter import Quarter
from world import World

from app.policies.rules.standard import ClassName

NEAR = [name for name in get_args(ClassName) if name != "exact_bytes"]
# What the database itself refuses to call identical is put there with its triggers off.
UNTRUE = "ALTER TABLE likenesses DISABLE TRIGGER likenesses_identical_is_equal"


@pytest.fixture(scope="module")
def quarter(town: World) -> Quarter:
    """One quarter for this module."""
    return Quarter(town)


def test_no_class_but_equal_bytes_makes_a_candidate(quarter: Quarter) -> None:
    pairs: dict[str, tuple[UUID, UUID]] = {}
    for number, name in enumerate(NEAR):
        one, other = (
            quarter.world.an_asset(store, draw(3000 + 10 * number + side))
            for side, store in enumerate((quarter.one, quarter.two))
        )
        pairs[name] = (one, other)
    equal = quarter.a_pair()
    quarter.work()
    quarter.complete(*(side for pair in (*pairs.values(), equal) for side in pair))
    quarter.world.find(UNTRUE, "catalogue_owner")
    for name, (one, other) in pairs.items():
        a_likeness(quarter.world, one, other, name, copy=other, method=77)
    assert quarter.statuses(*equal) == ["retained_keeper", "candidate"]
    for name, pair in pairs.items():
        for side in pair:
            answer = quarter.of(side)
            assert (answer.status, answer.keeper) == ("blocked_no_keeper", None), name
            assert "last_copy" in answer.reasons
