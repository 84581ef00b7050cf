"""What the index knows of the tables: each row once, from whatever moment and cluster it comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count as counted
from uuid import UUID

import numpy as np
import pytest
from looks import METHOD, a_look, drawn_bits, some_assets
from sqlalchemy import func, text
from sqlalchemy.exc import OperationalError
from world import World

from app.comparisons.near import held
from app.comparisons.near.held import Held, held_index
from app.comparisons.near.nominating import nominate
from app.comparisons.near.statements import Moment, xid

CHANCE = np.random.default_rng(9)
METHODS = counted(METHOD + 10, 10)
FAR = 1 << 60  # an id that this cluster will not reach
STAMP = "ALTER TABLE visual_fingerprints {} TRIGGER stamp_visual_fingerprint"


@pytest.fixture(scope="module")
def assets(town: World) -> list[UUID]:
    """Images that any test may look at by a method of its own."""
    return some_assets(town, 5)


@pytest.fixture
def method() -> Iterator[int]:
    """A method that no other test sees with, and nothing held."""
    held.forget()
    yield next(METHODS)
    held.forget()


def look(town: World, asset_id: UUID, method: int, **told: object) -> None:
    with town.worker.transaction() as db:
        a_look(db, asset_id, drawn_bits(CHANCE, 64)[0], method=method, **told)


def refreshed(town: World, kept: Held) -> int:
    with town.worker.transaction() as db:
        kept.refresh(db, Moment.now(db))
        return len(kept.index)


def test_each_row_is_known_once_however_often_it_is_met(
    town: World, assets: list[UUID], method: int
) -> None:
    kept = Held(method)
    look(town, assets[0], method)
    with town.worker.transaction() as slow:
        a_look(slow, assets[1], drawn_bits(CHANCE, 64)[0], method=method)  # holds the horizon back
        for count, asset_id in enumerate(assets[2:], start=1):
            assert [refreshed(town, kept) for _ in range(2)] == [count, count]
            look(town, asset_id, method)
    assert [refreshed(town, kept) for _ in range(3)] == [5, 5, 5]


def test_rows_of_another_cluster_are_known_once_whatever_their_ids(
    town: World, assets: list[UUID], method: int
) -> None:
    with town.owner.transaction() as db:
        db.execute(text(STAMP.format("DISABLE")))
        near = Moment.now(db).until + 40
        for asset_id, number in zip(assets, (5, near, FAR, None), strict=False):
            stamped = {
                "computed_at": func.now(),
                "computed_xid": None if number is None else xid(number),
            }
            a_look(db, asset_id, drawn_bits(CHANCE, 64)[0], method=method, **stamped)
        db.execute(text(STAMP.format("ENABLE")))
    kept = Held(method)
    assert refreshed(town, kept) == 4
    for _ in range(60):  # this cluster's own ids pass by one that was brought here
        town.find("SELECT pg_current_xact_id()")
    assert refreshed(town, kept) == 4
    look(town, assets[4], method)
    assert [refreshed(town, kept) for _ in range(2)] == [5, 5]


@pytest.mark.parametrize(
    "moved",
    [
        lambda moment: replace(moment, since=FAR),
        lambda moment: replace(moment, place=(1, *moment.place[1:])),
        lambda moment: replace(moment, place=(moment.place[0], 99, moment.place[2])),
        lambda moment: replace(moment, place=(*moment.place[:2], 1)),
    ],
    ids=["went back", "another cluster", "another timeline", "another database"],
)
def test_an_index_of_another_time_or_place_is_built_anew(
    town: World, assets: list[UUID], method: int, moved: Callable[[Moment], Moment]
) -> None:
    kept = Held(method)
    look(town, assets[0], method)
    refreshed(town, kept)
    before = kept.index
    assert kept.moment is not None
    kept.moment = moved(kept.moment)
    look(town, assets[1], method)
    assert refreshed(town, kept) == 2
    assert kept.index is not before


def test_a_newer_method_takes_the_place_of_an_older_one(
    town: World, assets: list[UUID], method: int
) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    with town.worker.transaction() as db:
        old = [a_look(db, asset_id, phash, method=method) for asset_id in assets[:2]]
        new = [a_look(db, asset_id, phash, method=method + 1) for asset_id in assets[1:4]]
    with town.worker.transaction() as db:
        assert len(nominate(db, old[0]).pairs) == 1
        assert len(nominate(db, new[0]).pairs) == 2
        assert nominate(db, old[0]).pairs == []


def test_what_was_half_read_is_not_kept(
    town: World, assets: list[UUID], method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(town, assets[0], method)
    with town.worker.transaction() as db, held_index(db, method) as index:
        assert index is not None

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception())

    with monkeypatch.context() as patch:
        patch.setattr(Held, "_read", fail)
        with (
            pytest.raises(OperationalError),
            town.worker.transaction() as db,
            held_index(db, method),
        ):
            pass
    with town.worker.transaction() as db, held_index(db, method) as again:
        assert again is not None
        assert again is not index
        assert len(again) == 1
