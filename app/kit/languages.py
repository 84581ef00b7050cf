"""The language of a page for people: the one asked for, one that a browser prefers, or English."""

import re
from collections.abc import Mapping

from fastapi import Request

ENGLISH, TRADITIONAL, SIMPLIFIED = "en", "zh-Hant", "zh-Hans"
LANGUAGES: Mapping[str, str] = {  # by their own names
    ENGLISH: "English",
    TRADITIONAL: "繁體中文",
    SIMPLIFIED: "简体中文",
}
CHINESE = frozenset({"zh", "yue", "cmn"})
IN_TRADITIONAL = frozenset({"hant", "hk", "mo", "tw", "yue"})
QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")  # RFC 9110, 12.4.2


def language_of(request: Request) -> str:
    """Return `?lang=` where it names one of ours, else what `Accept-Language` likes best."""
    asked = request.query_params.get("lang", "")
    return read_tag(asked) or preferred(request.headers.get("accept-language", ""))


def read_tag(tag: str) -> str | None:
    """Return which of our languages a tag asks for (BCP 47); None for all others.

    Chinese of Hong Kong, Macau and Taiwan is written in traditional characters, unless the tag
    says otherwise; without a word of it in simplified ones.
    """
    parts = tag.strip().casefold().split("-")
    if parts[0] == "en":
        return ENGLISH
    if parts[0] not in CHINESE:
        return None
    simplified = "hans" in parts or not IN_TRADITIONAL.intersection(parts)
    return SIMPLIFIED if simplified else TRADITIONAL


def preferred(header: str) -> str:
    """Return the best of our languages that a header asks for: by quality, then as they stand."""
    found = []
    for at, part in enumerate(header.split(",")):
        tag, _, parameters = part.partition(";")
        language = read_tag(tag)
        quality = QUALITY.fullmatch(parameters.strip()) if parameters else None
        weight = float(quality[1]) if quality else float(not parameters)
        if language is not None and weight > 0:
            found.append((-weight, at, language))
    return min(found)[2] if found else ENGLISH
