"""Aligners that outlast a job, so that the next finds pictures decoded and their features known."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from app.fingerprints.registration.aligner import Aligner

IDLE_SECONDS = 30.0  # what a child keeps is large: unasked for so long, it ends
_lock = Lock()
_idle: dict[Aligner, Timer] = {}


@contextmanager
def warm_aligner(idle_seconds: float = IDLE_SECONDS) -> Iterator[Aligner]:
    """Lend an aligner to one thread at a time; the one that was given back last goes first.

    After a failure it is not kept. Its child is renewed with age, as ever, and ends once nobody has
    asked for the aligner for `idle_seconds`.
    """
    with _lock:
        aligner, ending = _idle.popitem() if _idle else (Aligner(), None)
    if ending is not None:
        ending.cancel()
    try:
        yield aligner
    except BaseException:
        aligner.__exit__(None, None, None)
        raise
    ending = Timer(idle_seconds, _end, [aligner])
    ending.daemon = True
    with _lock:
        _idle[aligner] = ending
        ending.start()


def _end(aligner: Aligner) -> None:
    """End an aligner, unless it was lent again meanwhile."""
    with _lock:
        idle = _idle.pop(aligner, None)
    if idle is not None:
        aligner.__exit__(None, None, None)


@atexit.register
def end_all() -> None:
    """End all that nobody uses."""
    for aligner in list(_idle):
        _end(aligner)
