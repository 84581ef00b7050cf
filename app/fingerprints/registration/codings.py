"""Which of two JPEG files was coded from the other: coding once more leaves the first one's steps.

A JPEG's coefficients are whole multiples of its table's steps. A copy coded with other steps, or on
other blocks because it was turned, still shows the steps of what it was made of (double
quantisation: Lukas and Fridrich, 2003); the first file knows nothing of the copy's.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from app.fingerprints.seeing.facts import orientation_of
from app.fingerprints.seeing.picture import UPRIGHT, Undecodable, within
from app.fingerprints.shown import TooLarge, opened

Numbers = npt.NDArray[Any]
EIGHT = 8
MOST_BLOCKS = 16_384  # looked at, evenly over the picture
FINEST = 3  # steps: rounding to whole samples hides finer ones
SAFE = 1.2  # levels from a step's multiple: farther, samples were clipped
COARSE = 5  # steps that survive another coding on other blocks
HIGHEST = 24  # steps: larger coefficients are rare
TIED = 0.1  # steps: so near to the middle, rounding may go either way
FEWEST = 30  # coefficients at one frequency
SHORT, LONG = 0.5, 6.5  # steps: nought tells nothing, and what is rare tells little
NOISE = 3.0  # squared levels, of an ordinary second coding
ELSEWHERE = ((4, 3), (2, 5), (5, 2), (3, 6), (6, 4))  # where no block begins: what chance gives
_WAVES = np.arange(EIGHT)
DCT = np.sqrt(2 / EIGHT) * np.cos((2 * _WAVES[None] + 1) * _WAVES[:, None] * np.pi / (2 * EIGHT))
DCT[0] = np.sqrt(1 / EIGHT)


@dataclass(frozen=True, slots=True)
class Coded:
    """A JPEG's luma, upright, where its blocks begin there, and the steps of its coefficients."""

    luma: Numbers  # H x W, 0 to 255
    begins: tuple[int, int]  # down, across; 0 to 7
    steps: Numbers  # 8 x 8


def coded(file: BinaryIO) -> Coded | None:
    """Read how a file is coded; None: it is no JPEG of luma and chroma, or cannot be decoded.

    Raises:
        MemoryError: it needs more than this process may have.
    """
    with suppress(TooLarge, Undecodable):
        return within(lambda: _coded(file))
    return None


def _coded(file: BinaryIO) -> Coded | None:
    with opened(file) as image:
        if image.format not in ("JPEG", "MPO") or image.mode not in ("L", "RGB"):
            return None
        orientation = orientation_of(image)
        table = image.quantization[image.layer[0][3]]  # type: ignore[attr-defined]
        steps = np.array(table, float).reshape(EIGHT, EIGHT)
        image.draft("L", image.size)
        luma = np.asarray(image.convert("L"))
    first = np.zeros(luma.shape, np.uint8)
    first[0, 0] = 1
    if orientation in UPRIGHT:
        luma, first = (UPRIGHT[orientation](stored) for stored in (luma, first))
    down, across = np.argwhere(first)[0]
    begins = (luma.shape[0] % EIGHT if down else 0, luma.shape[1] % EIGHT if across else 0)
    return Coded(luma, begins, steps.T if orientation > 4 else steps)


def codings(one: Coded, other: Coded) -> dict[str, Any]:
    """Compare how two files of one picture, equal in size, are coded.

    Returns:
        For `one` and `other` what it shows of the opposite side's steps. Where blocks lie on blocks
        (`grid` one), the shares of its coefficients that do not follow from the opposite side's:
        `missed`, where its own steps are coarser (of so many: `followed`), and `strayed`, where
        they are finer (`compared`); there too, how many values it has that those steps never give
        (`between`), as a share of as many as the values around lead to expect (`expected`). Else
        (`grid` two): how far its coefficients gather at those steps (`shown`, 1 at most), and how
        far by `chance`, of so many (`compared`).
    """
    if one.begins == other.begins:
        mine, theirs = (_whole(each) for each in (one, other))
        return {"grid": "one", "one": _led(mine, theirs), "other": _led(theirs, mine)}
    return {"grid": "two", "one": _shown(one, other), "other": _shown(other, one)}


@dataclass(frozen=True, slots=True)
class _Whole:
    """Coefficients as their file counts them, in steps; where that is certain."""

    counts: Numbers  # N x 8 x 8
    sure: npt.NDArray[np.bool_]
    steps: Numbers


