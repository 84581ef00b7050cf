"""Near is never same: no likeness but that of equal bytes makes anything a candidate (P6)."""

from typing import get_args

from images import draw
from likes import a_likeness
from quarter import Quarter

from app.policies.rules.standard import ClassName

NEAR = [name for name in get_args(ClassName) if name != "exact_bytes"]
# What the database itself refuses to call identical is put there with its triggers off.
UNTRUE = "ALTER TABLE likenesses DISABLE TRIGGER likenesses_identical_is_equal"


def test_no_class_but_equal_bytes_makes_a_candidate(quarter: Quarter) -> None:
    one = quarter.world.an_asset(quarter.one, draw(3001))
    other = quarter.world.an_asset(quarter.two, draw(3002))
    equal = quarter.a_pair()
    quarter.work()
    quarter.complete(one, other, *equal)
    assert quarter.statuses(*equal) == ["retained_keeper", "candidate"]
    quarter.world.find(UNTRUE, "catalogue_owner")
    for method, name in enumerate(NEAR, start=100):
        a_likeness(quarter.world, one, other, name, copy=other, method=method)
        for side in (one, other):
            answer = quarter.of(side)
            assert (answer.status, answer.keeper) == ("blocked_no_keeper", None), name
            assert "last_copy" in answer.reasons
