"""A reading is a function of bytes and extractor: shuffled, spread, renamed, elsewhere, the same.

    PYTHONPATH=tests python tests/drills/shuffles.py [--shuffles 20] [--files 0] > shuffles.json

Reads a corpus (the one beside the repository, or what CATALOGUE_CORPUS names; without one, pictures
and attacks drawn in code) in so many orders, each by one, two and four workers, each pass in other
surroundings: locale, time zone, folder, umask, environment, file names. Prints one JSON object;
ends with 1 when any reading ever differed.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any

from hostile.all_attacks import small
from images import draw

from app.readings.extractor import Extractor

CORPUS = Path(
    os.environ.get("CATALOGUE_CORPUS", Path(__file__).parents[2] / "../shared/corpus")  # noqa: TID251
).resolve()
WORKERS = (1, 2, 4)
BATCH = 20
# Each gives up after a wall time that depends on what else the machine does.
TIMED = {"timed_out"}
SURROUNDINGS: tuple[dict[str, str], ...] = (
    {"LC_ALL": "C", "TZ": "UTC"},
    {"LC_ALL": "zh_HK.Big5-HKSCS", "LANG": "zh_HK", "TZ": "Asia/Hong_Kong", "UMASK": "77"},
    {
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "America/St_Johns",
        "PERL5LIB": "/nowhere",
        "PERL_UNICODE": "SDA",
    },
    {"LC_ALL": "de_DE.ISO-8859-1", "TZ": "Pacific/Kiritimati", "EXIFTOOL_HOME": "/", "UMASK": "0"},
    {"LANGUAGE": "zh_CN", "TZ": "Antarctica/Troll", "PYTHONHASHSEED": "7", "COLUMNS": "1"},
)


def read() -> None:
    """Read the files of the input, and say of each what its reading hashes to."""
    paths = [line.rstrip("\n") for line in sys.stdin]
    with Extractor() as extractor:
        for start in range(0, len(paths), BATCH):
            few = [os.open(path, os.O_RDONLY) for path in paths[start : start + BATCH]]
            for found in extractor.read(few):
                said = asdict(found)
                digest = hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()
                print(json.dumps([digest, found.reason]), flush=True)  # noqa: T201
            for descriptor in few:
                os.close(descriptor)


def one_pass(
    paths: Sequence[Path], seed: int, workers: int, folder: Path
) -> dict[Path, tuple[str, str | None]]:
    """Read all files once, in an order, by so many workers, under names of this pass."""
    order = random.Random(seed).sample(paths, len(paths))  # noqa: S311 - no secret
    surroundings = dict(SURROUNDINGS[seed % len(SURROUNDINGS)])
    mask = int(surroundings.pop("UMASK", "22"), 8)
    with tempfile.TemporaryDirectory(dir=folder) as cwd:
        named: dict[Path, Path] = {}
        for number, path in enumerate(order):
            named[path] = Path(cwd) / f"{seed}-{number} 圖\t-if.tmp"
            named[path].symlink_to(path)
        started = [
            subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, __file__, "--read"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=cwd,
                umask=mask,
                env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)} | surroundings,
            )
            for _ in range(workers)
        ]
        return gathered(started, order, workers, named)


def gathered(
    started: Sequence[subprocess.Popen[str]],
    order: Sequence[Path],
    workers: int,
    named: dict[Path, Path],
) -> dict[Path, tuple[str, str | None]]:
    """Deal the files out to the workers and take in what they say."""
    found: dict[Path, tuple[str, str | None]] = {}
    parts = [order[at::workers] for at in range(workers)]
    for process, part in zip(started, parts, strict=True):
        assert process.stdin is not None
        process.stdin.write("".join(f"{named[path]}\n" for path in part))
        process.stdin.close()
    for process, part in zip(started, parts, strict=True):
        assert process.stdout is not None
        answers = [json.loads(line) for line in process.stdout]
        process.stdout.close()
        if process.wait() or len(answers) != len(part):
            message = f"a worker ended with {process.returncode} after {len(answers)} files"
            raise RuntimeError(message)
        found |= {path: (one[0], one[1]) for path, one in zip(part, answers, strict=True)}
    return found


def drill(paths: Sequence[Path], shuffles: int, workers: Sequence[int] = WORKERS) -> dict[str, Any]:
    """Read everything in every order and count what differed."""
    began = monotonic()
    seen: dict[Path, set[str]] = {}
    timed: set[Path] = set()
    with tempfile.TemporaryDirectory() as folder:
        for seed, count in product(range(shuffles), workers):
            for path, (digest, reason) in one_pass(paths, seed, count, Path(folder)).items():
                seen.setdefault(path, set()).add(digest)
                if reason in TIMED:
                    timed.add(path)
    different = sorted(path.name for path, digests in seen.items() if len(digests) > 1)
    of_time = {path.name for path in timed}
    return {
        "name": "shuffles",
        "files": len(paths),
        "shuffles": shuffles,
        "workers": list(workers),
        "readings": len(paths) * shuffles * len(workers),
        "different": [name for name in different if name not in of_time],
        "stopped_by_the_clock": sorted(of_time),
        "seconds": round(monotonic() - began, 1),
    }


def files(folder: Path, most: int) -> list[Path]:
    """Return the corpus, or what is drawn in its place."""
    if CORPUS.is_dir():
        found = sorted(path for path in CORPUS.rglob("*") if path.is_file())
        return random.Random(0).sample(found, most) if most else found  # noqa: S311
    return drawn(folder, most or 400)


def drawn(folder: Path, most: int) -> list[Path]:
    """Draw pictures and attacks, half of each."""
    for number in range(most // 2):
        told = {"description": f"第 {number} 號電車", "taken": "2014:05:02 10:11:12"}
        (folder / f"{number}.jpg").write_bytes(draw(number, told))
    for (name, content), _ in zip(small(), range(most - most // 2), strict=False):
        (folder / name).write_bytes(content)
    return sorted(folder.iterdir())


def main() -> None:
    """Run as a worker, or as what compares them."""
    options = ArgumentParser()
    options.add_argument("--read", action="store_true")
    options.add_argument("--shuffles", type=int, default=20)
    options.add_argument("--files", type=int, default=0, help="so many of them; 0: all")
    said = options.parse_args()
    if said.read:
        read()
        return
    with tempfile.TemporaryDirectory() as folder:
        found = drill(files(Path(folder), said.files), said.shuffles)
    print(json.dumps(found, indent=2, ensure_ascii=False))  # noqa: T201
    sys.exit(bool(found["different"]))


if __name__ == "__main__":
    main()