def _whole(side: Coded) -> _Whole:
    levels = _coefficients(side.luma, side.begins)
    counts = np.rint(levels / side.steps)
    return _Whole(counts, np.abs(levels - counts * side.steps) < SAFE, side.steps)


def _led(side: _Whole, first: _Whole) -> dict[str, Any]:
    """Say how a side's coefficients would follow from those of a first file."""
    missed = followed = strayed = compared = between = 0
    expected = 0.0
    for u, v in np.argwhere(np.minimum(side.steps, first.steps) >= FINEST):
        sure = side.sure[:, u, v] & first.sure[:, u, v]
        counts = side.counts[sure, u, v]
        ratio = float(first.steps[u, v] / side.steps[u, v])
        if u + v == 0 or ratio == 1:
            continue
        of_first = first.counts[sure, u, v]
        some = (counts != 0) | (of_first != 0)  # nought follows from anything
        wrong = int((np.rint(of_first * ratio) != counts)[some].sum())
        if ratio < 1:
            followed, missed = followed + int(some.sum()), missed + wrong
        else:
            compared, strayed = compared + int(some.sum()), strayed + wrong
            seen, wanted = _between(counts, ratio)
            between, expected = between + seen, expected + wanted
    return {
        "followed": followed,
        "missed": round(missed / max(followed, 1), 4),
        "compared": compared,
        "strayed": round(strayed / max(compared, 1), 4),
        "expected": round(expected),
        "between": round(between / max(expected, 1.0), 4),
    }


def _between(counts: Numbers, ratio: float) -> tuple[int, float]:
    """Count values that coarser steps never give, and as many as those around lead to expect."""
    steps = np.arange(HIGHEST + 1) * ratio
    given = np.unique(np.concatenate([np.rint(steps - TIED), np.rint(steps + TIED)])).astype(int)
    given = given[(given > 0) & (given <= HIGHEST)]
    found = np.bincount(
        np.abs(counts[np.abs(counts) <= HIGHEST]).astype(int), minlength=HIGHEST + 1
    )
    if len(given) < 2:
        return 0, 0.0
    never = np.setdiff1d(np.arange(given[0], given[-1]), given)
    # Coefficients fall off about exponentially.
    wanted = np.exp(np.interp(never, given, np.log(found[given] + 0.5)))
    return int(found[never].sum()), float(wanted.sum())


def _shown(side: Coded, opposite: Coded) -> dict[str, Any]:
    """Say how a side's coefficients gather at the opposite one's steps, where its blocks lay."""
    down, across = opposite.begins
    there, compared = _gathered(side.luma, opposite.begins, opposite.steps)
    places = [((down + y) % EIGHT, (across + x) % EIGHT) for y, x in ELSEWHERE]
    chance = [
        _gathered(side.luma, each, opposite.steps)[0] for each in places if each != side.begins
    ]
    return {"shown": round(there, 4), "chance": round(max(chance), 4), "compared": compared}


def _gathered(luma: Numbers, begins: tuple[int, int], steps: Numbers) -> tuple[float, int]:
    found = np.abs(_coefficients(luma, begins))
    total = weights = 0.0
    compared = 0
    for u, v in np.argwhere(steps >= COARSE):
        step = steps[u, v]
        values = found[:, u, v] / step
        values = values[(values > SHORT) & (values < LONG)]
        if u + v == 0 or len(values) < FEWEST:
            continue
        weight = float(np.exp(-2 * np.pi**2 * NOISE / step**2))
        total += weight * float(np.cos(2 * np.pi * values).sum())
        weights += weight * len(values)
        compared += len(values)
    return total / max(weights, 1e-6), compared


def _coefficients(luma: Numbers, begins: tuple[int, int]) -> Numbers:
    """Return the DCT of whole blocks, N x 8 x 8, in levels."""
    part = luma[begins[0] :, begins[1] :]
    rows, columns = part.shape[0] // EIGHT, part.shape[1] // EIGHT
    part = part[: rows * EIGHT, : columns * EIGHT].reshape(rows, EIGHT, columns, EIGHT)
    step = max(1, -(-rows * columns // MOST_BLOCKS))
    blocks = part[::step].transpose(0, 2, 1, 3).reshape(-1, EIGHT, EIGHT)
    moved = blocks.astype(np.float32) - np.float32(128)
    found: Numbers = DCT.astype(np.float32) @ moved @ DCT.T.astype(np.float32)
    return found
