"""Shared words: whoever shares enough rare ones is found, and what is common costs nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comparisons.near import postings
from app.comparisons.near.postings import Segment, Sharing, WordIndex, Words

IMAGE = st.frozensets(st.integers(0, 60), max_size=12)


def as_words(image: Sequence[int] | frozenset[int]) -> Words:
    return np.array(sorted(image), np.int32)


def upright(image: Sequence[int] | frozenset[int]) -> Words:
    return as_words(image)[None]


def told(sharing: Sharing) -> dict[int, int]:
    found = dict(zip(sharing.rows.tolist(), sharing.shared.tolist(), strict=True))
    assert len(found) == len(sharing.rows)
    return found


@given(
    pieces=st.lists(st.lists(IMAGE, min_size=1, max_size=9), max_size=9),
    asked=IMAGE,
    least=st.integers(2, 4),
)
def test_all_that_share_enough_rare_words_are_found(
    pieces: list[list[frozenset[int]]], asked: frozenset[int], least: int
) -> None:
    index = WordIndex()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "COMMON", 6)
        patch.setattr(postings, "LARGEST", 20)
        patch.setattr(postings, "A_SLICE", 10)
        for piece in pieces:
            index.add([as_words(image) for image in piece])
        found = told(index.find(upright(asked), least))
    images = [image for piece in pieces for image in piece]
    rare = {word for word in asked if sum(word in image for image in images) <= 6}
    shared = {row: len(rare & image) for row, image in enumerate(images)}
    assert found == {row: count for row, count in shared.items() if count >= least}
    assert len(index) == len(images)


def test_segments_stay_few_and_none_grows_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "LARGEST", 100)
    index = WordIndex()
    for number in range(400):
        index.add([as_words([number, number + 1, 5000])])
    sizes = [segment.images for segment in index._segments]
    assert sum(sizes) == 400
    assert max(sizes) <= 100
    assert len(sizes) <= 4 + 10


def test_a_word_of_many_is_passed_over_until_the_catalogue_is_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postings, "COMMON", 10)
    monkeypatch.setattr(postings, "COMMON_PART", 100)
    index = WordIndex()
    index.add([as_words([1, 2])] * 11)
    assert told(index.find(upright([1, 2]), 2)) == {}
    index.add([as_words([3])] * 1100)
    assert len(told(index.find(upright([1, 2]), 2))) == 11


def test_another_side_shares_one_more_and_is_named() -> None:
    index = WordIndex()
    index.add([as_words([1, 2, 3]), as_words([11, 12, 13]), as_words([11, 12])])
    asked = np.array([[1, 2, 8], [11, 12, 13]], np.int32)
    sharing = index.find(asked, 2)
    assert told(sharing) == {0: 2, 1: 3}
    assert sharing.sides.tolist() == [0, 1]
    index.add([as_words([1, 2, 11, 12, 13])])
    assert index.find(asked, 2).sides.tolist()[-1] == 1


def test_a_crowd_with_the_same_words_costs_no_more_than_its_bound() -> None:
    index = WordIndex()
    index.add([as_words(range(16))] * 50_000)
    index.add([as_words([7_000, 7_001, 7_002, 7_003])])
    assert told(index.find(upright(range(16)), 4)) == {}
    assert told(index.find(upright([0, 7_000, 7_001, 7_002, 7_003]), 4)) == {50_000: 4}


def test_rows_beyond_what_two_bytes_count_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    index = WordIndex()
    nobody = [as_words([])]
    index.add(nobody * 70_000)
    index.add([as_words([1, 2])])
    index.add(nobody * 70_000)
    index.add([as_words([1, 2])])
    assert told(index.find(upright([1, 2]), 2)) == {70_000: 2, 140_001: 2}
    assert len(index._segments) == 2  # the second pair's segments are small beside the first


def test_nobody_shares_where_nothing_is_asked_or_held() -> None:
    index = WordIndex()
    assert told(index.find(upright([1]), 2)) == {}
    index.add([as_words([])])
    assert told(index.find(upright([]), 2)) == {}
    assert told(index.find(upright([1]), 2)) == {}
    index.add([as_words([])])
    empty = Segment.of(as_words([]), as_words([]), 0, 0, kind="quicksort")
    assert index.held_bytes == empty.held_bytes
