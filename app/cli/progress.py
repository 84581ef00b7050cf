"""How far long work is: a bar on a terminal, a plain line now and then anywhere else."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

LINE_SECONDS = 5.0


class Track:
    """One piece of long work, how much of it is done and how much of that went wrong."""

    def __init__(self, what: str, total: int) -> None:
        self.what = what
        self.total = total
        self.done = 0
        self.errors = 0
        self._begun = time.monotonic()

    def reach(self, done: int, errors: int | None = None) -> None:
        """Say how far it is now, counted from the start."""
        self.done = done
        self.errors = self.errors if errors is None else errors
        self.show()

    def advance(self, done: int, errors: int = 0) -> None:
        """Say how much more is done."""
        self.reach(self.done + done, self.errors + errors)

    def show(self) -> None:
        """Tell people; here nobody watches."""

    @property
    def rate(self) -> float:
        """Return how many a second were done."""
        return self.done / max(time.monotonic() - self._begun, 0.001)

    def __str__(self) -> str:
        """Say all of it in one line."""
        known = self.done and self.total >= self.done  # of what is piped in nobody knows the total
        remaining = f", {(self.total - self.done) / self.rate:.0f} s left" if known else ""
        of = f" of {self.total}" if self.total else ""
        said = f"{self.done}{of}, {self.rate:.0f}/s{remaining}, {self.errors} errors"
        return f"{self.what}: {said}"


class Bar(Track):
    """A bar on a terminal."""

    def __init__(self, what: str, total: int, bars: Progress) -> None:
        super().__init__(what, total)
        self._bars = bars
        self._task: TaskID = bars.add_task(what, total=total, errors=0, rate=0.0)

    def show(self) -> None:
        """Move the bar."""
        self._bars.update(self._task, completed=self.done, errors=self.errors, rate=self.rate)


class Lines(Track):
    """A line every few seconds, for logs and pipes."""

    def __init__(self, what: str, total: int) -> None:
        super().__init__(what, total)
        self._next = time.monotonic() + LINE_SECONDS

    def show(self) -> None:
        """Write a line if the last one is some seconds old."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            typer.echo(str(self), err=True)


@contextmanager
def following(what: str, total: int) -> Iterator[Track]:
    """Show on stderr how far a piece of work is, as long as the block lasts."""
    if not sys.stderr.isatty():
        lines = Lines(what, total)
        yield lines
        typer.echo(str(lines), err=True)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[errors]} errors"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bar(what, total, bars)
