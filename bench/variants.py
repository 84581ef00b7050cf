"""A folder of drawn photographs and what becomes of them, with the truth about every pair.

    python bench/variants.py DIR [--families 12]

Writes DIR/<department>/... and DIR/truth_duplicates.csv (file_a, file_b, class, params, origin:
file_a is the original) in the form that the corpus' scorer reads. Everything is drawn in code.
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from derivations import derived, original, record_card
from easel import photograph

__all__ = ["derived", "lay_out", "original", "photograph", "write"]
TRUTH = "truth_duplicates.csv"
DEPARTMENTS = ("library", "museum", "film-archive", "newsroom", "contractor")
CARDS = 12  # of each form
SIZE = (1200, 800)
Row = tuple[str, str, str, str, str]


def main() -> None:
    """Write the folder."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--families", type=int, default=12)
    told = asked.parse_args()
    rows = lay_out(told.folder, told.families)
    sys.stdout.write(f"{told.families} families, {len(rows)} pairs\n")


def lay_out(folder: Path, families: int, size: tuple[int, int] = SIZE) -> list[Row]:
    """Draw everything into the folder; return the rows of the truth."""
    rows = [row for number in range(families) for row in a_family(folder, number, size)]
    rows += cards(folder)
    with (folder / TRUTH).open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("file_a", "file_b", "class", "params", "origin"))
        lines.writerows(rows)
    return rows


def a_family(folder: Path, number: int, size: tuple[int, int]) -> Iterator[Row]:
    """Draw one photograph and all that is made of it, spread over departments."""
    stored = original(photograph(number, size), number)
    first = write(folder, f"{DEPARTMENTS[number % 5]}/IMG_{number:03d}.jpg", stored)
    for at, one in enumerate(derived(stored, number)):
        mark = sha256(one.how.encode()).hexdigest()[:6]  # a name tells nothing of the class
        name = f"{DEPARTMENTS[(number + 1 + at) % 5]}/{number:03d}_{at:02d}_{mark}.{one.suffix}"
        yield first, write(folder, name, one.data), one.class_, one.how, "drawn"


def cards(folder: Path) -> list[Row]:
    """Type record cards; of one form every pair looks alike and is none."""
    rows: list[Row] = []
    for form in (0, 1):
        names = [
            write(folder, f"library/cards/card_{2 * number + form:02d}.jpg", card)
            for number in range(CARDS)
            for card in [record_card(number, form=form)]
        ]
        pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
        said = ("unrelated_similar", "same form, other words", "drawn")
        rows += [(a, b, *said) for a, b in pairs]
    return rows


def write(folder: Path, name: str, data: bytes) -> str:
    """Write a file; return its path beneath the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


if __name__ == "__main__":
    main()
