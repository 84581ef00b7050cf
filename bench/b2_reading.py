"""B2: readings stored a second, full depth, isolated, against bare ExifTool on the same files."""

import cProfile
import os
import pstats
import shutil
import sys
import time
from itertools import count
from pathlib import Path

import exiftool  # type: ignore[import-untyped]
from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import picture, register_files
from seeding import seeded

from app.kit.connecting import Addresses
from app.kit.db import Database
from app.kit.jobs import bind
from app.readings.exiftool import ARGUMENTS, environment, find_tool
from app.readings.tasks import read_files

HOME = Path("build/bench/reading")
MANY, ROUNDS = (500, 7) if FULL else (100, 5)
STORE, BATCH = "bench-three", 20
NUMBERS = count(time.time_ns())
IMAGES = os.environ.get("IMAGES")  # noqa: TID251 - the bench is no part of the product


def main() -> None:
    """Measure and print the claim."""
    home = HOME.absolute()
    with seeded(home, 7) as found:
        folder = home / "sources" / STORE
        files = originals(home)
        on = machine()
        ours, bare = alternating(
            ROUNDS + 1, lambda: ours_once(found, folder, files), lambda: bare_once(home, files)
        )
        if "--profile" in sys.argv:
            profile = cProfile.Profile()
            profile.runcall(ours_once, found, folder, files)
            pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(25)
    rates = middle(ours[1:]), middle(bare[1:])
    ratio = rates[0] / rates[1]
    more = {"files": "own" if IMAGES else "drawn", "rounds": [ours[1:], bare[1:]]}
    name = "B2 readings stored, 1/s"
    say([Claim(name, *rates, ratio, 0.9, ratio >= 0.9, len(files), more)], on)


def originals(home: Path) -> list[Path]:
    """Return the files to read: one's own, or pictures drawn here."""
    if IMAGES:
        found = sorted(path for path in Path(IMAGES).rglob("*") if path.is_file())
        return found[:: max(1, len(found) // MANY)][:MANY]
    folder = home / "originals"
    folder.mkdir(exist_ok=True)
    for number in range(MANY):
        path = folder / f"{number}.jpg"
        if not path.exists():
            path.write_bytes(picture(number, (1600, 1200)))
    return sorted(folder.iterdir())


def ours_once(found: Addresses, folder: Path, files: list[Path]) -> float:
    """Register copies of the files and let the product's own task read them: readings a second."""
    api, worker = Database(found.api, pool_size=2), Database(found.worker, pool_size=4)
    bind(worker)
    names = [f"{next(NUMBERS)}{path.suffix}" for path in files]
    for name, path in zip(names, files, strict=True):
        shutil.copyfile(path, folder / name)
    ids = [
        one
        for at in range(0, len(names), 500)
        for one in register_files(api, STORE, names[at : at + 500])
    ]
    started = time.perf_counter()
    read_files(ids)
    took = time.perf_counter() - started
    for database in (api, worker):
        database.close()
    return len(ids) / took


def bare_once(home: Path, files: list[Path]) -> float:
    """Read the same files by one `-stay_open` process, twenty a command: answers a second."""
    before = dict(os.environ)  # noqa: TID251
    os.environ |= environment(home) | {"PERL5OPT": ""}  # noqa: TID251 - none of our modules
    try:
        return asked_bare(files)
    finally:
        os.environ.clear()  # noqa: TID251
        os.environ |= before  # noqa: TID251


def asked_bare(files: list[Path]) -> float:
    """Ask one process for all files."""
    script = str(find_tool(None))
    common = list(ARGUMENTS)
    with exiftool.ExifTool(script, common_args=common, config_file="", encoding="utf-8") as tool:
        tool.execute(str(files[0]), raw_bytes=True)  # both sides are warm
        started = time.perf_counter()
        for at in range(0, len(files), BATCH):
            tool.execute(*map(str, files[at : at + BATCH]), raw_bytes=True)
        return len(files) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
