"""Weigh every charset in which bytes may have been written; say one only where it stands out."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.readings.charsets.candidates import CHARSETS, EAST, RIVALS
from app.readings.charsets.languages import language

DETECTOR, DETECTOR_VERSION = "catalogue-charsets", "1"

MARGIN = 11.0  # how much likelier than every other reading the first must be, as a logarithm
PLAUSIBLE = -8.8  # the least mean weight of letters beyond ASCII in a text that means something
_PLAUSIBLE_AMONG_OTHERS = -14.0  # in a block whose other texts leave no doubt
_LONGEST = 600  # bytes of one text that are weighed
_OTHERS_MOST = 14.0  # how far all other texts together may move the scales
_ONE_OTHER = 12.0
_CUT, _CUT_ELSEWHERE = -7.0, -14.0  # a last letter that is not whole, where fields end or not
_FORM, _FORM_MOST = 3.0, 12.0
_FIELDS_END = (32, 64, 128, 256, 2000)
_SAME_TONGUE, _FEW = 4.0, 4  # the language of so many letters of the file's certain texts
_KNOWN = 14.0  # the same text stands in the file in a charset that is certain


_SIGNS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b$)C": "iso2022_kr",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read some bytes."""

    text: str
    codec: str
    score: float
    tongue: str
    cut: bool
    chosen: bool  # may be chosen at all


@dataclass(frozen=True, slots=True)
class Guess:
    """What bytes most probably say; `decided` only where nothing else comes near."""

    text: str
    codec: str
    certainty: float  # of this text against every other reading weighed, 0 to 1
    decided: bool
    cut: bool = False
    tongue: str | None = None


def guess(raw: bytes, others: Sequence[bytes] = (), known: Collection[str] = ()) -> Guess | None:
    """Say how bytes of no declared charset read; None where no charset can read them.

    Args:
        raw: the text's bytes.
        others: texts of the same block of metadata, written by the same program.
        known: texts of the same file whose charset is certain.
    """
    if signed := _by_its_signs(raw):
        return signed
    found = readings(raw)
    if not found:
        return None
    leaning = _leaning(tuple(other for other in others if other != raw))
    tongue = _tongue_of(tuple(known))
    totals: dict[str, tuple[float, Reading]] = {}
    for one in found:
        total = one.score + leaning.get(one.codec, 0.0)
        total += _KNOWN if one.text.strip() in known else 0.0
        total += _SAME_TONGUE if one.tongue == tongue else 0.0
        totals[one.text] = max((total, one), totals.get(one.text, (-math.inf, one)), key=_total)
    most, best = max(totals.values(), key=_total)
    rest = [total for total, other in totals.values() if other.text != best.text]
    doubt = sum(math.exp(min(0.0, (other - most) / 2)) for other in rest)
    stands_out = most - max(rest, default=-math.inf) >= MARGIN
    backed = _led(leaning, best.codec) or best.text.strip() in known
    floor = _PLAUSIBLE_AMONG_OTHERS if backed else PLAUSIBLE
    decided = best.chosen and stands_out and _plausible(best, floor)
    text, codec = _whole(raw, best)
    return Guess(text, codec, 1 / (1 + doubt), decided, best.cut, best.tongue)


def readings(raw: bytes) -> list[Reading]:
    """Return every way in which these bytes can be read, each in its likeliest language."""
    return list(_readings(raw[:_LONGEST]))


@lru_cache(maxsize=256)
def _readings(raw: bytes) -> tuple[Reading, ...]:
    found = []
    for charset in (*CHARSETS, *RIVALS):
        read = None if len(raw) % charset.width else charset.read(raw)
        if read is None:
            continue
        text, codec, cut = read
        score, tongue = max((language(tag).score(text), tag) for tag in charset.languages)
        score += charset.favour + (_cost_of_cut(len(raw)) if cut else 0.0)
        score += _by_form(text) if codec == "utf-8" else 0.0
        found.append(Reading(text, codec, score, tongue, cut, charset in CHARSETS))
    return tuple(found)


def _by_form(text: str) -> float:
    """Weigh that letters of three bytes have the form they must have, seldom by chance."""
    return min(_FORM_MOST, _FORM * sum(letter >= "\u0800" for letter in text))


def _cost_of_cut(length: int) -> float:
    at_an_end = any(0 <= end - length < 4 for end in _FIELDS_END)
    return _CUT if at_an_end else _CUT_ELSEWHERE


def _by_its_signs(raw: bytes) -> Guess | None:
    """Believe a byte order mark, or the escapes of ISO 2022, where all the rest agrees."""
    for sign, codec in _SIGNS.items():
        found = raw.startswith(sign) or (sign[:1] == b"\x1b" and sign in raw)
        if found:
            try:
                return Guess(raw.decode(codec), codec.removesuffix("-sig"), 1.0, decided=True)
            except UnicodeDecodeError:
                continue
    return None


def _total(pair: tuple[float, Reading]) -> float:
    return pair[0]


def _whole(raw: bytes, best: Reading) -> tuple[str, str]:
    """Read all of a text of which only the beginning was weighed."""
    if len(raw) <= _LONGEST:
        return best.text, best.codec
    charset = next(one for one in (*CHARSETS, *RIVALS) if best.codec in one.codecs)
    read = charset.read(raw)
    return (read[0], read[1]) if read else (best.text, best.codec)


def _led(leaning: Mapping[str, float], codec: str) -> bool:
    """Tell whether the other texts of the block leave no doubt about theirs."""
    rest = [lean for other, lean in leaning.items() if other not in _siblings(codec)]
    return leaning.get(codec) == 0.0 and max(rest, default=0.0) <= -MARGIN


def _siblings(codec: str) -> tuple[str, ...]:
    return next(one.codecs for one in (*CHARSETS, *RIVALS) if codec in one.codecs)


@lru_cache(maxsize=64)
def _tongue_of(known: tuple[str, ...]) -> str | None:
    """Return the eastern language that most letters of a file's certain texts are in."""
    text = "".join(sorted(known))[:_LONGEST]
    if sum(letter > "\u2e80" for letter in text) < _FEW:
        return None
    return max(EAST, key=lambda tag: language(tag).score(text))


@lru_cache(maxsize=64)
def _leaning(others: tuple[bytes, ...]) -> Mapping[str, float]:
    """Say how the other texts of a block speak for each charset: 0 for the best of them."""
    totals: dict[str, float] = {}
    for charset in (*CHARSETS, *RIVALS):
        total = 0.0
        for other in others:
            found = readings(other)
            best = max((one.score for one in found), default=0.0)
            mine = [one.score for one in found if one.codec in charset.codecs]
            total += max(-_ONE_OTHER, mine[0] - best) if mine else -_ONE_OTHER
        totals |= dict.fromkeys(charset.codecs, max(-_OTHERS_MOST, total))
    best = max(totals.values())
    return {codec: total - best for codec, total in totals.items()}


def _plausible(reading: Reading, floor: float) -> bool:
    """Tell whether the letters are ones that the language uses, however the others fare."""
    beyond = [letter for letter in reading.text if letter >= "\x80"]
    if reading.codec == "utf-8":  # three bytes that fit are no accident, two soon are
        near = sum(letter.isalpha() for letter in reading.text if letter < "\x80")
        return len(beyond) > 2 or near > 1 or any(letter >= "\u0800" for letter in beyond)
    if any("\ue000" <= letter <= "\uf8ff" for letter in beyond):  # letters of somebody's own
        return False
    tongue = language(reading.tongue)
    mean = sum(map(tongue.weight, beyond)) / max(1, len(beyond))
    return mean >= floor and tongue.is_home_of(reading.text)
