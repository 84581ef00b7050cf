"""By raw SQL: an answer kept under a key is not changed, and not forgotten within a week."""

import pytest
from sqlalchemy.exc import DBAPIError
from world import World

from app.kit.db import constraint_of
from app.kit.forgetting import forget_answers
from app.kit.jobs import bind

ENTER = """
INSERT INTO idempotency_keys (principal, key, request_sha256, status, headers, body, answered_at)
VALUES ('abc', :key, sha256('x'), 201, '{}', 'x', clock_timestamp() - make_interval(days => :days))
"""


@pytest.mark.parametrize("role", ["catalogue_api", "catalogue_worker", "catalogue_owner"])
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE idempotency_keys SET body = 'y'",
        "DELETE FROM idempotency_keys",
        "TRUNCATE idempotency_keys",
    ],
)
def test_an_answer_stays_for_seven_days(world: World, role: str, attack: str) -> None:
    world.find(ENTER, "catalogue_owner", key="k", days=6)
    with pytest.raises(DBAPIError) as refused:
        world.find(attack, role)
    denied = getattr(refused.value.orig, "sqlstate", None) == "42501"
    assert denied or (constraint_of(refused.value) or "").startswith("idempotency_keys")
    assert world.find("SELECT body FROM idempotency_keys") == [(b"x",)]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ä"])
def test_what_is_no_key_is_not_entered(world: World, key: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        world.find(ENTER, "catalogue_owner", key=key, days=0)
    assert constraint_of(refused.value) == "ck_idempotency_keys_key"


def test_the_sweep_forgets_what_is_older_and_nothing_else(world: World) -> None:
    bind(world.worker)
    for key, days in (("young", 6), ("old", 8)):
        world.find(ENTER, "catalogue_owner", key=key, days=days)
    forget_answers()
    assert world.find("SELECT key FROM idempotency_keys") == [("young",)]
