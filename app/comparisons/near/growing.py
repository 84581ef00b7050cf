"""Arrays that grow at their end without being copied each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SPARE = 16  # one part in so many is kept free, so that a row is copied about so many times in all
FEWEST = 1024


class Growing:
    """Rows of one kind, in the order in which they came."""

    def __init__(self, kind: str, *shape: int) -> None:
        """Hold none yet; `kind` is numpy's name of a value, `shape` that of a row."""
        self._room: NDArray[Any] = np.empty((0, *shape), kind)
        self._rows = 0

    def __len__(self) -> int:
        """Count the rows."""
        return self._rows

    @property
    def rows(self) -> NDArray[Any]:
        """Return all rows, as a view that is good until more are added."""
        return self._room[: self._rows]

    @property
    def held_bytes(self) -> int:
        """Return what the rows and the free room take."""
        return self._room.nbytes

    def add(self, rows: NDArray[Any]) -> None:
        """Append rows."""
        needed = self._rows + len(rows)
        if needed > len(self._room):
            room = np.empty(
                (needed + max(FEWEST, needed // SPARE), *self._room.shape[1:]), self._room.dtype
            )
            room[: self._rows] = self.rows
            self._room = room
        self._room[self._rows : needed] = rows
        self._rows = needed
