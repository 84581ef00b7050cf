"""B6: near search beside a flat scan by FAISS, its recall, and what one more asset costs in it.

`faiss-cpu` is wanted for the bench alone; where it is absent a flat scan in numpy stands in for it
and the claim says so. The hashes are drawn: two thirds by chance, one third in clusters.
"""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from measuring import FULL, Claim, alternating, machine, middle, say, seconds_of, sized
from numpy.typing import NDArray

from app.comparisons.near.hashes import FEWEST_NEW, NEW_PER_ROWS, HashIndex
from app.comparisons.near.index import LOOK, Asked, NearIndex
from app.comparisons.near.postings import WordIndex
from app.fingerprints.seeing.turning import turned_words
from app.policies.rules.standard import Nomination

try:
    import faiss  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    faiss = None

Hashes = NDArray[np.uint64]
OWN = sized(small=1_000_000, full=10_000_000)
SIZES = (1_000_000, OWN) if FULL else (OWN,)
WORDS_AT = min(OWN, 1_000_000)
RULES = Nomination(phash_max_bits=10, pdq_max_bits=31, pdq_min_quality=50)
ASKED, BATCH, ROUNDS = 200, 500, 7
CLUSTER = 40  # members, each some bits from its centre
STANDARD = {64: 10, 256: 31}
CHANCE = np.random.default_rng(6)


@dataclass(frozen=True)
class Scan:
    """A flat scan: which rows lie within a radius, and what made it."""

    name: str
    near: Callable[[Hashes, int], set[int]]


def main() -> None:
    """Measure and print the claims."""
    on = machine()
    for size in SIZES:
        say(of_hashes(size), on)
        say([of_assets(size)], on)
        gc.collect()
    say([of_words(WORDS_AT)], on)


