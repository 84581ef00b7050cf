"""The one index of this process, brought up to each asker's moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.comparisons.near.arrays import integers_of
from app.comparisons.near.index import LOOK, NearIndex
from app.comparisons.near.statements import Moment, Told, looks, looks_since

AT_ONCE = 5000  # rows that are fetched at a time
Ids = NDArray[np.bytes_]  # sorted
NONE: Ids = np.empty(0, "S16")


class Held:
    """An index of one method's looks, which knows until when it has read."""

    def __init__(self, method: int) -> None:
        """Hold nothing yet."""
        self.method = method
        self.index = NearIndex()
        self.moment: Moment | None = None
        self._recent = NONE  # known ones that a next look at the table may meet again
        self._foreign = NONE  # known ones written by another cluster, with ids of its own

    def answers(self, method: int, now: Moment) -> bool:
        """Tell whether this index is of that place, and of looks by that method or a newer one."""
        return self.method >= method and self.moment is not None and self.moment.place == now.place

    def refresh(self, db: Session, now: Moment) -> None:
        """Read what was committed up to this moment of the asker's transaction, each row once.

        A row with an id below the lowest that was running is there at that moment or never. So it
        is enough to look again from the lowest of the last look on, and to skip what is known.
        """
        if self.moment is not None and now.follows(self.moment):
            read = self._read(db, looks_since(self.method, self.moment, now))
            self._recent = np.sort(read[0])
        else:
            self.index = NearIndex()
            self._recent = self._foreign = NONE
            recent, foreign = self._read(db, looks(self.method, now))
            self._recent, self._foreign = np.sort(recent), np.sort(foreign)
        self.index.settle()
        self.moment = now

    def _read(self, db: Session, statement: Told) -> tuple[Ids, Ids]:
        """Add what is not known; return ids that may be met again, and those of other clusters."""
        again, others = [NONE], [NONE]
        asked = statement.execution_options(yield_per=AT_ONCE)
        for rows in db.execute(asked).partitions():
            packed, words, recent, foreign = zip(*rows, strict=True)
            some = np.frombuffer(b"".join(packed), LOOK)
            ids = some["visual"]
            theirs = np.array(foreign)
            again.append(ids[np.array(recent) & ~theirs])
            others.append(ids[theirs])
            new = np.flatnonzero(~(known(ids, self._recent) | known(ids, self._foreign)))
            if len(new):
                self.index.add(some[new], integers_of([words[at] for at in new]))
        return np.concatenate(again), np.concatenate(others)


def known(ids: Ids, among: Ids) -> NDArray[np.bool_]:
    """Tell which of these ids are among sorted ones."""
    at = np.searchsorted(among, ids)
    found = np.zeros(len(ids), bool)
    inside = at < len(among)
    found[inside] = among[at[inside]] == ids[inside]
    return found


_lock = Lock()
_held: list[Held] = []


@contextmanager
def held_index(db: Session, method: int) -> Iterator[NearIndex | None]:
    """Yield this process's index as of this transaction's snapshot, to one asker at a time.

    None: newer looks than this method's are held, and older ones are not compared any more.
    """
    with _lock:
        now = Moment.now(db)
        if not _held or not _held[0].answers(method, now):
            _held[:] = [Held(method)]
        if _held[0].method > method:
            yield None
            return
        try:
            _held[0].refresh(db, now)
        except BaseException:
            _held.clear()  # half of it may have been read
            raise
        yield _held[0].index


def forget() -> None:
    """Give the memory back; the next asker builds the index anew."""
    with _lock:
        _held.clear()
