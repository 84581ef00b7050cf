"""B3, B4, B5: everything a fingerprint has, against the parts of it that nobody can leave out.

One thread, one process, files in memory of the machine: read, SHA-256, digest of the image data,
one scaled decode, perceptual hashes with their turned forms, measure of low information.
"""

import atexit
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from subprocess import PIPE
from uuid import uuid4

import cv2
import imagehash
import numpy as np
from measuring import FULL, Claim, alternating, machine, middle, say
from PIL import Image

from app.fingerprints.anatomy.digests import image_data
from app.fingerprints.budget import Budgeted
from app.fingerprints.compute import fingerprint
from app.fingerprints.confined import FRUGAL
from app.fingerprints.seeing import looking
from app.fingerprints.seeing.child import again
from app.fingerprints.seeing.hashes import brought_to
from app.fingerprints.seeing.looking import look
from app.fingerprints.seeing.picture import GREY, scale_of
from app.fingerprints.seeing.picture import grey as decode_grey
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.seeing.words import words_of
from app.kit.clock import now
from app.readings.committed import CommittedReading

HOME = Path("build/bench/fingerprint")
SIZES = {"12": (4000, 3000), "24": (6000, 4000), "1.5": (1500, 1000)}
MANY, ROUNDS = (8, 11) if FULL else (2, 5)
BARS = {"12": ("B3", 0.9), "24": ("B3", 0.9), "1.5": ("B5", 0.85)}
GRAIN = 9  # levels: the files then have 0.35 bytes a pixel, as those of cameras have
COLOUR = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
READ = CommittedReading(uuid4(), uuid4(), now(), "token", 0)
LONG = float("inf")  # seconds
Work = Callable[[Path], object]


def main() -> None:
    """Measure and print the claims."""
    cv2.setNumThreads(1)
    looking.words_in = lambda pixels: []  # stated apart
    looking.warm()
    on = machine()
    claims: list[Claim] = []
    for megapixels, size in SIZES.items():
        files = photographs(megapixels, size)
        scale = scale_of(size, looking.LONGEST)
        works: dict[str, Work] = {
            "ours": ours,
            "limit": limit(GREY[scale]),
            "limit in colour": limit(COLOUR[scale]),
        }
        sides = {name: timed(work, files) for name, work in works.items()}
        sides |= {name: elsewhere(name, files[0]) for name in OBVIOUS}
        found = dict(zip(sides, alternating(ROUNDS + 1, *sides.values()), strict=True))
        took = {name: middle(seconds[1:]) for name, seconds in found.items()}
        more = {
            "milliseconds": {name: round(1000 * one, 2) for name, one in took.items()},
            "scale": f"1/{scale}",
            "bytes": sum(file.stat().st_size for file in files) // len(files),
            "apart": apart(files),
        } | {
            f"against {name}": round(took[name] / took["ours"], 3)
            for name in ("limit in colour", *OBVIOUS)
        }
        name, bar = BARS[megapixels]
        claims.append(claim(f"{name} fingerprint at {megapixels} MP", took, "limit", bar, more))
        if name == "B3":  # which B4 is "the same" as
            b4 = f"B4 the obvious way at {megapixels} MP"
            claims.append(claim(b4, took, "obvious way", 8.0, {}))
    say(claims, on)


def claim(
    name: str, took: dict[str, float], against: str, bar: float, more: dict[str, object]
) -> Claim:
    """Say how much longer the other side takes than ours, in images a second."""
    ratio = took[against] / took["ours"]
    rates = 1 / took["ours"], 1 / took[against]
    return Claim(f"{name}, 1/s", *rates, ratio, bar, ratio >= bar, MANY * ROUNDS, more)


