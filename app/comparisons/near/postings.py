"""Which rows share many rare words: sorted postings in segments, and bounded looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Words = NDArray[np.int32]
Counts = NDArray[np.int32]
SIDES = 8  # of a picture: turned by quarters, and mirrored
SLOPE = 4  # a segment joins the one before it unless that one is so many times as large
A_SLICE = 1 << 22  # postings that are sorted at a time when segments join
LARGEST = 1 << 22  # images beyond which a segment stays as it is; three bytes count 16 million
COMMON, COMMON_PART = (
    256,
    4096,
)  # a word of more rows, and of more than one in so many, is passed over


@dataclass(frozen=True)
class Segment:
    """Words of some rows, sorted: the places from `starts[i]` to `starts[i + 1]` hold `words[i]`.

    Its rows are counted from its first one, in three bytes: they are most of what is held.
    """

    words: Words
    starts: Counts
    low: NDArray[np.uint16]
    high: NDArray[np.uint8]
    first: int
    images: int

    @classmethod
    def of(
        cls,
        words: Words,
        rows: Rows,
        first: int,
        images: int,
        *,
        kind: Literal["quicksort", "stable"],
    ) -> "Segment":
        """Sort pairs of word and row; one that comes twice counts once.

        `kind` is NumPy's: `stable` finds that two parts are sorted and only merges them, which is
        ten times as fast; what comes in no order it sorts more slowly.
        """
        packed = (words.astype(np.uint64) << np.uint64(32)) | (rows - first).astype(np.uint64)
        packed.sort(kind=kind)
        packed = packed[np.diff(packed, prepend=~packed[:1]) != 0]
        keys = (packed >> np.uint64(32)).astype(np.int32)
        begins = np.flatnonzero(np.diff(keys, prepend=-1)).astype(np.int32)
        starts = np.append(begins, np.int32(len(keys)))
        low, high = packed.astype(np.uint16), (packed >> np.uint64(16)).astype(np.uint8)
        return cls(keys[begins], starts, low, high, first, images)

    @property
    def held_bytes(self) -> int:
        """Return what the arrays take."""
        return sum(part.nbytes for part in (self.words, self.starts, self.low, self.high))

    def rows(self, places: NDArray[np.intp] | slice) -> Rows:
        """Return the rows at these places."""
        high = self.high[places].astype(np.int32) << 16
        return (high | self.low[places]) + np.int32(self.first)

    def within(self, first: int, end: int) -> tuple[Words, Rows]:
        """Return each word from the first one on and before the end, with each of its rows."""
        low, high = np.searchsorted(self.words, [first, end])
        words = np.repeat(self.words[low:high], np.diff(self.starts[low : high + 1]))
        return words, self.rows(slice(self.starts[low], self.starts[high]))

    def ranges(self, asked: Words) -> tuple[Counts, Counts]:
        """Return where the rows of each asked word begin, and how many there are."""
        low = np.searchsorted(self.words, asked)
        behind = np.minimum(low + 1, len(self.words))
        held = self.words[behind - 1] == asked if len(self.words) else np.zeros(len(asked), bool)
        return self.starts[low], np.where(held, self.starts[behind] - self.starts[low], 0)


@dataclass(frozen=True)
class Sharing:
    """Rows that share words, each once: how many, and with which side of the asked picture."""

    rows: Rows
    shared: Counts
    sides: NDArray[np.int8]

    @classmethod
    def nothing(cls) -> "Sharing":
        """Return what is shared with nobody."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int8))


