"""Jobs of one process that come upon the same pair measure it once, and none waits for ever."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from uuid import uuid4

import pytest

from app.comparisons import at_work
from app.comparisons.at_work import AtWork, heard, key_of
from app.comparisons.measuring import Measured, NotAsHashed
from app.comparisons.pairing import File, Pair
from app.fingerprints.registration.aligner import Aligner, Measurement

ALIGNER = Aligner()  # never asked: what a child would say stands in `measured`


def a_pair() -> Pair:
    one, other = (File(uuid4(), uuid4(), b"", 1, "", None) for _ in range(2))
    return Pair(one, other, {"phash": 3})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """Pairs that were measured, in their order."""
    done: list[Pair] = []

    def measure(_: Aligner, pairs: Sequence[Pair]) -> Iterator[Measured]:
        for pair in pairs:
            done.append(pair)
            yield Measured(pair, Measurement("undecodable"))

    monkeypatch.setattr(at_work, "measure", measure)
    return done


def test_what_another_job_has_in_hand_is_heard_and_not_measured(measured: list[Pair]) -> None:
    shared, mine, theirs = a_pair(), a_pair(), a_pair()
    seen_otherwise = replace(shared, by={"words": 9})
    with at_work.at_work() as one, at_work.at_work() as two:
        one.measure(ALIGNER, [shared, mine])
        answers = two.measure(ALIGNER, [seen_otherwise, theirs, seen_otherwise])
    assert measured == [shared, mine, theirs]
    assert [answer.pair for answer in answers if isinstance(answer, Measured)] == [
        seen_otherwise,
        theirs,
        seen_otherwise,
    ]
    assert not at_work._at_work


def test_two_that_have_what_the_other_wants_do_not_wait_for_each_other(
    measured: list[Pair],
) -> None:
    first, second = a_pair(), a_pair()
    one, two = AtWork(), AtWork()
    one._taken([first])
    two._taken([second])
    ready = Event()

    def work(held: AtWork, own: Pair, other: Pair) -> None:
        [waiting] = held._taken([other]).values()
        ready.wait(10)
        list(held._answers(ALIGNER, [own]))
        heard(waiting, ALIGNER, other)

    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(work, one, first, second), pool.submit(work, two, second, first)]
        ready.set()
        for done in works:
            done.result(10)
    for held in (one, two):
        held.let_go()
    assert sorted(map(key_of, measured)) == sorted(map(key_of, [first, second]))


def test_what_another_job_began_and_did_not_end_is_measured_after_all(
    measured: list[Pair],
) -> None:
    pair = a_pair()
    one, two = AtWork(), AtWork()
    assert one._taken([pair]) == {}
    [waiting] = two._taken([pair]).values()
    one.let_go()
    answer = heard(waiting, ALIGNER, pair)
    assert isinstance(answer, Measured)
    assert measured == [pair]
    assert not at_work._at_work


def test_a_file_that_was_away_for_one_is_away_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = a_pair()
    away = NotAsHashed(pair.a.asset_id, "missing", "It is not there.")
    monkeypatch.setattr(at_work, "measure", lambda _, pairs: iter([away] * len(pairs)))
    with at_work.at_work() as one, at_work.at_work() as two:
        assert one.measure(ALIGNER, [pair]) == two.measure(ALIGNER, [pair]) == [away]
