"""A3 to A7: what a running catalogue proposes about a folder of variants, against its truth.

VARIANTS=DIR names a folder with `truth_duplicates.csv`, as the corpus' `make_variants.py` writes
it, and CORPUS=DIR the one that holds `score_duplicates.py`, which then scores; without them
photographs are drawn (`bench/variants.py`) and `bench/scoring.py` scores by the same rules. At
small size only some families of a folder that is given are taken, as many as drawn ones.

Every file is registered, worked off by real processes, and its likenesses are asked for over HTTP.
Families of an odd number are scored apart from even ones: thresholds may have been fitted to these.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from catalogues import Running, catalogue_over
from measuring import FULL, Claim, machine, say, sized
from scoring import ALIKE, SAFE, Groups, Pair, Truth, Verdicts, found_of, in_order, right_of, score
from variants import TRUTH, lay_out

HOME = Path("build/bench/duplicates")
RESULTS = Path("bench/results")
FAMILIES = sized(small=8, full=40)
DERIVATIVES = ("derivative_resize", "derivative_recompress", "derivative_format")
CALLED = (*DERIVATIVES, "crop", "exposure_variant", "colour_variant", "rotated", "sequence")
PARTIAL = ("crop", "rotated", "overlay")
STRAIGHT = 0.5  # degrees
NUMBERED = re.compile(r"(?:IMG_|card_|^|/)(\d{2,3})[._]")


def main() -> None:
    """Lay out, work off, ask, score, and print the claims."""
    on = machine()
    folder = given("VARIANTS") or drawn()
    truth = Truth.read(folder / TRUTH)
    if given("VARIANTS") and not FULL:
        folder, truth = part_of(folder, truth)
    said, told = asked(folder, truth)
    RESULTS.mkdir(parents=True, exist_ok=True)
    claims = []
    for name, half in halves(truth):
        scores = scored(name, half, {pair: one for pair, one in said.items() if within(half, pair)})
        claims += claims_of(name, half, scores, told if name == "all" else {})
    say(claims, on)


def given(name: str) -> Path | None:
    """Return a folder that the environment names."""
    path = os.environ.get(name)  # noqa: TID251 - the bench is no part of the product
    return Path(path).resolve() if path else None


def drawn() -> Path:
    """Draw a folder of variants, once for each number of families."""
    folder = (HOME.parent / f"variants-{FAMILIES}").absolute()
    if not (folder / TRUTH).is_file():
        lay_out(folder, FAMILIES)
    return folder


def part_of(folder: Path, truth: Truth) -> tuple[Path, Truth]:
    """Copy some families of either parity, and the cards, into a folder of their own."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in truth.files:
        groups[truth.families.of(name)].append(name)
    numbered = [
        first for first, names in groups.items() if len(names) > 1 and NUMBERED.search(first)
    ]
    order = sorted(numbered, key=lambda first: sha256(first.encode()).digest())
    chosen = [
        first
        for parity in (0, 1)
        for first in [one for one in order if number_of(truth, one) % 2 == parity][: FAMILIES // 2]
    ]
    cards = [first for first in groups if "/card_" in first]
    kept = [name for first in (*chosen, *cards) for name in groups[first]]
    part = (HOME.parent / f"variants-part-{FAMILIES}").absolute()
    shutil.rmtree(part, ignore_errors=True)
    for name in kept:
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, part / name)
    return part, only(truth, kept)


def only(truth: Truth, names: Iterable[str]) -> Truth:
    """Leave of a truth what it says of some files; families stay together."""
    kept = set(names)
    pairs = {pair: class_ for pair, class_ in truth.pairs.items() if kept.issuperset(pair)}
    return Truth(pairs, Groups({name: truth.families.of(name) for name in kept}))


def asked(folder: Path, truth: Truth) -> tuple[Verdicts, dict[str, Any]]:
    """Let a catalogue work a folder off; return what it proposes, and how that went."""
    with catalogue_over(folder, HOME) as catalogue:
        started = time.perf_counter()
        catalogue.register()
        done = catalogue.work_off()
        seconds = time.perf_counter() - started
        names = catalogue.assets()
        likenesses = dict(proposed(catalogue, names))
        told = {
            "seconds": round(seconds, 1),
            "rows": done,
            "jobs_lost": catalogue.lost(),
            "proposed": dict(Counter(one["proposed_class"] for one in likenesses.values())),
            "not_registered": len(set(truth.files) - set(names.values())),
        }
    RESULTS.mkdir(parents=True, exist_ok=True)
    with (RESULTS / "duplicates-likenesses.ndjson").open("w", encoding="utf-8") as file:
        for pair, one in sorted(likenesses.items()):
            file.write(json.dumps({"pair": pair, **one}, ensure_ascii=False) + "\n")
    return {pair: in_words_of_truth(pair, one) for pair, one in likenesses.items()}, told


def proposed(catalogue: Running, names: Mapping[str, str]) -> Iterator[tuple[Pair, dict[str, Any]]]:
    """Yield the newest likeness of each pair, whichever side it is asked from."""
    seen: set[str] = set()
    newest: set[Pair] = set()
    for asset_id, likeness in catalogue.likenesses(list(names)):
        pair = in_order(names[asset_id], names[likeness["other_asset_id"]])
        if likeness["id"] not in seen and pair not in newest:
            newest.add(pair)
            yield pair, likeness
        seen.add(likeness["id"])


