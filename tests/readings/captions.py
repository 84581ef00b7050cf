"""Captions, names and keywords written by code, in the languages that an archive meets.

Two halves that share no sentence: what is `tuned` chose the detector's margins, what is `held` was
put aside and only counted.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True, slots=True)
class Written:
    """One text in one charset."""

    language: str
    text: str
    codec: str

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        return self.text.encode(self.codec)


CODECS = {
    "zh-Hant": ("big5", "big5hkscs", "gbk", "gb18030", "utf-8", "utf-16-le", "utf-16-be"),
    "yue": ("big5hkscs", "gb18030", "utf-8", "utf-16-le"),
    "zh-Hans": ("gbk", "gb18030", "utf-8", "utf-16-le", "utf-16-be"),
    "ja": ("shift_jis", "euc_jp", "iso2022_jp", "utf-8", "utf-16-le"),
    "ko": ("euc_kr", "utf-8", "utf-16-be"),
    "mixed": ("big5", "gbk", "utf-8", "utf-16-le"),
    "french": ("cp1252", "mac_roman", "cp850", "utf-8", "utf-16-le"),
    "german": ("cp1252", "mac_roman", "cp850", "utf-8"),
    "iberian": ("cp1252", "mac_roman", "cp850", "utf-8"),
    "russian": ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "utf-8"),
    "polish": ("cp1250", "iso8859_2", "cp852", "mac_latin2", "utf-8"),
    "greek": ("cp1253", "iso8859_7", "utf-8"),
    "thai": ("cp874", "utf-8"),
    "turkish": ("cp1254", "utf-8"),
}


def tuned() -> list[Written]:
    """Return the half by which the margins were chosen."""
    return [one for one in _all(0) if _encodes(one)]


def held() -> list[Written]:
    """Return the half that no margin was chosen by."""
    return [one for one in _all(1) if _encodes(one)]


def _parts() -> dict[str, list[list[str]]]:
    """Read each language's parts: places, people, doings, ways, names, words."""
    found: dict[str, list[list[str]]] = {}
    for line in PARTS.read_text("utf-8").splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            found[next(reversed(found))].append(line.split("|"))
    return found


def _all(half: int) -> Iterator[Written]:
    for language, parts in _parts().items():
        for text in _texts(parts, half):
            for codec in CODECS[language]:
                yield Written(language, text, codec)


def _texts(parts: Sequence[Sequence[str]], half: int) -> list[str]:
    """Put a language's parts together; words of one half never stand in the other."""
    places, people, doings, ways, names, words = parts
    mine = [part[half::2] for part in (places, people, doings)]
    every = list(itertools.product(*mine))
    drawn = random.Random(half).sample(every, min(120, len(every)))  # noqa: S311 - no secret
    whole = [ways[at % len(ways)].format(a=a, b=b, c=c) for at, (a, b, c) in enumerate(drawn)]
    return whole + [text for part in (*mine, names[half::2], words[half::2]) for text in part]


def _encodes(one: Written) -> bool:
    try:
        return not one.raw.isascii() or one.codec.startswith("iso2022")
    except UnicodeEncodeError:
        return False
