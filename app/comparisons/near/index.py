"""All looks of a catalogue in memory, and which of them are near one that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.comparisons.near.growing import Growing
from app.comparisons.near.hashes import Hashes, HashIndex, Near, Rows
from app.comparisons.near.postings import WordIndex, Words
from app.fingerprints.seeing.turning import turned_words
from app.policies.rules.standard import Nomination

PHASH_BITS, PDQ_BITS, FORMS = 64, 256, 8
LOOK = np.dtype(
    [
        ("visual", "S16"),  # told for who reads the table; the index does not keep it
        ("fingerprint", "S16"),
        ("digest", "u8"),
        ("phash", "u8"),
        ("pdq", "u8", 4),
        ("quality", "u1"),
    ]
)
Looks = NDArray[np.void]  # of LOOK: what the index holds of each image, beside its words
ABSENT = -1


@dataclass(frozen=True)
class Asked:
    """What is asked about: the hashes of eight forms, the quality of PDQ (0 to 100), the words."""

    phashes: Hashes
    pdqs: Hashes
    quality: int
    words: Words

    @classmethod
    def of(
        cls, turned_phash: bytes, turned_pdq: bytes, quality: int, words: Sequence[int]
    ) -> "Asked":
        """Read the columns of a visual fingerprint."""
        return cls(
            np.frombuffer(turned_phash, np.uint64).reshape(FORMS, PHASH_BITS // 64),
            np.frombuffer(turned_pdq, np.uint64).reshape(FORMS, PDQ_BITS // 64),
            quality,
            np.array(words, np.int32),
        )


@dataclass(frozen=True)
class Candidates:
    """Rows that are near in some way, the strongest first; -1 where a way did not find them."""

    rows: Rows
    strength: NDArray[np.float32]  # 0 to 1
    phash: NDArray[np.int16]  # bits
    pdq: NDArray[np.int16]  # bits
    form: NDArray[np.int8]  # of the asked one, 0 to 7
    words: NDArray[np.int32]  # shared
    beyond: int  # found too, weaker than these, and not held

    def only(self, places: NDArray[np.intp]) -> "Candidates":
        """Return those at these places."""
        return Candidates(
            self.rows[places],
            self.strength[places],
            self.phash[places],
            self.pdq[places],
            self.form[places],
            self.words[places],
            self.beyond,
        )

    def by(self, at: int) -> dict[str, int]:
        """Say what found one of them."""
        told: dict[str, NDArray[Any]] = {
            "phash": self.phash,
            "pdq": self.pdq,
            "form": self.form,
            "words": self.words,
        }
        return {name: int(said[at]) for name, said in told.items() if said[at] != ABSENT}


class NearIndex:
    """Looks in the order in which they came; a row is a place in it."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._fingerprints = Growing("S16")
        self._digests = Growing("u8")
        self._qualities = Growing("u1")
        self._phashes = HashIndex(PHASH_BITS)
        self._pdqs = HashIndex(PDQ_BITS)
        self._words = WordIndex()

    def __len__(self) -> int:
        """Count the looks."""
        return len(self._fingerprints)

    @property
    def held_bytes(self) -> dict[str, int]:
        """Return what is held for hashes and for words."""
        parts = (self._fingerprints, self._digests, self._qualities, self._phashes, self._pdqs)
        hashes = sum(part.held_bytes for part in parts)
        return {"hashes": hashes, "words": self._words.held_bytes}

    def add(self, looks: Looks, words: Sequence[Words]) -> None:
        """Append looks with their words."""
        self._fingerprints.add(looks["fingerprint"])
        self._digests.add(looks["digest"])
        self._qualities.add(looks["quality"])
        self._phashes.add(looks["phash"].reshape(-1, 1))
        self._pdqs.add(looks["pdq"])
        self._words.add(words)

    def settle(self) -> None:
        """Sort in what is new once there is enough of it."""
        if self._phashes.due:
            self.merge()

    def merge(self) -> None:
        """Sort in what is new."""
        self._phashes.merge()
        self._pdqs.merge()

    def fingerprints_of(self, rows: Rows) -> list[bytes]:
        """Return the ids of these rows' fingerprints, 16 bytes each."""
        packed = self._fingerprints.rows[rows].tobytes()
        return [packed[at : at + 16] for at in range(0, len(packed), 16)]

    def digests_of(self, rows: Rows) -> NDArray[np.uint64]:
        """Return the first 64 bits of these rows' SHA-256: equal files are equal in them."""
        digests: NDArray[np.uint64] = self._digests.rows[rows]
        return digests

    def find(self, asked: Asked, rules: Nomination) -> Candidates:
        """Return every look that is near under these rules."""
        phash = self._phashes.find(asked.phashes, rules.phash_max_bits)
        pdq = self._near_by_pdq(asked, rules)
        words = self._words.find(turned_words(asked.words), rules.words_min_shared)
        rows = np.unique(np.concatenate([phash.rows, pdq.rows, words.rows]))
        told = {name: np.full(len(rows), ABSENT, kind) for name, kind in KINDS.items()}
        strength = np.zeros(len(rows), np.float32)
        for name, near, most in (
            ("phash", phash, rules.phash_max_bits),
            ("pdq", pdq, rules.pdq_max_bits),
        ):
            at = np.searchsorted(rows, near.rows)
            closeness = 1 - near.bits / np.float32(most + 1)
            told[name][at] = near.bits
            told["form"][at] = np.where(closeness > strength[at], near.forms, told["form"][at])
            strength[at] = np.maximum(strength[at], closeness)
        at = np.searchsorted(rows, words.rows)
        told["words"][at] = words.shared
        sharing = words.shared / np.float32(words.shared + rules.words_min_shared)
        told["form"][at] = np.where(sharing > strength[at], words.sides, told["form"][at])
        strength[at] = np.maximum(strength[at], sharing)
        every: dict[str, Any] = dict(told)
        found = Candidates(rows, strength, **every, beyond=phash.beyond + pdq.beyond)
        return found.only(np.lexsort((rows, -strength)))

    def _near_by_pdq(self, asked: Asked, rules: Nomination) -> Near:
        if asked.quality < rules.pdq_min_quality:
            return Near.nothing()
        near = self._pdqs.find(asked.pdqs, rules.pdq_max_bits)
        sure = self._qualities.rows[near.rows] >= rules.pdq_min_quality
        return Near(near.rows[sure], near.bits[sure], near.forms[sure], near.beyond)


KINDS = {"phash": "i2", "pdq": "i2", "form": "i1", "words": "i4"}
