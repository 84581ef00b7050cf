"""A3 to A7 at the level of functions: measure and judge the pairs of a folder of labelled variants.

    python bench/a3_judging.py FOLDER --into DIR [--families even|odd] [--every N] [--score SCRIPT]

FOLDER is what the corpus's make_variants.py writes. All labelled pairs of the chosen families, all
pairs of record cards, unlabelled pairs inside families and pairs across families (a sample of each)
are measured in this process, without a database, and judged by the city's standard. DIR/RESULT.csv
is what the corpus's score_duplicates.py reads; measures are kept in DIR/measured.jsonl, so that
judging alone is repeated in seconds.
"""

import argparse
import csv
import hashlib
import json
import random
import re
import subprocess
import sys
from collections import Counter, OrderedDict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from app.comparisons.judging import Judged, PairFacts, SideFacts, judge
from app.fingerprints.registration.kept import Kept
from app.fingerprints.registration.measuring import measured
from app.fingerprints.seeing.picture import Undecodable, decoded
from app.fingerprints.shown import TooLarge
from app.policies.documents import parse_policy, read_yaml
from app.policies.rules.standard import Thresholds

ROOT = Path(__file__).parents[1]
CITY = ROOT / "app/policies/data/city-default.yaml"
DELETABLE = {"exact_bytes", "identical_image_data", "derivative_reduced"}
FAMILY = re.compile(r"(?:IMG_)?(\d{3})(?:_|\.)")
KEPT = 60  # pictures
CARDS, WITHIN, ACROSS = 10_000, 400, 400  # pairs of each kind at most
SEED = 20_260_901
Pair = tuple[str, str]


def main() -> None:
    """Measure what is not measured yet, judge all, and print the score."""
    asked = arguments()
    asked.into.mkdir(parents=True, exist_ok=True)
    truth = list(csv.DictReader((asked.folder / "truth_duplicates.csv").open(encoding="utf-8")))
    wanted = list(pairs(asked.folder, truth, asked.families, asked.every))
    standard = thresholds()
    kept = measured_before(asked.into / "measured.jsonl")
    if not asked.judge_only:
        measure(asked.folder, wanted, asked.into / "measured.jsonl", kept)
    rows = []
    for a, b in wanted:
        if (a, b) in kept:
            rows.append((a, b, *verdict(asked.folder, a, b, kept[a, b], standard)))
    write(asked.into, truth, rows)
    print(json.dumps(Counter(judged.class_ for _, _, _, judged in rows), indent=1))  # noqa: T201
    if asked.score:
        paths = [str(asked.into / name) for name in ("truth.csv", "RESULT.csv")]
        subprocess.run([sys.executable, asked.score, *paths, "--errors", "60"], check=True)  # noqa: S603


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--families", choices=("even", "odd", "all"), default="all")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--score")
    parser.add_argument("--judge-only", action="store_true")
    return parser.parse_args()


def thresholds() -> Thresholds:
    """Read the city's standard as it is shipped."""
    document = read_yaml(CITY.name, CITY.read_text("utf-8"))
    return parse_policy(document).duplicate_standard.thresholds


def family(name: str) -> int | None:
    """Return the base a file was made from, by its name; None: a natural file or a card."""
    if name.startswith("natural/") or "/scans/" in name:
        return None
    found = FAMILY.match(Path(name).name)
    return int(found[1]) if found else None


