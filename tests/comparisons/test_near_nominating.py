"""What is nominated out of the tables: everything committed before, nothing that does not count."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from looks import METHOD, a_look, drawn_bits, flipped, ready, some_assets
from numpy.typing import NDArray
from sqlalchemy.orm import Session
from world import World

from app.assets.models import AssetRow
from app.assets.withdrawing import withdraw
from app.comparisons.near import held, nominating
from app.comparisons.near.nominating import Nominated, nominate
from app.fingerprints.models import VisualFingerprintRow
from app.fingerprints.seeing.turning import turned_words
from app.policies.service import policy_in_force

Hashed = NDArray[np.uint64]
CHANCE = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Let each test build the index of its own database."""
    held.forget()
    yield
    held.forget()


@pytest.fixture(scope="module")
def assets(town: World) -> list[UUID]:
    """Images that were read and fingerprinted."""
    return some_assets(town, 32)


@pytest.fixture
def pair(assets: list[UUID]) -> tuple[UUID, UUID]:
    """Two of them that no other test uses."""
    return assets.pop(), assets.pop()


def asked(db: Session, row: VisualFingerprintRow) -> Nominated:
    return nominate(db, db.get_one(VisualFingerprintRow, row.id))


def found(town: World, row: VisualFingerprintRow) -> list[UUID]:
    with town.worker.transaction() as db:
        return [one.asset_id for one in asked(db, row).pairs]


def look(town: World, asset_id: UUID, phash: Hashed, **told: Any) -> VisualFingerprintRow:  # noqa: ANN401
    with town.worker.transaction() as db:
        return a_look(db, asset_id, phash, **told)


def test_a_near_hash_is_nominated_with_its_distance(town: World, pair: tuple[UUID, UUID]) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    one = look(town, pair[0], phash)
    other = look(town, pair[1], flipped(CHANCE, phash, 10))
    with town.worker.transaction() as db:
        [nominated] = asked(db, one).pairs
    assert nominated.fingerprint_id == other.fingerprint_id
    assert nominated.by == {"phash": 10, "form": 0}
    assert found(town, other) == [pair[0]]


def test_a_hash_beyond_the_standard_is_not(town: World, pair: tuple[UUID, UUID]) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    one = look(town, pair[0], phash)
    look(town, pair[1], flipped(CHANCE, phash, 11))
    assert found(town, one) == []


def test_a_turned_copy_is_found_from_the_turned_side(town: World, pair: tuple[UUID, UUID]) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    look(town, pair[0], phash)
    turned = look(town, pair[1], phash, form=6)
    with town.worker.transaction() as db:
        [nominated] = asked(db, turned).pairs
    assert (nominated.asset_id, nominated.by) == (pair[0], {"phash": 0, "form": 6})


def test_shared_words_nominate_and_few_do_not(town: World, pair: tuple[UUID, UUID]) -> None:
    one, other = drawn_bits(CHANCE, 64, 2)
    words = range(1000, 1004)
    look(town, pair[0], one, words=[*words, 1, 2])
    enough = look(town, pair[1], other, words=[*words, 3, 4])
    with town.worker.transaction() as db:
        [nominated] = asked(db, enough).pairs
    assert nominated.by == {"words": 4, "form": 0}


def test_shared_words_of_a_turned_side_nominate_one_more(
    town: World, pair: tuple[UUID, UUID]
) -> None:
    one, other = drawn_bits(CHANCE, 64, 2)
    words = np.array([100_003, 7_000_001, 9_123_456, 12_345_678, 16_000_111], np.int32)
    turned = turned_words(words)[6]  # mirrored and turned by 180 degrees, which undoes itself
    look(town, pair[0], one, words=words.tolist())
    with town.worker.transaction() as db:
        [nominated] = asked(db, look(town, pair[1], other, words=turned.tolist())).pairs
    assert nominated.by == {"words": 5, "form": 6}


def test_three_words_are_chance(town: World, pair: tuple[UUID, UUID]) -> None:
    one, other = drawn_bits(CHANCE, 64, 2)
    look(town, pair[0], one, words=[2001, 2002, 2003, 5])
    assert found(town, look(town, pair[1], other, words=[2001, 2002, 2003, 6])) == []


