"""Near hashes: whatever a flat look finds, no more and no less, whichever way it is stored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import drawn_bits, flipped
from numpy.typing import NDArray

from app.comparisons.near import bands as cut
from app.comparisons.near import hashes as module
from app.comparisons.near.bands import Band, bands_of, cost_of, flips_of
from app.comparisons.near.hashes import Hashes, HashIndex, Near

STANDARD = [(64, 10), (256, 31)]
WIDE, NARROW = 1, 1 << 60


def flat(hashes: Hashes, asked: Hashes, radius: int) -> dict[int, int]:
    """Look through everything: each row within the radius, with its least distance."""
    apart = np.bitwise_count(hashes[None] ^ asked[:, None]).sum(axis=2)
    least = apart.min(axis=0)
    return {int(row): int(least[row]) for row in np.flatnonzero(least <= radius)}


def told(near: Near) -> dict[int, int]:
    found = dict(zip(near.rows.tolist(), near.bits.tolist(), strict=True))
    assert len(found) == len(near.rows)
    return found


def crowded(chance: np.random.Generator, bits: int, radius: int, count: int) -> Hashes:
    """Draw hashes of which a third lie around ten of them, at every distance about the radius."""
    hashes = drawn_bits(chance, bits, count)
    for row in range(0, count, 3):
        around = hashes[int(chance.integers(10)) * 3 + 1]
        hashes[row] = flipped(chance, around, int(chance.integers(radius - 3, radius + 4)))
    return hashes


def index_of(hashes: Hashes, *, new: int = 0) -> HashIndex:
    """Sort all but the last ones into the bands."""
    index = HashIndex(64 * hashes.shape[1])
    index.add(hashes[: len(hashes) - new])
    index.merge()
    index.add(hashes[len(hashes) - new :])
    return index


@pytest.mark.parametrize("small", [WIDE, NARROW], ids=["wide bands", "narrow bands"])
@pytest.mark.parametrize(("bits", "radius"), STANDARD, ids=["pHash", "PDQ"])
def test_all_that_is_near_is_found_and_nothing_else(
    bits: int, radius: int, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "SMALL", small)
    monkeypatch.setattr(module, "cost_of", lambda *_: 0)  # however few there are, ask the bands
    chance = np.random.default_rng(bits)
    hashes = crowded(chance, bits, radius, 6000)
    index = index_of(hashes, new=500)
    for at in range(12):
        asked = drawn_bits(chance, bits, 8)
        asked[at % 8] = hashes[3 * at + 1]  # for ten of them that which others lie around
        assert told(index.find(asked, radius)) == flat(hashes, asked, radius)


@pytest.mark.parametrize(("bits", "radius"), STANDARD, ids=["pHash", "PDQ"])
def test_the_last_bit_of_the_radius_is_in_and_the_next_is_out(bits: int, radius: int) -> None:
    chance = np.random.default_rng(1)
    hashes = drawn_bits(chance, bits, 20_000)
    index = index_of(hashes)
    for row in range(40):
        inside, outside = (flipped(chance, hashes[row], radius + more) for more in (0, 1))
        near = index.find(inside[None], radius)
        assert told(near) == {row: radius}
        assert len(index.find(outside[None], radius).rows) == 0


@pytest.mark.parametrize("form", range(8))
def test_the_form_that_met_is_told(form: int) -> None:
    chance = np.random.default_rng(2)
    hashes = drawn_bits(chance, 64, 5000)
    asked = drawn_bits(chance, 64, 8)
    asked[form] = flipped(chance, hashes[7], 4)
    near = index_of(hashes).find(asked, 10)
    assert (near.rows.tolist(), near.bits.tolist(), near.forms.tolist()) == ([7], [4], [form])


@given(
    pieces=st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=12),
    seed=st.integers(0, 2**32),
)
def test_merging_now_and_then_changes_nothing(pieces: list[tuple[int, bool]], seed: int) -> None:
    chance = np.random.default_rng(seed)
    index, added = HashIndex(64), [drawn_bits(chance, 64, 40)]
    index.add(added[0])
    for count, merges in pieces:
        # Few values, so that buckets and distances repeat.
        added.append(added[0][chance.integers(0, 40, count)] ^ np.uint64(chance.integers(0, 16)))
        index.add(added[-1])
        if merges:
            index.merge()
    hashes = np.concatenate(added)
    asked = hashes[chance.integers(0, len(hashes), 8)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "cost_of", lambda *_: 0)
        assert told(index.find(asked, 10)) == flat(hashes, asked, 10)
    assert len(index) == len(hashes)


def test_a_merge_is_due_once_many_are_new() -> None:
    chance = np.random.default_rng(3)
    index = HashIndex(64)
    index.add(drawn_bits(chance, 64, module.FEWEST_NEW))
    assert not index.due
    index.add(drawn_bits(chance, 64, 1))
    assert index.due
    index.merge()
    assert not index.due


@pytest.mark.parametrize("radius", [0, 1, 3, 10, 31, 64, 300])
@pytest.mark.parametrize("rows", [100, 10_000_000])
@pytest.mark.parametrize("bits", [64, 256])
def test_what_bands_are_given_leaves_no_gap(bits: int, rows: int, radius: int) -> None:
    bands = bands_of(bits, rows)
    given = flips_of(bands, radius, rows)
    assert sum(one + 1 for one in given) == min(radius + 1, bits + len(bands))
    covered = np.zeros((bits // 64, 64), int)
    for band in bands:
        covered[band.word, band.shift : band.shift + band.width] += 1
    assert (covered == 1).all()


def test_where_bands_cost_more_than_a_flat_look_it_is_flat() -> None:
    chance = np.random.default_rng(4)
    hashes = drawn_bits(chance, 64, 3000)
    index = index_of(hashes)
    assert cost_of(bands_of(64, 3000), flips_of(bands_of(64, 3000), 26, 3000), 3000) > 3000
    assert told(index.find(hashes[:1], 26)) == flat(hashes, hashes[:1], 26)


def test_a_crowd_of_equal_hashes_is_held_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "A_PIECE", 1 << 12)
    monkeypatch.setattr(module, "MOST_HELD", 1 << 10)
    chance = np.random.default_rng(6)
    [hashed] = drawn_bits(chance, 64)
    crowd = np.repeat(flipped(chance, hashed, 3)[None], 50_000, axis=0)
    crowd[17], crowd[40_000] = hashed, flipped(chance, hashed, 1)
    near = index_of(crowd).find(np.repeat(hashed[None], 8, axis=0), 10)
    assert near.rows[:2].tolist() == [17, 40_000]
    assert near.bits[:3].tolist() == [0, 1, 3]
    assert len(near.rows) <= 1 << 10
    assert len(near.rows) + near.beyond >= 50_000


def test_a_band_is_cut_out_where_it_lies() -> None:
    hashes = np.array([[0, 0b1011 << 20]], np.uint64)
    assert Band(1, 20, 4).keys(hashes).tolist() == [0b1011]
    assert Band(1, 22, 16).keys(hashes).tolist() == [0b10]


def test_nothing_is_near_where_there_is_nothing() -> None:
    index = HashIndex(64)
    asked: NDArray[np.uint64] = np.zeros((8, 1), np.uint64)
    assert len(index.find(asked, 10).rows) == 0
    index.merge()
    assert len(index.find(asked, 10).rows) == 0
    assert index.held_bytes > 0
