"""Texts as searches compare them: folded, and cut into words where no space tells them apart."""

import re
import unicodedata
from collections.abc import Iterator

from app.kit.chinese import to_simplified

LONGEST = 60  # characters of one token; a longer word is found by its beginning
# Written without spaces: Han with its marks, Kana, Hangul.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003347f"
)
_RUNS = re.compile(f"([{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")


class _Characters(dict[int, str]):
    """Each character in its simplified form, learnt when it first turns up."""

    def __missing__(self, code: int) -> str:
        found = self[code] = to_simplified(chr(code))
        return found


_SIMPLIFIED = _Characters()


def fold(text: str) -> str:
    """Fold what no search tells apart: compatibility forms, case, the two Chinese standards.

    First by words, for one character of the one standard may be two of the other; then each by
    itself, so that a part of a text folds as the whole does.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        plain = to_simplified(plain).translate(_SIMPLIFIED)
    return plain.casefold()


def tokens(text: str) -> Iterator[str]:
    """Yield a text's tokens in order, each one place after the one before.

    Words as they are. A run of Han, Kana or Hangul by twos, each character with the next, and
    its last one alone: so every character begins a token.
    """
    for run in _RUNS.finditer(fold(text)):
        written = run[0]
        if run[1] is None:
            yield written[:LONGEST]
        else:
            yield from (written[at : at + 2] for at in range(len(written)))


def asked_tokens(text: str) -> list[tuple[str, int]]:
    """Return the tokens that a text must have to hold this one, each with its place in order.

    The last character of a run is left out where the two before say it already. A token of one
    character that is Han, Kana or Hangul stands for every token that begins with it.
    """
    wanted: list[tuple[str, int]] = []
    place = 0
    for run in _RUNS.finditer(fold(text)):
        written = run[0]
        if run[1] is None:
            wanted.append((written[:LONGEST], place))
            place += 1
        else:
            pairs = range(max(1, len(written) - 1))
            wanted += [(written[at : at + 2], place + at) for at in pairs]
            place += len(written)
    return wanted


def unspaced(token: str) -> bool:
    """Tell whether a token is of a script without spaces."""
    found = _RUNS.fullmatch(token)
    return found is not None and found[1] is not None
