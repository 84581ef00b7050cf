"""The letters of each language in bands of equal weight, from tables of characters and codecs.

That a letter stands in the first level of a national charset says that it is in common use.
"""

from collections.abc import Callable, Iterable, Iterator

from app.readings.charsets import frequent

Band = tuple[Iterable[str], float]


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


def simplified() -> Iterator[Band]:
    """Yield the letters of Chinese in simplified characters."""
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


def traditional() -> Iterator[Band]:
    """Yield the letters of Chinese in traditional characters, Cantonese among them."""
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


def japanese() -> Iterator[Band]:
    """Yield the letters of Japanese."""
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


def korean() -> Iterator[Band]:
    """Yield the letters of Korean."""
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


def latin(letters: str) -> Iterator[Band]:
    """Yield what a language adds to the Latin alphabet, and the marks of print."""
    yield from _cased(letters, 0.65)
    yield from _ranked(frequent.WEST_MARKS, 0.3)
    yield from _cased(frequent.WEST, 0.01)


def alphabet(letters: str) -> Callable[[], Iterator[Band]]:
    """Make the bands of a language with an alphabet of its own."""

    def bands() -> Iterator[Band]:
        yield from _cased(letters, 0.9)
        yield from _ranked(frequent.WEST_MARKS, 0.05)

    return bands
