"""Arrays of integers as PostgreSQL sends them, many at a time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEADER = 5  # dimensions, whether some are null, type, length, lower bound; of an empty one less
SENT = np.dtype(">i4")  # all of it is big-endian: each element has its length before it


def integers_of(sent: Sequence[bytes | None]) -> list[NDArray[np.int32]]:
    """Read what `array_send` makes of columns of type integer[] without nulls.

    A list of Python's integers is never made: of a catalogue's words that took most of the time.
    """
    flat = np.frombuffer(b"".join(one or b"" for one in sent), SENT)
    sizes = np.array([len(one or b"") // SENT.itemsize for one in sent], np.int64)
    counts = np.maximum(sizes - HEADER, 0) // 2
    ends = np.cumsum(counts)
    inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    begins = np.cumsum(sizes) - sizes
    places = np.repeat(begins + HEADER + 1, counts) + 2 * inside
    return np.split(flat[places].astype(np.int32), ends[:-1])
