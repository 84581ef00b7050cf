"""Locks on files that the kernel lets go when the last holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a lock file. Closing it lets go, unless a child that inherited it still lives."""
    # Never LOCK_UN: it would let go for a forked child too, which shares the open file.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def take(lock: int, *, shared: bool = False, within: float = 0.0) -> bool:
    """Try for so many seconds to get the lock; say whether it was got."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + within
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def is_free(path: Path) -> bool:
    """Say whether nobody holds this lock alone; asking disturbs no other who asks."""
    with opened(path) as lock:
        return take(lock, shared=True)
