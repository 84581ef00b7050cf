"""Two jobs of one process that come upon the same pair: one measures, the other hears of it.

Jobs beside each other look for likes of both sides of many pairs, and each side nominates the
other. What is recorded already is asked of the tables; this is for what is not yet.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from uuid import UUID

from app.comparisons.measuring import Measured, NotAsHashed, measure
from app.comparisons.pairing import Pair
from app.fingerprints.registration.aligner import Aligner

Answer = Measured | NotAsHashed
Key = tuple[UUID, UUID]
_lock = Lock()
_at_work: dict[Key, Future[Answer]] = {}


def key_of(pair: Pair) -> Key:
    """Name a pair."""
    return pair.a.fingerprint_id, pair.b.fingerprint_id


class AtWork:
    """The pairs that one job has in hand, until what came of them is recorded."""

    def __init__(self) -> None:
        self._mine: dict[Key, Future[Answer]] = {}

    def measure(self, aligner: Aligner, pairs: Sequence[Pair]) -> list[Answer]:
        """Measure pairs that nobody here has in hand; then wait for what others measure.

        Nobody waits before all of his own are measured, so no two wait for each other. What another
        began and did not end is measured after all.

        Returns:
            An answer for each pair, in their order.
        """
        waiting = self._taken(pairs)
        own = [pair for key, pair in named(pairs).items() if key not in waiting]
        found = dict(zip(map(key_of, own), self._answers(aligner, own), strict=True))
        for pair in pairs:
            if key_of(pair) not in found:
                found[key_of(pair)] = heard(waiting[key_of(pair)], aligner, pair)
        return [found[key_of(pair)] for pair in pairs]

    def let_go(self) -> None:
        """Let go of all: it is recorded, or never will be."""
        with _lock:
            for key in self._mine:
                del _at_work[key]
        for coming in self._mine.values():
            coming.cancel()  # which leaves alone what has come
        self._mine.clear()

    def _taken(self, pairs: Sequence[Pair]) -> dict[Key, Future[Answer]]:
        """Take pairs in hand; return what others have in hand."""
        others: dict[Key, Future[Answer]] = {}
        with _lock:
            for key in named(pairs):
                if key in _at_work:
                    others[key] = _at_work[key]
                else:
                    self._mine[key] = _at_work[key] = Future()
        return others

    def _answers(self, aligner: Aligner, pairs: Sequence[Pair]) -> Iterator[Answer]:
        for pair, answer in zip(pairs, measure(aligner, pairs), strict=True):
            self._mine[key_of(pair)].set_result(answer)
            yield answer


def named(pairs: Sequence[Pair]) -> dict[Key, Pair]:
    """Return each pair once, by its name."""
    return {key_of(pair): pair for pair in pairs}


def heard(coming: Future[Answer], aligner: Aligner, pair: Pair) -> Answer:
    """Return what another job says of a pair; nominated is it by what this one found."""
    try:
        answer = coming.result()
    except CancelledError:
        [answer] = measure(aligner, [pair])
    return replace(answer, pair=pair) if isinstance(answer, Measured) else answer


@contextmanager
def at_work() -> Iterator[AtWork]:
    """Hold pairs until the block ends, in which they are measured and recorded."""
    held = AtWork()
    try:
        yield held
    finally:
        held.let_go()
