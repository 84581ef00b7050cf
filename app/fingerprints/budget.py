"""How long and how much one file may be hashed, so that none holds a worker for hours."""

from dataclasses import dataclass
from time import monotonic
from typing import BinaryIO

from app.kit.settings import settings


class OverBudget(Exception):
    """A file that is longer, or comes more slowly, than is hashed; the sentence is for people."""


@dataclass(slots=True)
class Budgeted:
    """A file that may be read until a moment; a growing one no further than it said."""

    file: BinaryIO
    left: int  # bytes, and one more, by which it shows that there are more
    until: float  # of time.monotonic()
    seconds: float

    def read(self, size: int) -> bytes:
        """Read a piece.

        Raises:
            OverBudget: the time is over.
        """
        if monotonic() > self.until:
            raise OverBudget(f"It was not hashed within {self.seconds:.0f} seconds.")
        piece = self.file.read(min(size, self.left))
        self.left -= len(piece)
        return piece


def budgeted(file: BinaryIO, size: int) -> Budgeted:
    """Open a file's budget.

    Raises:
        OverBudget: it is longer than a file may be.
    """
    most, seconds = settings().largest_file, settings().hash_seconds
    if size > most:
        raise OverBudget(f"It has {size} bytes, more than the {most} that are hashed.")
    return Budgeted(file, size + 1, monotonic() + seconds, seconds)
