"""Charsets that an undeclared text may be in, and those that only cast doubt on them."""

import re
from dataclasses import dataclass

from app.readings.charsets.languages import CENTRAL, EVERY, WEST


@dataclass(frozen=True, slots=True)
class Charset:
    """One charset by its codecs, the stricter first, with the languages written in it."""

    codecs: tuple[str, ...]  # one that gives a text with any of `strange` gives way to the next
    languages: tuple[str, ...]
    favour: float = 0.0
    width: int = 1  # bytes that one unit takes
    strange: re.Pattern[str] | None = None

    def read(self, raw: bytes) -> tuple[str, str, bool] | None:
        """Return the text, its codec and whether its end was cut; None where it cannot be."""
        for codec in self.codecs:
            try:
                text = raw.decode(codec)
                if not (self.strange and codec == self.codecs[0] and self.strange.search(text)):
                    return text, codec, False
            except UnicodeDecodeError as error:
                flaw = error
                if flaw.start >= len(raw) - 3 and flaw.reason.startswith(_ENDS) and flaw.start:
                    return raw[: flaw.start].decode(codec), codec, True
        return None


_ENDS = ("unexpected end", "incomplete multibyte", "truncated data")
EAST = ("zh-Hant", "zh-Hans", "ja", "ko")
CHARSETS = (
    Charset(("utf-8",), EVERY, 4.0),
    # Where Big5 had left room, cp950 keeps kana elsewhere than Hong Kong and the Web do.
    Charset(
        ("cp950", "big5hkscs"), ("zh-Hant",), strange=re.compile("[\u3041-\u30fe\u0400-\u045f]")
    ),
    Charset(("gbk", "gb18030"), ("zh-Hans", "zh-Hant")),
    Charset(("shift_jis", "cp932"), ("ja",)),
    Charset(("euc_jp",), ("ja",)),
    Charset(("euc_kr", "cp949"), ("ko",)),
    Charset(("cp1252",), WEST),
    Charset(("mac_roman",), WEST, -2.0),
    Charset(("utf-16-le",), EVERY, -6.0, 2),
    Charset(("utf-16-be",), EVERY, -6.0, 2),
)
# Written in by few here: they may cast doubt on those above and are never chosen themselves.
RIVALS = (
    Charset(("cp850",), WEST, -3.0),
    Charset(("cp1250",), CENTRAL, -3.0),
    Charset(("iso8859_2",), CENTRAL, -3.0),
    Charset(("mac_latin2",), CENTRAL, -4.0),
    Charset(("cp852",), CENTRAL, -4.0),
    Charset(("cp1254",), ("tr",), -4.0),
    Charset(("cp1251",), ("cyrillic",), -2.0),
    Charset(("koi8_r",), ("cyrillic",), -3.0),
    Charset(("cp866",), ("cyrillic",), -3.0),
    Charset(("mac_cyrillic",), ("cyrillic",), -4.0),
    Charset(("iso8859_5",), ("cyrillic",), -4.0),
    Charset(("cp1253",), ("greek",), -3.0),
    Charset(("iso8859_7",), ("greek",), -3.0),
    Charset(("cp1255",), ("hebrew",), -3.0),
    Charset(("cp1256",), ("arabic",), -3.0),
    Charset(("cp874",), ("thai",), -3.0),
    Charset(("johab",), ("ko",), -5.0),
)