class WordIndex:
    """Words of images in the order of their rows, which are numbered from 0."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._segments: list[Segment] = []
        self._rows = 0

    def __len__(self) -> int:
        """Count the rows."""
        return self._rows

    @property
    def held_bytes(self) -> int:
        """Return what the arrays take."""
        return sum(segment.held_bytes for segment in self._segments)

    def add(self, words: Sequence[Words]) -> None:
        """Append images by their words; an image may have none."""
        counts = np.array([len(one) for one in words], np.int64)
        rows = np.arange(self._rows, self._rows + len(words), dtype=np.int32)
        pairs = np.concatenate(words).astype(np.int32), np.repeat(rows, counts)
        self._segments.append(Segment.of(*pairs, self._rows, len(words), kind="quicksort"))
        self._rows += len(words)
        while len(self._segments) > 1 and joinable(*self._segments[-2:]):
            self._segments[-2:] = [joined(*self._segments[-2:])]

    def find(self, asked: Words, least: int) -> Sharing:
        """Return every row that shares enough words with one side, common ones left out.

        Args:
            asked: the words of each side, shape (sides, n), upright first.
            least: how many the upright side has to share; the others one more, for there are more
                of them to share some by chance.
        """
        flat = asked.ravel()
        order = flat.argsort()  # neighbours lie together in the segments
        flat, sides = flat[order], order // max(1, asked.shape[1])
        ranges = [segment.ranges(flat) for segment in self._segments]
        if not len(flat) or not ranges:
            return Sharing.nothing()
        known = np.sum([counts for _, counts in ranges], axis=0)
        rare = (known > 0) & (known <= max(COMMON, self._rows // COMMON_PART))
        told = [
            sharing(segment, begins, np.where(rare, counts, 0), sides, least)
            for segment, (begins, counts) in zip(self._segments, ranges, strict=True)
        ]
        return Sharing(*(np.concatenate(parts) for parts in zip(*told, strict=True)))


def sharing(
    segment: Segment, begins: Counts, counts: Counts, sides: NDArray[np.intp], least: int
) -> tuple[Rows, Counts, NDArray[np.int8]]:
    """Return the rows that stand in enough ranges of one side, how often, and of which side.

    A row stands once in a range.
    """
    ends = np.cumsum(counts)
    places = np.arange(int(ends[-1])) + np.repeat(begins - (ends - counts), counts)
    met = segment.rows(places).astype(np.int64) * SIDES + np.repeat(sides, counts)
    met.sort()
    # Equal ones stand together now: where the next but so many is the same there are enough.
    begins_of = met[: max(0, len(met) - least + 1)]
    often = np.unique(begins_of[met[least - 1 :] == begins_of])
    shared = np.searchsorted(met, often, side="right") - np.searchsorted(met, often)
    rows, side = np.divmod(often, SIDES)
    enough = shared >= least + (side > 0)
    rows, side, shared = rows[enough], side[enough], shared[enough]
    best = np.lexsort((side, -shared, rows))
    best = best[np.diff(rows[best], prepend=-1) > 0]
    return rows[best].astype(np.int32), shared[best].astype(np.int32), side[best].astype(np.int8)


def joinable(before: Segment, last: Segment) -> bool:
    """Tell whether the last segment has grown beside the one before, and one may hold both."""
    return before.images < SLOPE * last.images and before.images + last.images <= LARGEST


def joined(before: Segment, last: Segment) -> Segment:
    """Join two segments, some words at a time: what it takes beside them is the joined one."""
    end = 1 + max([0, *before.words[-1:], *last.words[-1:]])
    total = len(before.low) + len(last.low)
    low, high = np.empty(total, np.uint16), np.empty(total, np.uint8)
    bounds = np.linspace(0, end, 2 + total // A_SLICE).astype(np.int64)
    parts, filled = [], 0
    for first, behind in pairwise(bounds.tolist()):
        some, more = before.within(first, behind), last.within(first, behind)
        words, rows = np.concatenate([some[0], more[0]]), np.concatenate([some[1], more[1]])
        part = Segment.of(words, rows, before.first, 0, kind="stable")
        behind_it = filled + len(part.low)
        low[filled:behind_it], high[filled:behind_it] = part.low, part.high
        parts.append((part.words, part.starts[:-1] + np.int32(filled)))
        filled = behind_it
    words = np.concatenate([of for of, _ in parts])
    starts = np.append(np.concatenate([begin for _, begin in parts]), np.int32(total))
    return Segment(words, starts, low, high, before.first, before.images + last.images)
