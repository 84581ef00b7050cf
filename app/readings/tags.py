"""The tool's JSON as tags: each with its group, its text and, where known, its exact bytes."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BASE64 = "base64:"
_COPY = re.compile(r":Copy\d+(?=:[^:]+$)")  # numbers those of one name through all places


class AnswerMalformed(ValueError):
    """The tool's answer is no JSON of the agreed shape."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of one place; its text may still hold what a database cannot store."""

    locator: str  # EXIF:ExifIFD:DateTimeOriginal; of the third of equal name there: with [3]
    texts: tuple[str, ...]  # one, or the items of a list; surrogate escapes stand for stray bytes
    raw: bytes | None  # the exact bytes, when the tool gave them for the whole tag

    @property
    def family(self) -> str:
        """The kind of metadata: EXIF, IPTC, XMP."""
        return self.locator.partition(":")[0]

    @property
    def group(self) -> str:
        """The place within it: ExifIFD, XMP-dc; the family itself where the tool says no more."""
        parts = self.locator.split(":")
        return parts[1] if len(parts) > 2 else parts[0]

    @property
    def name(self) -> str:
        """The tag's own name."""
        return self.locator.rpartition(":")[2].partition("[")[0]

    @property
    def again(self) -> bool:
        """Whether another of equal name stands in its place, which tags it may belong to or not."""
        return self.locator.endswith("]")

    @property
    def text(self) -> str:
        """The first or only text."""
        return self.texts[0] if self.texts else ""


class Tags:
    """All tags of one file in the tool's order; of those that have a place in common, the first."""

    def __init__(
        self,
        tags: dict[str, Tag],
        structures: dict[str, list[dict[str, Any]]] | None = None,
        repeated: Mapping[str, Sequence[Tag]] | None = None,
    ) -> None:
        self._tags = tags
        self._structures = structures or {}
        self._repeated = repeated or {}
        self._by_stem: dict[str, list[Tag]] = {}
        for tag in tags.values():
            self._by_stem.setdefault(_stem(tag.name), []).append(tag)

    def __iter__(self) -> Iterator[Tag]:
        return iter(self._tags.values())

    def get(self, locator: str) -> Tag | None:
        """Return the tag of exactly this place."""
        return self._tags.get(locator)

    def repeated(self, locator: str) -> Sequence[Tag]:
        """Return the further tags of exactly this place: a second comment, a second packet's."""
        return self._repeated.get(locator, ())

    def structure(self, locator: str) -> list[dict[str, Any]]:
        """Return the structures of this place, their parts by name, as the tool wrote them."""
        return self._structures.get(locator, [])

    def text(self, *locators: str) -> str:
        """Return the first text that is not blank among these places, else an empty one."""
        found = (tag.text.strip() for place in locators if (tag := self._tags.get(place)))
        return next(filter(None, found), "")

    def named(self, name: str) -> list[Tag]:
        """Return the tags of this name from every group."""
        return [tag for tag in self.akin(name) if tag.name == name]

    def akin(self, name: str) -> Sequence[Tag]:
        """Return, in the tool's order, at least the tags of this name and those of its languages.

        Looking through all tags for each place of each field cost most of a conclusion.
        """
        return self._by_stem.get(_stem(name), ())


def _stem(name: str) -> str:
    return name.partition("-")[0]


def parse_answer(answer: bytes) -> Tags:
    """Read the tool's JSON about one file.

    Raises:
        AnswerMalformed: it is cut off, nested without end, or of another shape.
    """
    try:
        (document,) = json.loads(answer.decode("utf-8", "surrogateescape"), parse_float=str)
        found, more = _firsts({key: entry for key, entry in document.items() if ":" in key})
        structures = {key: parts for key, entry in found.items() if (parts := _parts(entry["val"]))}
        plain = {key: _tag(key, one) for key, one in found.items() if key not in structures}
        return Tags(plain, structures, _repeated(more))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AnswerMalformed(str(error)[:200]) from error


def _firsts(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Part entries by their place: the tool's choice of each, or else its first, and the others."""
    firsts: dict[str, Any] = {}
    more: dict[str, list[Any]] = {}
    for key, entry in document.items():
        place = _COPY.sub("", key)
        if place == key or (place not in document and place not in firsts):
            firsts[place] = entry
        else:
            more.setdefault(place, []).append(entry)
    return firsts, more


def _repeated(more: Mapping[str, Sequence[Any]]) -> dict[str, list[Tag]]:
    """Number what is repeated from 2 on; structures are left to the answer."""
    return {
        place: [
            _tag(f"{place}[{number}]", entry)
            for number, entry in enumerate(entries, 2)
            if not _parts(entry["val"])
        ]
        for place, entries in more.items()
    }


def _parts(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Return the structures that a value holds: XMP's, whose parts stand as tags of their own too.

    They are no texts, else they would speak twice where texts are weighed against each other.
    """
    several = value if isinstance(value, list) else [value]
    return [
        {name: _unwrapped(part) if isinstance(part, str) else part for name, part in one.items()}
        for one in several
        if isinstance(one, dict)
    ]


def _tag(locator: str, entry: dict[str, Any]) -> Tag:
    values = entry["val"] if isinstance(entry["val"], list) else [entry["val"]]
    texts = tuple(_unwrapped(value if isinstance(value, str) else str(value)) for value in values)
    return Tag(locator, texts, _exact(entry.get("hex")))


def _unwrapped(text: str) -> str:
    """Turn base64, the tool's word for what JSON cannot hold, back into those bytes, escaped.

    That is what is no UTF-8 and, by perl/Untouched.pm, text with NUL within or that begins so.
    """
    if not text.startswith(_BASE64):
        return text
    try:
        raw = base64.b64decode(text.removeprefix(_BASE64), validate=True)
    except binascii.Error:
        return text
    unwrapped = raw.decode("utf-8", "surrogateescape")
    wrapped = b"\0" in raw or raw.startswith(_BASE64.encode())
    return unwrapped if wrapped or unwrapped.encode("utf-8", "replace") != raw else text


def _exact(digits: str | None) -> bytes | None:
    if not digits or digits.endswith("[...]"):
        return None
    return bytes.fromhex(digits)