def drawn(count: int, bits: int) -> Hashes:
    """Draw hashes; every third lies about the radius or nearer around one of the centres."""
    hashes = CHANCE.integers(0, 2**64, (count, bits // 64), dtype=np.uint64)
    members = np.arange(0, count, 3)
    centres = hashes[members - members % (3 * CLUSTER)]
    hashes[members] = moved(centres, CHANCE.integers(0, 2 * STANDARD[bits], len(members)))
    return hashes


def moved(hashes: Hashes, flips: NDArray[np.int64]) -> Hashes:
    """Return hashes of which so many bits, or by chance fewer, are flipped."""
    hashes = hashes.copy()
    for flip in range(int(flips.max(initial=0))):
        rows = np.flatnonzero(flips > flip)
        bits = CHANCE.integers(0, 64 * hashes.shape[1], len(rows))
        hashes[rows, bits // 64] ^= np.uint64(1) << (bits % 64).astype(np.uint64)
    return hashes


def flat(hashes: Hashes) -> Scan:
    """Return the flat scan that we compare with, on one thread."""
    if faiss is None:
        return Scan("numpy", lambda asked, radius: in_numpy(hashes, asked, radius))
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(64 * hashes.shape[1])
    index.add(hashes.view(np.uint8))

    def near(asked: Hashes, radius: int) -> set[int]:
        _, _, rows = index.range_search(asked.view(np.uint8).reshape(1, -1), radius + 1)
        return set(rows.tolist())

    return Scan(f"faiss {faiss.__version__}", near)


def in_numpy(hashes: Hashes, asked: Hashes, radius: int) -> set[int]:
    """Scan without FAISS."""
    bits = np.zeros(len(hashes), np.int16)
    for word in range(hashes.shape[1]):
        bits += np.bitwise_count(hashes[:, word] ^ asked[0, word])
    return set(np.flatnonzero(bits <= radius).tolist())


def entered(index: HashIndex, hashes: Hashes) -> None:
    """Let an index hold these hashes, sorted."""
    index.add(hashes)
    index.merge()


def of_hashes(size: int) -> list[Claim]:
    """Ask for one form of one hash, as the flat scan does: p50 of each, and the recall."""
    claims = []
    for bits, radius in STANDARD.items():
        hashes, index = drawn(size, bits), HashIndex(bits)
        built = seconds_of(partial(entered, index, hashes))
        scan = flat(hashes)
        planted = CHANCE.integers(0, size, ASKED)
        asked = moved(hashes[planted], CHANCE.integers(0, radius + 1, ASKED))
        ours, theirs, wrong, met = [], [], 0, 0
        for one in asked[:, None]:
            started = time.perf_counter()
            found = set(index.find(one, radius).rows.tolist())
            between = time.perf_counter()
            wanted = scan.near(one, radius)
            theirs.append(time.perf_counter() - between)
            ours.append(between - started)
            met += len(wanted)
            wrong += len(found ^ wanted)
        ratio = middle(ours) / middle(theirs)
        more: dict[str, Any] = {
            "beside": scan.name,
            "within_radius": met,
            "missed_or_invented": wrong,
            "built_seconds": round(built, 1),
            "bytes_a_row": round(index.held_bytes / size, 1),
        }
        name = f"B6 within {radius} of {bits} bits, ms p50"
        holds = ratio <= 10 and not wrong
        pair = middle(ours) * 1000, middle(theirs) * 1000
        claims.append(Claim(name, *pair, ratio, 10, holds, size, more))
    return claims


def some_looks(count: int) -> NDArray[np.void]:
    """Draw what the index holds of so many images, beside their words."""
    looks = np.zeros(count, LOOK)
    looks["phash"], looks["pdq"], looks["quality"] = drawn(count, 64)[:, 0], drawn(count, 256), 90
    return looks


def filled(size: int) -> NearIndex:
    """Return an index of so many images without words."""
    index = NearIndex()
    looks = some_looks(size)
    for first in range(0, size, 100_000):
        some = looks[first : first + 100_000]
        index.add(some, [np.empty(0, np.int32)] * len(some))
    index.settle()
    return index


def of_assets(size: int) -> Claim:
    """Ask for all eight forms by both hashes and take the asset in, as an import does."""
    index = filled(size)
    candidates = 0

    def batch() -> tuple[float, float]:
        nonlocal candidates
        new = some_looks(BATCH)
        forms = drawn(8 * BATCH, 64), drawn(8 * BATCH, 256)
        started, worked = time.perf_counter(), time.process_time()
        index.add(new, [np.empty(0, np.int32)] * BATCH)
        index.settle()
        for at in range(0, 8 * BATCH, 8):
            asked = Asked(forms[0][at : at + 8], forms[1][at : at + 8], 90, np.empty(0, np.int32))
            candidates += len(index.find(asked, RULES).rows)
        spent = time.process_time() - worked, time.perf_counter() - started
        return spent[0] * 1000 / BATCH, spent[1] * 1000 / BATCH

    [costs] = alternating(ROUNDS, batch)
    worked = time.process_time()
    index.merge()
    merge = time.process_time() - worked
    every = max(FEWEST_NEW, size // NEW_PER_ROWS)
    # Of the processor: what others do on the machine is not what an asset costs.
    cost = middle([cpu for cpu, _ in costs]) + merge * 1000 / every
    more = {
        "rounds": [[round(one, 2) for one in both] for both in costs],
        "merge_seconds": round(merge, 2),
        "merged_every": every,
        "bytes_an_asset": round(index.held_bytes["hashes"] / size, 1),
        "candidates_of_strangers_an_asset": candidates / (ROUNDS * BATCH),
        "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return Claim("B6 one more asset, CPU ms", cost, 20, cost / 20, 1, cost <= 20, size, more)


def of_words(size: int) -> Claim:
    """Share words: drawn ones, a tenth of them out of a few common ones; nobody else has four."""
    index = WordIndex()
    rounds = size // 10_000
    built = sum(seconds_of(partial(index.add, some_words(10_000))) for _ in range(rounds))
    mine = some_words(ASKED)
    costs, strangers = [], 0
    for one in mine:
        asked = turned_words(one)
        costs.append(seconds_of(partial(index.find, asked, RULES.words_min_shared)))
        strangers += len(index.find(asked, RULES.words_min_shared).rows)
    index.add([one[: RULES.words_min_shared * 2] for one in mine])
    found = [index.find(turned_words(one), RULES.words_min_shared).rows for one in mine]
    met = sum(size + at in rows for at, rows in enumerate(found))
    more = {
        "built_seconds": round(built, 1),
        "bytes_an_image": round(index.held_bytes / size, 1),
        "strangers_an_image": strangers / ASKED,
        "crops_met": f"{met} of {ASKED}",
    }
    cost = middle(costs) * 1000
    return Claim("B6 shared words, ms p50", cost, 20, cost / 20, 1, cost <= 20, size, more)


def some_words(count: int) -> list[NDArray[np.int32]]:
    """Draw 128 words an image, most by chance, some by how common they are in pictures."""
    words = CHANCE.integers(0, 1 << 24, (count, 128), dtype=np.int32)
    common = CHANCE.random((count, 128)) < 0.1
    words[common] = (CHANCE.pareto(0.5, int(common.sum())) * 50 % (1 << 24)).astype(np.int32)
    words.sort(axis=1)
    first = np.diff(words, axis=1, prepend=-1) > 0
    return [one[new] for one, new in zip(words, first, strict=True)]


if __name__ == "__main__":
    main()
