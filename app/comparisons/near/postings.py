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
Weights = NDArray[np.float32]
SLOPE = 4  # a segment joins the one before it unless that one is so many times as large
A_SLICE = 1 << 22  # postings that are sorted at a time when segments join
LARGEST = 1 << 20  # images beyond which a segment stays as it is
COMMON, COMMON_PART = (
    256,
    4096,
)  # a word of more rows, and of more than one in so many, is passed over


@dataclass(frozen=True)
class Segment:
    """Words of some rows, sorted: `rows[starts[i]:starts[i + 1]]` hold `words[i]`."""

    words: Words
    starts: Counts
    rows: Rows
    images: int

    @classmethod
    def of(
        cls, words: Words, rows: Rows, images: int, *, kind: Literal["quicksort", "stable"]
    ) -> "Segment":
        """Sort pairs of word and row; one that comes twice counts once.

        `kind` is NumPy's: `stable` finds that two parts are sorted and only merges them, which is
        ten times as fast; what comes in no order it sorts more slowly.
        """
        packed = (words.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64)
        packed.sort(kind=kind)
        packed = packed[np.diff(packed, prepend=~packed[:1]) != 0]
        keys = (packed >> np.uint64(32)).astype(np.int32)
        first = np.flatnonzero(np.diff(keys, prepend=-1)).astype(np.int32)
        starts = np.append(first, np.int32(len(keys)))
        return cls(keys[first], starts, packed.astype(np.uint32).astype(np.int32), images)

    @property
    def held_bytes(self) -> int:
        """Return what the arrays take."""
        return self.words.nbytes + self.starts.nbytes + self.rows.nbytes

    def within(self, first: int, end: int) -> tuple[Words, Rows]:
        """Return each word from the first one on and before the end, with each of its rows."""
        low, high = np.searchsorted(self.words, [first, end])
        words = np.repeat(self.words[low:high], np.diff(self.starts[low : high + 1]))
        return words, self.rows[self.starts[low] : self.starts[high]]

    def ranges(self, asked: Words) -> tuple[Counts, Counts]:
        """Return where the rows of each asked word begin, and how many there are."""
        low = np.searchsorted(self.words, asked)
        high = np.searchsorted(self.words, asked, side="right")
        return self.starts[low], self.starts[high] - self.starts[low]


@dataclass(frozen=True)
class Sharing:
    """Rows that share words, each once: how many, and how rare these are, in bits."""

    rows: Rows
    shared: Counts
    weight: Weights

    @classmethod
    def nothing(cls) -> "Sharing":
        """Return what is shared with nobody."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


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
        self._segments.append(Segment.of(*pairs, len(words), kind="quicksort"))
        self._rows += len(words)
        while len(self._segments) > 1 and joinable(*self._segments[-2:]):
            self._segments[-2:] = [joined(*self._segments[-2:])]

    def find(self, asked: Words, least: int) -> Sharing:
        """Return every row that shares at least so many of these words, common ones left out."""
        ranges = [segment.ranges(asked) for segment in self._segments]
        if not len(asked) or not ranges:
            return Sharing.nothing()
        known = np.sum([counts for _, counts in ranges], axis=0)
        rare = (known > 0) & (known <= max(COMMON, self._rows // COMMON_PART))
        says = np.log2((self._rows + 1) / np.maximum(known, 1)).astype(np.float32)
        told = [
            sharing(segment.rows, begins, np.where(rare, counts, 0), says, least)
            for segment, (begins, counts) in zip(self._segments, ranges, strict=True)
        ]
        return Sharing(*(np.concatenate(parts) for parts in zip(*told, strict=True)))


def sharing(
    postings: Rows, begins: Counts, counts: Counts, says: Weights, least: int
) -> tuple[Rows, Counts, Weights]:
    """Return the rows that stand in at least so many of these ranges, how often, and their weight.

    A row stands once in a range.
    """
    ends = np.cumsum(counts)
    total = int(ends[-1])
    places = np.arange(total) + np.repeat(begins - (ends - counts), counts)
    met = postings[places]
    rows, shared = np.unique(met, return_counts=True)
    rows, shared = rows[shared >= least], shared[shared >= least]
    at = np.flatnonzero(np.isin(met, rows))
    of_row = np.searchsorted(rows, met[at])
    weight = np.bincount(of_row, weights=np.repeat(says, counts)[at], minlength=len(rows))
    return rows, shared.astype(np.int32), weight.astype(np.float32)


def joinable(before: Segment, last: Segment) -> bool:
    """Tell whether the last segment has grown beside the one before, and one may hold both."""
    return before.images < SLOPE * last.images and before.images + last.images <= LARGEST


def joined(before: Segment, last: Segment) -> Segment:
    """Join two segments, some words at a time: what it takes beside them stays small."""
    end = 1 + max([0, *before.words[-1:], *last.words[-1:]])
    slices = 1 + (len(before.rows) + len(last.rows)) // A_SLICE
    bounds = np.linspace(0, end, slices + 1).astype(np.int64)
    parts = []
    for first, behind in pairwise(bounds.tolist()):
        some, more = before.within(first, behind), last.within(first, behind)
        words, rows = np.concatenate([some[0], more[0]]), np.concatenate([some[1], more[1]])
        parts.append(Segment.of(words, rows, 0, kind="stable"))
    shifts = np.cumsum([0] + [len(part.rows) for part in parts])
    starts = [part.starts[:-1] + shift for part, shift in zip(parts, shifts[:-1], strict=True)]
    return Segment(
        np.concatenate([part.words for part in parts]),
        np.append(np.concatenate(starts), shifts[-1]).astype(np.int32),
        np.concatenate([part.rows for part in parts]),
        before.images + last.images,
    )
