"""How likely a text is in each of several languages: letters by frequency, words by their shape.

A language here is a set of letters with weights, not a grammar. Scores are natural logarithms of
probabilities and may be added up; only differences between readings of the same bytes mean much.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from app.readings.charsets import bands, frequent

_NO_LETTER = -9.0
_ELSEWHERE, _HAN_ELSEWHERE, _CONTROL = -21.0, -18.0, -30.0  # of letters that a language has not
_TURNED_CASE, _GLUED_MARK = -4.0, -2.5
_ONE_WORD, _WORDS_MOST = 2.0, 8.0
_NOTICE = 10.0  # "© 2004 Name", as the Universal Copyright Convention has it
_IS_NOTICE = re.compile(r"^©|© ?(?:18|19|20)\d\d")
_ASCII_WEIGHTS = dict(
    zip(" etaoinsrhldcumfpgwybvkxjqz", range(40, 12, -1), strict=False)
) | dict.fromkeys("0123456789.,-'", 12)


@dataclass(frozen=True, slots=True)
class Shape:
    """How often a letter beyond ASCII follows: at the start, a letter, another sign, its like."""

    start: float
    after_letter: float
    after_sign: float
    after_like: float


_DENSE = Shape(0.85, 0.03, 0.35, 0.92)
_SPACED = Shape(0.85, 0.01, 0.70, 0.82)
_SPRINKLED = Shape(0.06, 0.06, 0.03, 0.05)


@dataclass(frozen=True, slots=True)
class Language:
    """Weights of the letters beyond ASCII and how they stand among others."""

    tag: str
    shape: Shape
    letters: dict[str, float]
    words: frozenset[str] = frozenset()  # little ones, by which neighbours are told apart

    def score(self, text: str) -> float:
        """Return the logarithm of how likely this text is in this language."""
        total, before = 0.0, ""
        for letter in text:
            chance = self._chance(before)
            if letter < "\x80":
                total += math.log(1 - chance) + _ascii(letter)
            else:
                total += math.log(chance) + self.weight(letter) + _shape_of_word(before, letter)
            before = letter
        return total + self._little_words(text) + (_NOTICE if _IS_NOTICE.search(text) else 0.0)

    def weight(self, letter: str) -> float:
        """Return the weight of one letter beyond ASCII."""
        return self.letters.get(letter) or _foreign(letter)

    def is_home_of(self, text: str) -> bool:
        """Tell whether every letter is one of the language's own, where it is written in Latin."""
        if self.tag not in frequent.LATIN:
            return True
        own = frequent.LATIN[self.tag][0]
        return all(one.lower() in own for one in text if one >= "\x80" and one.isalpha())

    def _little_words(self, text: str) -> float:
        if not self.words:
            return 0.0
        found = sum(word in self.words for word in text.lower().split())
        return min(_WORDS_MOST, _ONE_WORD * found)

    def _chance(self, before: str) -> float:
        if not before:
            return self.shape.start
        if before >= "\x80":
            return self.shape.after_like
        return self.shape.after_letter if before.isalpha() else self.shape.after_sign


def language(tag: str) -> Language:
    """Return the language of this tag."""
    return _language(tag)


@cache
def _language(tag: str) -> Language:
    if tag in frequent.LATIN:
        letters, words = frequent.LATIN[tag]
        return Language(tag, _SPRINKLED, _weighted(bands.latin(letters)), frozenset(words.split()))
    shape = _DENSE if tag in ("zh-Hans", "zh-Hant", "ja") else _SPACED
    return Language(tag, shape, _weighted(_BANDS[tag]()))


def _ascii(letter: str) -> float:
    if letter < " " and letter not in "\t\r\n":
        return _CONTROL
    weight = _ASCII_WEIGHTS.get(letter, 0)
    if weight:
        return math.log(weight / 900)
    return -5.0 if letter.isalpha() else -6.5


@lru_cache(maxsize=4096)
def _foreign(letter: str) -> float:
    kind = unicodedata.category(letter)
    if kind == "Cf" or letter >= "\U0001f000":  # what turns or joins letters, and pictures
        return _NO_LETTER
    if kind in ("Cc", "Co", "Cn", "Cs"):
        return _CONTROL
    return _HAN_ELSEWHERE if "\u3400" <= letter <= "\u9fff" else _ELSEWHERE


def _shape_of_word(before: str, letter: str) -> float:
    """Count against a reading what no word does: turn upper case midway, or hold a sign."""
    if letter.isupper() and before.islower():
        return _TURNED_CASE
    if before.isalpha() and letter < "\u0250" and not letter.isalpha() and letter not in "’»":
        return _GLUED_MARK
    return 0.0


def _weighted(shares: Iterable[bands.Band]) -> dict[str, float]:
    """Share each band's weight among its letters; a letter counts where it comes first."""
    weights: dict[str, float] = {}
    for letters, share in shares:
        new = [letter for letter in dict.fromkeys(letters) if letter not in weights]
        weights |= dict.fromkeys(new, math.log(share / max(1, len(new))))
    return weights


_BANDS: dict[str, Callable[[], Iterator[bands.Band]]] = {
    "zh-Hans": bands.simplified,
    "zh-Hant": bands.traditional,
    "ja": bands.japanese,
    "ko": bands.korean,
    "cyrillic": bands.alphabet(frequent.CYRILLIC),
    "greek": bands.alphabet(frequent.GREEK),
    "hebrew": bands.alphabet(frequent.HEBREW),
    "arabic": bands.alphabet(frequent.ARABIC),
    "thai": bands.alphabet(frequent.THAI),
}
WEST = ("en", "fr", "de", "es", "pt", "it", "da", "sv", "nl")
CENTRAL = ("pl", "cs", "hu", "ro", "hr")
EVERY = (*_BANDS, *frequent.LATIN)