def pairs(folder: Path, truth: list[dict[str, str]], families: str, every: int) -> Iterator[Pair]:
    """Yield the pairs to judge, each once."""
    draw = random.Random(SEED)  # noqa: S311 - a sample, no secret
    rest = {"even": (0,), "odd": (1,), "all": (0, 1)}[families]

    def chosen(name: str) -> bool:
        base = family(name)
        return base is None or (base % 2 in rest and base // 2 % every == 0)

    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix not in (".csv", ".json") and path.is_file()
    )
    files = [name for name in files if chosen(name)]
    labelled = [
        (row["file_a"], row["file_b"])
        for row in truth
        if chosen(row["file_a"]) and chosen(row["file_b"])
    ]
    cards = [name for name in files if "/scans/card_" in name]
    bases = [name for name in files if family(name) is not None]
    within = [(a, b) for a in bases for b in bases if a < b and family(a) == family(b)]
    across = [(draw.choice(files), draw.choice(files)) for _ in range(ACROSS // every)]
    of_cards = [(a, b) for a in cards for b in cards if a < b]
    sampled = draw.sample(within, min(len(within), WITHIN // every))
    seen: set[frozenset[str]] = set()
    for pair in (*labelled, *draw.sample(of_cards, len(of_cards) // every), *sampled, *across):
        alike = (
            family(pair[0]) is None
            and family(pair[1]) is None
            and pair not in labelled
            and "/scans/" not in pair[0]
        )
        if len(set(pair)) == 2 and frozenset(pair) not in seen and not alike:
            seen.add(frozenset(pair))
            yield pair


def measured_before(path: Path) -> dict[Pair, dict[str, Any]]:
    """Read what was measured before."""
    if not path.exists():
        return {}
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return {(row["a"], row["b"]): row for row in rows}


def measure(folder: Path, wanted: list[Pair], path: Path, kept: dict[Pair, dict[str, Any]]) -> None:
    """Measure pairs, the same file's one after the other, and write each down at once."""
    cv2.setNumThreads(1)
    sides: OrderedDict[str, Kept] = OrderedDict()

    def side(name: str) -> Kept:
        if name not in sides:
            sides[name] = Kept(lambda longest: picture(folder / name, longest))
        sides.move_to_end(name)
        while len(sides) > KEPT:
            sides.popitem(last=False)
        return sides[name]

    with path.open("a", encoding="utf-8") as written:
        for a, b in sorted(pair for pair in wanted if pair not in kept):
            try:
                numbers, _ = measured(side(a), side(b))
                row: dict[str, Any] = {"a": a, "b": b, "outcome": "measured", "measured": numbers}
            except (TooLarge, Undecodable) as error:
                row = {"a": a, "b": b, "outcome": type(error).__name__.lower(), "measured": None}
            kept[a, b] = row
            written.write(json.dumps(row) + "\n")
            written.flush()


def picture(path: Path, longest: int) -> Any:  # noqa: ANN401 - of the decoder
    """Decode one file."""
    with path.open("rb") as file:
        return decoded(file, longest)


@cache
def facts(path: Path) -> SideFacts:
    """Read what the catalogue knows of a file by its fingerprints, but nothing of its metadata."""
    with Image.open(path) as image:
        kind, mode, frames = image.format, image.mode, getattr(image, "n_frames", 1)
        orientation = image.getexif().get(274, 1)
        icc = image.info.get("icc_profile")
        alpha = mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        upright = ImageOps.exif_transpose(image)
        pixels = np.asarray(upright.convert("RGBA" if alpha else "RGB"))
    return SideFacts(
        format=kind,
        width=upright.width,
        height=upright.height,
        frames=1 if kind == "MPO" else frames,
        bit_depth=16 if "16" in mode else 8,
        colour=mode,
        alpha=alpha,
        orientation=orientation,
        colour_space=None,
        auxiliary=0,
        icc_sha256=hashlib.sha256(icc).digest() if icc else None,
        image_sha256=None,
        rendering_sha256=None,
        trailer_sha256=None,
        pixels_sha256=hashlib.sha256(pixels.tobytes() + repr(pixels.shape).encode()).digest(),
        low_information="blank" if pixels.std() < 2 else None,
        size_bytes=path.stat().st_size,
        captured_at=None,
        burst_id=None,
        sequence_no=None,
        image_unique_id=None,
        content_id=None,
        camera=None,
        edited=False,
    )


@cache
def digest(path: Path) -> bytes:
    """Hash a file's bytes."""
    return hashlib.sha256(path.read_bytes()).digest()


def verdict(
    folder: Path, a: str, b: str, row: dict[str, Any], standard: Thresholds
) -> tuple[str, Judged]:
    """Return the corpus's name of the class that is proposed, and the proposal."""
    if digest(folder / a) == digest(folder / b):
        return "identical_bytes", Judged("exact_bytes", None, 1.0, [])
    try:
        pair = PairFacts(facts(folder / a), facts(folder / b), None)
    except Exception:  # noqa: BLE001 - what cannot be opened has no facts
        return "none", Judged("undetermined", None, 0.0, [])
    judged = judge(pair, row["outcome"], row["measured"], standard)
    return named(judged, pair), judged


def named(judged: Judged, pair: PairFacts) -> str:
    """Say a proposed class in the words of the corpus."""
    codes = {reason["code"]: reason for reason in judged.reasons}
    match judged.class_:
        case "derivative_converted":
            same = pair.a.format == pair.b.format
            return "derivative_recompress" if same else "derivative_format"
        case "tonal_variant":
            kind = codes["mapping"]["kind"]
            return "exposure_variant" if kind == "exposure" else "colour_variant"
        case "undetermined":
            return "rotated" if "turn" in codes else "match"
        case other:
            return {
                "exact_bytes": "identical_bytes",
                "identical_image_data": "identical_pixels",
                "derivative_reduced": "derivative_resize",
                "crop": "crop",
                "retouched_or_composite": "overlay",
                "sequence": "sequence",
                "re_digitisation": "match",
            }.get(other, "none")


def write(
    into: Path, truth: list[dict[str, str]], rows: list[tuple[str, str, str, Judged]]
) -> None:
    """Write the result, the truth about the pairs in it, and the reasons of each."""
    judged = {frozenset((a, b)) for a, b, _, _ in rows}
    with (into / "RESULT.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("file_a", "file_b", "class"))
        out.writerows((a, b, name) for a, b, name, _ in rows if name != "none")
    with (into / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        columns = ("file_a", "file_b", "class", "params", "origin")
        out.writerow(columns)
        out.writerows(
            [row[name] for name in columns]
            for row in truth
            if frozenset((row["file_a"], row["file_b"])) in judged
            or row["class"].startswith("ident")
        )
    with (into / "reasons.jsonl").open("w", encoding="utf-8") as file:
        for a, b, name, one in rows:
            said = {"a": a, "b": b, "named": name, "class": one.class_, "score": one.score}
            file.write(json.dumps(said | {"reasons": one.reasons}) + "\n")


if __name__ == "__main__":
    main()
