"""Pairs of several images share a transaction, and none of them pays for another's."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from likes import NEWEST, hashed
from views import scene, written
from world import System, World

from app.assets.sweeping import look_at_due
from app.comparisons.at_work import key_of
from app.comparisons.likeness_tasks import LEFT, PAIRS_A_TRANSACTION, look_alike, together
from app.comparisons.measuring import Measured
from app.comparisons.pairing import File, Look, Pair, files_of, in_order
from app.comparisons.recording import record_measured
from app.fingerprints.registration.aligner import Measurement
from app.kit.jobs import bind

ONCE = """
SELECT (SELECT count(*) FROM measurements), (SELECT count(*) FROM likenesses),
       (SELECT count(*) FROM events WHERE kind = 'x:pair-measured'),
       (SELECT count(*) FROM events WHERE kind = 'x:likeness')
"""
LOOKED = "SELECT asset_id FROM looked_alike WHERE asset_id = ANY(:ids)"
WAITING = "SELECT asset_id FROM hindrances WHERE stage = 'likenesses' AND asset_id = ANY(:ids)"


@pytest.fixture(scope="module")
def store(town: World) -> System:
    """The store that this module's images lie in."""
    return town.a_source_system()


def a_file() -> File:
    return File(uuid4(), uuid4(), b"", 1, "", None)


def a_look(mine: File, *others: File) -> Look:
    pairs = tuple(in_order(mine, other, {}) for other in others)
    return Look(uuid4(), mine.asset_id, len(pairs), 0, pairs)


def looks_with(*counts: int) -> Iterator[Look]:
    return (a_look(a_file(), *(a_file() for _ in range(count))) for count in counts)


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ((), []),
        ((1, 2, 3), [[1, 2, 3]]),
        ((6, 4, 1), [[6, 4], [1]]),
        ((6, 5), [[6], [5]]),
        ((1, 25, 2), [[1], [10], [10], [5, 2]]),
    ],
)
def test_so_many_pairs_are_put_together_as_one_transaction_takes(
    counts: tuple[int, ...], shares: list[list[int]]
) -> None:
    looks = list(looks_with(*counts))
    found = list(together(looks))
    assert [[len(share.pairs) for share in some] for some in found] == shares
    every = [share for some in found for share in some]
    assert [share.look for share in every if share.last] == looks
    told = [pair for share in every for pair in share.pairs]
    assert told == [pair for look in looks for pair in look.pairs]
    assert max(map(sum, shares), default=0) <= PAIRS_A_TRANSACTION


def test_a_pair_that_both_sides_nominated_is_measured_for_the_first() -> None:
    one, other, third = a_file(), a_file(), a_file()
    looks = [a_look(one, other), a_look(other, one, third), a_look(third, other)]
    [some] = together(looks)
    assert [[*map(key_of, share.pairs)] for share in some] == [
        [key_of(looks[0].pairs[0])],
        [key_of(looks[1].pairs[1])],
        [],
    ]
    assert [share.last for share in some] == [True] * 3


def paired(town: World, *assets: UUID) -> list[Pair]:
    """Pair the first with each of the others."""
    prints = [town.find(NEWEST, id=asset_id)[0][0] for asset_id in assets]
    with town.worker.transaction() as db:
        files = files_of(db, prints)
    return [in_order(files[prints[0]], files[other], {"phash": 1}) for other in prints[1:]]


def test_what_is_told_already_costs_its_neighbours_nothing_and_tells_of_nothing(
    town: World, store: System
) -> None:
    assets = [town.an_asset(store, written(scene(60 + n, (160, 120)))) for n in range(4)]
    hashed(town, *assets)
    pairs = paired(town, *assets)
    measured = [Measured(pair, Measurement("timed_out")) for pair in pairs]
    before = town.find(ONCE)[0]
    with town.worker.transaction() as db:
        record_measured(db, measured[1:2])
    with town.worker.transaction() as db:
        record_measured(db, measured)
    with town.worker.transaction() as db:
        record_measured(db, measured)
    assert [now - then for now, then in zip(town.find(ONCE)[0], before, strict=True)] == [3] * 4


def test_a_file_that_is_gone_holds_up_its_own_image_and_not_its_neighbours(
    town: World, store: System
) -> None:
    away = town.a_source_system(store.department)
    one, other = scene(70), scene(71)
    assets = [
        town.an_asset(store, written(one)),
        town.an_asset(away, written(one.resize((200, 150)))),
        town.an_asset(store, written(other)),
        town.an_asset(store, written(other.resize((200, 150)))),
    ]
    hashed(town, *assets)
    before = town.find(ONCE)[0]
    hidden = away.folder.rename(away.folder.with_name("unplugged"))
    look_alike(assets)
    first = min(assets[:2])
    assert town.find(WAITING, ids=assets) == [(first,)]
    assert {row[0] for row in town.find(LOOKED, ids=assets)} == {*assets} - {first}
    assert town.find(ONCE)[0][0] == before[0] + 1
    hidden.rename(away.folder)
    town.find("UPDATE hindrances SET due_at = clock_timestamp() WHERE asset_id = :id", id=first)
    bind(town.worker)
    look_at_due(LEFT)
    assert len(town.find(LOOKED, ids=assets)) == len(assets)
    assert town.find(ONCE)[0][0] == before[0] + 2
    assert town.find(WAITING, ids=assets) == []
