"""Score proposed classes against the truth: what is found, rightly called, and what would harm.

The rules are those of the corpus' own scorer, so that folders without a corpus are scored alike.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any

SAME = ("identical_bytes", "identical_pixels")
SAFE = {*SAME, "derivative_resize", "derivative_recompress", "derivative_format"}
ALIKE = "unrelated_similar"  # looks alike and is another picture
NOTHING = {"none", ALIKE}
Pair = tuple[str, str]
Row = tuple[str, str, str]  # two files and their class
Verdicts = Mapping[Pair, str]


def in_order(one: str, other: str) -> Pair:
    """Name a pair once."""
    return (one, other) if one < other else (other, one)


@dataclass
class Groups:
    """Files that belong together, joined pair by pair."""

    above: dict[str, str] = field(default_factory=dict)

    @classmethod
    def joined(cls, rows: Iterable[Row], same: Callable[[str], bool]) -> "Groups":
        """Join what is related by certain classes; every file is in a group."""
        groups = cls()
        for a, b, class_ in rows:
            groups.of(a), groups.of(b)
            if same(class_):
                groups.join(a, b)
        return groups

    def of(self, name: str) -> str:
        """Return the first of the group that a file is in."""
        while self.above.setdefault(name, name) != name:
            name = self.above[name]
        return name

    def join(self, one: str, other: str) -> None:
        """Put two groups together; the name that sorts first stands for both."""
        first, second = sorted((self.of(one), self.of(other)))
        self.above[second] = first


@dataclass(frozen=True)
class Truth:
    """What is so of each pair of files, and which family each file is of."""

    pairs: Verdicts
    families: Groups

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """Read a truth; what is identical to a file has all its relations."""
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(r["file_a"], r["file_b"], r["class"]) for r in csv.DictReader(file)]
        return cls.of(rows)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Truth":
        """Extend rows of a truth to every pair that follows from them."""
        families = Groups.joined(rows, lambda class_: class_ != ALIKE)
        bytes_ = Groups.joined(rows, lambda class_: class_ == SAME[0])
        pixels = Groups.joined(rows, lambda class_: class_ in SAME)
        equal: dict[str, list[str]] = defaultdict(list)
        for name in list(pixels.above):
            equal[pixels.of(name)].append(name)
        pairs: dict[Pair, str] = {
            in_order(a, b): SAME[bytes_.of(a) != bytes_.of(b)]
            for group in equal.values()
            for a, b in combinations(group, 2)
        }
        for a, b, class_ in rows:
            if class_ not in SAME:
                for one, other in product(equal[pixels.of(a)], equal[pixels.of(b)]):
                    if one != other:
                        pairs.setdefault(in_order(one, other), class_)
        return cls(pairs, families)

    @property
    def files(self) -> list[str]:
        """Name every file that the truth tells of."""
        return sorted(self.families.above)

    def related(self, pair: Pair) -> bool:
        """Tell whether both are of one family."""
        return self.families.of(pair[0]) == self.families.of(pair[1])

    def unrelated_pairs(self) -> int:
        """Count the pairs across families of which it is certain that they are unrelated."""
        judged = [one for one in self.files if not is_natural(one)]
        sizes = Counter(self.families.of(one) for one in judged)
        every = len(judged) * (len(judged) - 1) // 2
        return every - sum(size * (size - 1) // 2 for size in sizes.values())


def is_natural(name: str) -> bool:
    """Tell whether a file is of a tree as it was found, of which the truth does not know all."""
    return name.startswith("natural/")


def score(truth: Truth, said: Verdicts) -> dict[str, Any]:
    """Score what was said; the fields are those of the corpus' scorer."""
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    for pair, class_ in truth.pairs.items():
        confusion[class_][said.get(pair, "none")] += 1
    across, within = beyond(truth, said)
    harm = sum(
        n
        for true, counted in confusion.items()
        if true not in SAFE
        for class_, n in counted.items()
        if class_ in SAFE
    ) + sum(n for class_, n in across.items() if class_ in SAFE)
    per_class = {true: of_one(true, counted) for true, counted in confusion.items()}
    return {
        "per_class": per_class,
        "cross_family": across.total(),
        "harm": harm,
        "unlisted_in_family": within.total(),
    }


def beyond(truth: Truth, said: Verdicts) -> tuple[Counter[str], Counter[str]]:
    """Count what was said of pairs that the truth does not list: across families, and within."""
    across, within = Counter[str](), Counter[str]()
    for pair, class_ in said.items():
        if pair in truth.pairs or class_ in NOTHING:
            continue
        if truth.related(pair):
            within[class_] += 1
        elif not any(map(is_natural, pair)):
            across[class_] += 1
    return across, within


def of_one(true: str, counted: Counter[str]) -> dict[str, Any]:
    """Say of one class how much of it was found, and how much rightly called."""
    n = counted.total()
    found = n - sum(counted[class_] for class_ in NOTHING)
    return {
        "n": n,
        "detected": found / n,
        "exact": counted[true] / n,
        "confusion": dict(counted),
    }


def found_of(scores: Mapping[str, Any], classes: Iterable[str]) -> tuple[float, int]:
    """Return the share of the pairs of some classes that was found, and how many there are."""
    counted = list(of_classes(scores, classes))
    n = sum(one["n"] for one in counted)
    return (sum(one["detected"] * one["n"] for one in counted) / n if n else 1.0), n


def right_of(scores: Mapping[str, Any], classes: Iterable[str]) -> tuple[float, int]:
    """Return the share of the found pairs of some classes that is rightly called."""
    counted = list(of_classes(scores, classes))
    found = sum(one["detected"] * one["n"] for one in counted)
    right = sum(one["exact"] * one["n"] for one in counted)
    return (right / found if found else 0.0), round(found)


def of_classes(scores: Mapping[str, Any], classes: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the scores of those classes that there are."""
    for class_ in classes:
        if class_ in scores["per_class"]:
            yield scores["per_class"][class_]