def photographs(megapixels: str, size: tuple[int, int]) -> list[Path]:
    """Draw pictures with the spectrum and the grain of photographs, once: JPEG of quality 92."""
    HOME.mkdir(parents=True, exist_ok=True)
    files = [HOME / f"{megapixels}-{number}.jpg" for number in range(MANY)]
    for number, file in enumerate(files):
        if file.exists():
            continue
        chance = np.random.default_rng(number)
        drawn = np.zeros((size[1], size[0], 3), np.float32)
        for octave in range(9):
            grid = chance.random((3 << octave, 4 << octave, 3), np.float32) - 0.5
            cloud = np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC), np.float32)
            drawn += cloud * 255 / 1.6**octave
        drawn += chance.normal(0, GRAIN, (size[1], size[0], 1)).astype(np.float32)
        picture = Image.fromarray((drawn * 0.6 + 127).clip(0, 255).astype(np.uint8))
        picture.save(file, "JPEG", quality=92)
    return files


def timed(work: Work, files: list[Path]) -> Callable[[], float]:
    """Return how to measure the seconds an image takes."""

    def once() -> float:
        started = time.process_time()
        for file in files:
            work(file)
        return (time.process_time() - started) / len(files)

    return once


def ours(file: Path) -> object:
    """Do all that the product does with a file: the worker hashes it, the child looks at it."""
    with file.open("rb", buffering=0) as opened:
        size = os.fstat(opened.fileno()).st_size
        hashed = fingerprint(READ, Budgeted(opened, size + 1, LONG, LONG))
        with again(opened.fileno()) as beside:
            return hashed, look(beside).seen


def limit(flag: int) -> Work:
    """Read, SHA-256, a second digest, and the same scaled decode, with nothing made of it."""

    def work(file: Path) -> object:
        content = file.read_bytes()
        decoded = cv2.imdecode(
            np.frombuffer(content, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION
        )
        return hashlib.sha256(content).digest(), image_data(content), decoded

    return work


def obvious(file: Path) -> object:
    """Do what the libraries' own pages show."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return digest, imagehash.phash(Image.open(file)), imagehash.dhash(Image.open(file))


def opened_once(file: Path) -> object:
    """Do the same with a picture that both hashes have decoded in common."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with Image.open(file) as image:
        return digest, imagehash.phash(image), imagehash.dhash(image)


OBVIOUS: dict[str, Work] = {"obvious way": obvious, "obvious way, opened once": opened_once}


def elsewhere(name: str, file: Path) -> Callable[[], float]:
    """Return how to measure the seconds of one file in a process as anybody starts it."""
    plain = {key: value for key, value in os.environ.items() if key not in FRUGAL}  # noqa: TID251
    started = subprocess.Popen(  # noqa: S603 - this file
        [sys.executable, __file__, name], env=plain, stdin=PIPE, stdout=PIPE, text=True
    )
    atexit.register(started.kill)
    asked, answers = started.stdin, started.stdout

    def once() -> float:
        print(file, file=asked, flush=True)
        return float(answers.readline()) if answers else 0.0

    return once


def answer(name: str) -> None:
    """Say the seconds of each file that is named."""
    for line in sys.stdin:
        sys.stdout.write(f"{timed(OBVIOUS[name], [Path(line.strip())])()}\n")
        sys.stdout.flush()


def apart(files: list[Path]) -> dict[str, float]:
    """Return milliseconds of what is no part of the claim: words, and all samples on demand."""
    content = files[0].read_bytes()
    grey = decode_grey(BytesIO(content), looking.LONGEST).pixels
    found: dict[str, float] = {}
    work: dict[str, Callable[[], object]] = {
        "words": lambda: words_of(brought_to(grey, looking.LONGEST)),
        "digest of all samples": lambda: digest(BytesIO(content)),
    }
    for name, one in work.items():
        times = [timed(lambda _, do=one: do(), files[:1])() for _ in range(3)]  # type: ignore[misc]
        found[name] = round(1000 * middle(times), 1)
    return found


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in OBVIOUS:
        answer(sys.argv[1])
    elif FRUGAL.items() <= os.environ.items():  # noqa: TID251 - as the product starts its child
        main()
    else:
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | FRUGAL)  # noqa: S606, TID251