def in_words_of_truth(pair: Pair, likeness: Mapping[str, Any]) -> str:
    """Say a proposed class in the words of the truth; `match`: found, and no word fits."""
    class_ = likeness["proposed_class"]
    measured = (likeness["measurement"] or {}).get("measured") or {}
    if class_ == "unrelated":
        return "none"
    if class_ == "undetermined" and is_turned(measured):
        return "rotated"
    if class_ == "derivative_converted":
        same = len({kind_of(name) for name in pair}) == 1
        return "derivative_recompress" if same else "derivative_format"
    if class_ == "tonal_variant":
        return "exposure_variant" if mapping_in(likeness) == "exposure" else "colour_variant"
    return {
        "exact_bytes": "identical_bytes",
        "identical_image_data": "identical_pixels",
        "derivative_reduced": "derivative_resize",
        "crop": "crop",
        "retouched_or_composite": "overlay",
        "sequence": "sequence",
    }.get(class_, "match")


def kind_of(name: str) -> str:
    """Return the format that a name states."""
    suffix = name.rpartition(".")[2].lower()
    return {"jpeg": "jpg", "jpe": "jpg", "tiff": "tif"}.get(suffix, suffix)


def is_turned(measured: Mapping[str, Any]) -> bool:
    """Tell whether one side is a turned, mirrored or straightened form of the other."""
    turned_by = abs(float(measured.get("rotation_degrees", 0.0)))
    return bool(measured.get("form", 0)) or turned_by > STRAIGHT


def mapping_in(likeness: Mapping[str, Any]) -> str | None:
    """Return what the product says that the change of tone does."""
    reasons = likeness["evidence"]["reasons"]
    return next((one["kind"] for one in reasons if one["code"] == "mapping"), None)


def halves(truth: Truth) -> Iterator[tuple[str, Truth]]:
    """Yield everything, then the families of even and of odd numbers."""
    yield "all", truth
    for name, parity in (("even", 0), ("odd", 1)):
        yield name, only(truth, [one for one in truth.files if number_of(truth, one) % 2 == parity])


def number_of(truth: Truth, name: str) -> int:
    """Return the number of a file's family; one without a number has one by its name."""
    first = truth.families.of(name)
    found = NUMBERED.search(first)
    return int(found[1]) if found else sha256(first.encode()).digest()[0]


def within(truth: Truth, pair: Pair) -> bool:
    """Tell whether a truth knows both files."""
    return all(name in truth.families.above for name in pair)


def scored(name: str, truth: Truth, said: Verdicts) -> dict[str, Any]:
    """Score one half, by the corpus' own script where there is one."""
    ours = score(truth, said)
    corpus = given("CORPUS")
    if corpus is None:
        return ours | {"scorer": "bench/scoring.py"}
    files = [RESULTS / f"duplicates-{what}-{name}" for what in ("truth", "result", "score")]
    for path, rows in zip(files, (truth.pairs, said), strict=False):
        with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(("file_a", "file_b", "class"))
            lines.writerows((*pair, class_) for pair, class_ in sorted(rows.items()))
    script, out = corpus / "score_duplicates.py", files[2].with_suffix(".json")
    given_files = [str(path.with_suffix(".csv")) for path in files[:2]]
    done = subprocess.run(  # noqa: S603 - the corpus' own script
        [sys.executable, str(script), *given_files, "--json", str(out), "--errors", "40"],
        capture_output=True,
        text=True,
        check=True,
    )
    sys.stderr.write(f"--- {name}\n{done.stdout}\n")
    theirs: dict[str, Any] = json.loads(out.read_text("utf-8"))
    differing = {key for key in ("harm", "cross_family") if ours[key] != theirs[key]}
    return theirs | {"scorer": script.name, "own_scorer_differs_in": sorted(differing)}


def claims_of(
    name: str, truth: Truth, scores: Mapping[str, Any], told: Mapping[str, Any]
) -> list[Claim]:
    """Hold one half against the bars."""
    n = len(truth.pairs)
    claims = [none_of(f"A3 {name}: pairs to keep called deletable", scores["harm"], n, told)]
    for class_ in DERIVATIVES:
        claims.append(at_least(f"A4 {name}: {class_} found", *found_of(scores, [class_]), 0.99))
    found = {one: dict(counted) for one, counted in scores["per_class"].items()}
    right, of_found = right_of(scores, CALLED)
    more = {"per_class": found, "scorer": scores["scorer"]}
    claims.append(at_least(f"A5 {name}: rightly called of the found", right, of_found, 0.9, more))
    for class_ in PARTIAL:
        claims.append(at_least(f"A6 {name}: {class_} found", *found_of(scores, [class_]), 0.85))
    unrelated = truth.unrelated_pairs()
    false = scores["cross_family"] * 1e6 / max(1, unrelated)
    claims.append(
        Claim(f"A7 {name}: false candidates per million", false, 1, false, 1, false <= 1, unrelated)
    )
    cards = scores["per_class"].get(ALIKE, {"n": 0, "confusion": {}})
    confused = sum(n for class_, n in cards["confusion"].items() if class_ in SAFE)
    said = {"called": cards["confusion"]}
    return [*claims, none_of(f"A7 {name}: cards called deletable", confused, cards["n"], said)]


def at_least(
    name: str, share: float, n: int, bar: float, more: Mapping[str, Any] | None = None
) -> Claim:
    """Claim a share of everything."""
    return Claim(name, share, 1.0, share, bar, share >= bar, n, more or {})


def none_of(name: str, count: int, n: int, more: Mapping[str, Any]) -> Claim:
    """Claim that there is none."""
    return Claim(name, count, n, float(count), 0, count == 0, n, more)


if __name__ == "__main__":
    main()
