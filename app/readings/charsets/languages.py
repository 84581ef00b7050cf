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

from app.readings.charsets import frequent

_ELSEWHERE, _HAN_ELSEWHERE, _CONTROL = -21.0, -18.0, -30.0  # of letters that a language has not
_TURNED_CASE, _GLUED_MARK = -4.0, -2.5
_ONE_WORD, _WORDS_MOST = 2.0, 8.0
_NOTICE = 10.0  # "© 2004 Name", as the Universal Copyright Convention has it
_IS_NOTICE = re.compile(r"^©|© ?(?:18|19|20)\d\d")
_CJK_MARKS = "，。、：；（）《》？！…—·"
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
        return Language(tag, _SPRINKLED, _weighted(_latin(letters)), frozenset(words.split()))
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


Band = tuple[Iterable[str], float]


def _weighted(bands: Iterable[Band]) -> dict[str, float]:
    """Share each band's weight among its letters; a letter counts where it comes first."""
    weights: dict[str, float] = {}
    for letters, share in bands:
        new = [letter for letter in dict.fromkeys(letters) if letter not in weights]
        weights |= dict.fromkeys(new, math.log(share / max(1, len(new))))
    return weights


def _ranked(letters: str, share: float) -> Iterator[Band]:
    """Share a weight among an alphabet, more of it to the letters that come first."""
    ranks = [1 / (place + 4) for place in range(len(letters))]
    for letter, rank in zip(letters, ranks, strict=True):
        yield letter, share * rank / sum(ranks)


def _cased(letters: str, share: float) -> Iterator[Band]:
    yield from _ranked(letters, share * 0.9)
    yield from _ranked("".join(one for one in letters.upper() if not one.isascii()), share * 0.1)


def _rows(codec: str, first: int, last: int, trails: Iterable[int]) -> list[str]:
    """Return the letters of a double-byte charset whose lead bytes lie in a range."""
    places = [bytes([lead, trail]) for lead in range(first, last + 1) for trail in trails]
    return [one for place in places if len(one := place.decode(codec, "ignore")) == 1]


_EUC = range(0xA1, 0xFF)
_BIG5 = (*range(0x40, 0x7F), *_EUC)


def _letters(first: int, last: int) -> str:
    return "".join(map(chr, range(first, last + 1)))


def _simplified() -> Iterator[Band]:
    yield frequent.HANS[:120], 0.42
    yield frequent.HANS[120:400], 0.27
    yield frequent.HANS[400:], 0.16
    yield "，。、：；“”‘’（）《》？！…—·", 0.07
    yield _rows("gb2312", 0xB0, 0xD7, _EUC), 0.06
    yield frequent.HANT, 0.006
    yield _rows("gb2312", 0xD8, 0xF7, _EUC), 0.005
    yield from _marks_of_east()
    yield _rows("big5", 0xA4, 0xC6, _BIG5), 0.002
    yield _rows("gbk", 0x81, 0xFE, (*range(0x40, 0x7F), *range(0x80, 0xFF))), 0.0003


def _traditional() -> Iterator[Band]:
    yield frequent.HANT[:120], 0.42
    yield frequent.HANT[120:450], 0.27
    yield frequent.HANT[450:], 0.16
    yield "，。、：；「」『』（）《》〈〉？！…—‧・·", 0.07
    yield _rows("big5", 0xA4, 0xC6, _BIG5), 0.06
    yield frequent.HANS, 0.004
    yield _rows("big5", 0xC9, 0xF9, _BIG5), 0.005
    yield from _marks_of_east()
    yield _rows("big5hkscs", 0x87, 0xFE, _BIG5), 0.0015
    yield _rows("gbk", 0x81, 0xFE, (*range(0x40, 0x7F), *range(0x80, 0xFF))), 0.0003


def _japanese() -> Iterator[Band]:
    yield frequent.KANA[:20], 0.26
    yield _letters(0x3041, 0x3093), 0.10
    yield _letters(0x30A1, 0x30F6) + "ー", 0.13
    yield "、。・「」『』（）！？〜～々", 0.08
    yield frequent.KANJI[:200], 0.18
    yield frequent.KANJI[200:], 0.15
    yield _letters(0xFF66, 0xFF9F), 0.02
    yield _rows("euc_jp", 0xB0, 0xCF, _EUC), 0.06
    yield _rows("euc_jp", 0xD0, 0xF4, _EUC), 0.003
    yield from _marks_of_east()
    yield _rows("cp932", 0xED, 0xFC, (*range(0x40, 0x7F), *range(0x80, 0xFD))), 0.0003


def _korean() -> Iterator[Band]:
    yield frequent.HANGUL[:80], 0.5
    yield frequent.HANGUL[80:], 0.36
    yield _rows("euc_kr", 0xB0, 0xC8, _EUC), 0.10
    yield "“”‘’·…「」『』《》", 0.005
    yield from _marks_of_east()
    yield _rows("euc_kr", 0xCA, 0xFD, _EUC), 0.003
    yield _rows("cp949", 0x81, 0xC6, range(0x41, 0xFF)), 0.0003


def _marks_of_east() -> Iterator[Band]:
    yield _letters(0xFF01, 0xFF5E), 0.006
    yield "［］｛｝【】〔〕〖〗•○●◎△▲□■☆★※→←↑↓〇〃〈〉％＋－－×÷", 0.004
    yield frequent.WEST_MARKS, 0.002
    yield frequent.WEST, 0.0005
    yield _letters(0x3041, 0x30F6), 0.0005


def _latin(letters: str) -> Iterator[Band]:
    yield from _cased(letters, 0.65)
    yield from _ranked(frequent.WEST_MARKS, 0.3)
    yield from _cased(frequent.WEST, 0.01)


def _alphabet(letters: str) -> Callable[[], Iterator[Band]]:
    def bands() -> Iterator[Band]:
        yield from _cased(letters, 0.9)
        yield from _ranked(frequent.WEST_MARKS, 0.05)

    return bands


_BANDS: dict[str, Callable[[], Iterator[Band]]] = {
    "zh-Hans": _simplified,
    "zh-Hant": _traditional,
    "ja": _japanese,
    "ko": _korean,
    "cyrillic": _alphabet(frequent.CYRILLIC),
    "greek": _alphabet(frequent.GREEK),
    "hebrew": _alphabet(frequent.HEBREW),
    "arabic": _alphabet(frequent.ARABIC),
    "thai": _alphabet(frequent.THAI),
}
WEST = ("en", "fr", "de", "es", "pt", "it", "da", "sv", "nl")
CENTRAL = ("pl", "cs", "hu", "ro", "hr")
EVERY = (*_BANDS, *frequent.LATIN)