@pytest.mark.parametrize(
    "told", [{"low_information": "blank"}, {"method": METHOD - 1}], ids=["empty", "older method"]
)
def test_what_does_not_count_is_neither_asked_nor_found(
    town: World, pair: tuple[UUID, UUID], told: dict[str, object]
) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    counts = look(town, pair[0], phash)
    not_ = look(town, pair[1], phash, **told)
    assert found(town, counts) == []
    assert found(town, not_) == []


def test_two_pictured_at_the_same_time_meet_whichever_is_asked_later(
    town: World, pair: tuple[UUID, UUID]
) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    with town.worker.transaction() as slow:
        one = a_look(slow, pair[0], phash)  # has the lower transaction id and commits later
        other = look(town, pair[1], phash)
        assert found(town, other) == []
    assert found(town, other) == [pair[0]]
    assert found(town, one) == [pair[1]]


def test_an_asker_sees_its_own_rows_and_nobody_those_taken_back(
    town: World, pair: tuple[UUID, UUID]
) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    other = look(town, pair[1], phash)
    with Session(town.worker.engine) as db:
        one = a_look(db, pair[0], phash)
        assert [found.asset_id for found in asked(db, one).pairs] == [pair[1]]
        assert [found.asset_id for found in asked(db, other).pairs] == [pair[0]]
        db.rollback()
    assert found(town, other) == []


def test_of_equal_files_the_earliest_counts_and_none_of_the_askers_own(town: World) -> None:
    system = town.a_source_system()
    first = town.an_asset(system)
    twins = [first, *(town.a_copy_of(first, system) for _ in range(2))]
    other = town.an_asset(system)
    ready(town, [*twins, other])
    [phash] = drawn_bits(CHANCE, 64)
    rows = [look(town, asset_id, phash) for asset_id in (twins[2], twins[0], twins[1], other)]
    assert found(town, rows[-1]) == [first]
    assert found(town, rows[0]) == [other]


def test_a_withdrawn_asset_is_not_found(town: World, pair: tuple[UUID, UUID]) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    one, other = look(town, pair[0], phash), look(town, pair[1], phash)
    assert found(town, one) == [pair[1]]
    with town.api.transaction() as db:
        asset = db.get_one(AssetRow, pair[1])
        caller = town.someone("records_manager", department=asset.department)
        withdraw(db, caller, asset, "a test picture")
    assert found(town, one) == []
    assert found(town, other) == [pair[0]]


def test_more_than_are_measured_are_counted(
    town: World, assets: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nominating, "MOST", 2)
    monkeypatch.setattr(nominating, "AT_ONCE", 3)
    some = [assets.pop() for _ in range(6)]
    [phash] = drawn_bits(CHANCE, 64)
    asker = look(town, some[0], phash)
    for bits, asset_id in enumerate(some[1:], start=1):
        look(town, asset_id, flipped(CHANCE, phash, bits))
    with town.worker.transaction() as db:
        nominated = asked(db, asker)
    assert [one.asset_id for one in nominated.pairs] == some[1:3]
    assert nominated.passed_over == 3


def test_the_standard_in_force_says_what_is_near(town: World, pair: tuple[UUID, UUID]) -> None:
    [phash] = drawn_bits(CHANCE, 64)
    [pdq] = drawn_bits(CHANCE, 256)
    one = look(town, pair[0], phash, pdq=pdq, pdq_quality=50)
    look(town, pair[1], flipped(CHANCE, phash, 12), pdq=flipped(CHANCE, pdq, 31), pdq_quality=50)
    with town.worker.transaction() as db:
        mine = db.get_one(VisualFingerprintRow, one.id)
        rules = policy_in_force(db, None).effective.duplicate_standard.nomination
        assert [found.by for found in nominate(db, mine).pairs] == [{"pdq": 31, "form": 0}]
        for other in ({"pdq_max_bits": 30}, {"pdq_min_quality": 51}):
            assert nominate(db, mine, rules.model_copy(update=other)).pairs == []
        looser = rules.model_copy(update={"phash_max_bits": 12})
        assert nominate(db, mine, looser).pairs[0].by == {"phash": 12, "pdq": 31, "form": 0}


def test_a_picture_of_low_quality_is_not_found_by_pdq(town: World, pair: tuple[UUID, UUID]) -> None:
    phashes, [pdq] = drawn_bits(CHANCE, 64, 2), drawn_bits(CHANCE, 256)
    one = look(town, pair[0], phashes[:1][0], pdq=pdq)
    look(town, pair[1], phashes[1:][0], pdq=pdq, pdq_quality=49)
    assert found(town, one) == []
