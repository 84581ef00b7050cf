"""B7: a folder from registration to likenesses, against what a user would run one after the other.

The other side: ExifTool in one batch over the folder (its JSON thrown away), rdfind over it, and
czkawka's similar images, each at its defaults. rdfind comes from Debian (`apt-get install rdfind`).
czkawka itself is in no registry of packages; what is, is its matching core as a Python extension
(`pip install czkawka`), which is what runs here, in a process of its own and without a cache from
an earlier round. CZKAWKA=FILE names a Python that has it, if the bench's own does not. A tool that
is absent is said to be, and its time counts as nothing: the claim then does not hold, whatever the
ratio. IMAGES=DIR measures one's own folder instead of drawn photographs.

Ours begins when the first registration is sent, to a web process and a worker that have started,
and ends when no job is left. Both sides may use every core.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from catalogues import catalogue_over
from measuring import FULL, Claim, machine, middle, say, seconds_of, sized
from variants import derived, original, photograph, write

from app.readings.exiftool import find_tool

MANY, ROUNDS = sized(small=300, full=2_000), 3 if FULL else 2
SIZE = (1500, 1000)
COPIED = 6  # of so many photographs in a row, the last one's copies are there too
CZKAWKA = """
import sys
from czkawka import ImageSimilarity
finder = ImageSimilarity()
finder.set_directories([sys.argv[1]])
finder.set_similarity(10)
print(len(finder.find_similar()))
"""
Tool = Callable[[Path], list[str]]


def main() -> None:
    """Measure and print the claim."""
    home = Path("build/bench/pipeline").absolute()
    folder = images(home)
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    on = machine()
    ours: list[float] = []
    theirs: list[dict[str, float]] = []
    told: dict[str, Any] = {}
    for _ in range(ROUNDS):  # in turn, so that what disturbs the machine disturbs both
        seconds, told = once(folder, home)
        ours.append(seconds)
        theirs.append({name: timed(name, tool, folder) for name, tool in TOOLS.items()})
    absent = [name for name, words in TOOLS.items() if not present(words(folder))]
    for name in absent:
        sys.stderr.write(f"{name} is not on this machine: its time counts as nothing\n")
    rates = files / middle(ours), files / max(1e-9, middle([sum(one.values()) for one in theirs]))
    ratio = rates[0] / rates[1]
    more = {"seconds": ours, "theirs": theirs, "absent": absent, **told}
    holds = ratio >= 1.0 and not absent
    say([Claim("B7 whole pipeline, images/s", *rates, ratio, 1.0, holds, files, more)], on)


def images(home: Path) -> Path:
    """Return the folder to work off: one's own, or photographs drawn once."""
    own = os.environ.get("IMAGES")  # noqa: TID251 - the bench is no part of the product
    if own:
        return Path(own).resolve()
    folder = home.parent / f"pipeline-{MANY}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=made(home.parent)) as drawing:
            draw(Path(drawing))
            shutil.copytree(drawing, folder)
    return folder


def made(folder: Path) -> Path:
    """Return a folder that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def draw(folder: Path) -> None:
    """Draw so many files: most are single photographs, a sixth are made of others."""
    written = number = 0
    while written < MANY:
        stored = original(photograph(number, SIZE), number)
        write(folder, f"photographs/shelf-{number % 7}/IMG_{number:05d}.jpg", stored)
        written, number = written + 1, number + 1
        if number % COPIED == 0:
            every = [one for one in derived(stored, number) if one.suffix == "jpg"]
            one = every[number // COPIED * 5 % len(every)]
            write(folder, f"photographs/shelf-{(number + 3) % 7}/{number:05d}-x.jpg", one.data)
            written += 1


def once(folder: Path, home: Path) -> tuple[float, dict[str, Any]]:
    """Let an empty catalogue work the folder off: seconds, and what came of it."""
    with catalogue_over(folder, home / "catalogue") as catalogue:

        def whole() -> None:
            catalogue.register()
            catalogue.work_off()

        seconds = seconds_of(whole)
        return seconds, {"rows": catalogue.done(), "jobs_lost": catalogue.lost()}


def by_exiftool(folder: Path) -> list[str]:
    """Read everything that a file says of itself, as JSON."""
    return [
        "perl",
        str(find_tool(None)),
        "-config",
        "",
        "-json",
        "-G",
        "-struct",
        "-r",
        str(folder),
    ]


def by_rdfind(folder: Path) -> list[str]:
    """Find equal files; nothing is changed."""
    return ["rdfind", "-dryrun", "true", "-outputname", os.devnull, str(folder)]


def by_czkawka(folder: Path) -> list[str]:
    """Find similar images."""
    python = os.environ.get("CZKAWKA", sys.executable)  # noqa: TID251
    return [python, "-c", CZKAWKA, str(folder)]


TOOLS: dict[str, Tool] = {"exiftool": by_exiftool, "rdfind": by_rdfind, "czkawka": by_czkawka}


def present(words: Sequence[str]) -> bool:
    """Tell whether a tool can be run here."""
    if CZKAWKA in words:
        probe = [words[0], "-c", "import czkawka"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0  # noqa: S603
    return shutil.which(words[0]) is not None


def timed(name: str, tool: Tool, folder: Path) -> float:
    """Run a tool over the folder and return its seconds; 0 where it is absent."""
    words = tool(folder)
    if not present(words):
        return 0.0
    with tempfile.TemporaryDirectory() as home:  # czkawka keeps hashes where the user lives
        around = {"PATH": os.defpath + ":/usr/local/bin", "HOME": home, "XDG_CACHE_HOME": home}

        def run() -> None:
            done = subprocess.run(  # noqa: S603 - the tools that are compared with
                words, env=around, cwd=home, capture_output=True, check=False
            )
            if done.returncode > 1:
                raise RuntimeError(f"{name}: {done.stderr[-500:]!r}")

        return seconds_of(run)


if __name__ == "__main__":
    main()
