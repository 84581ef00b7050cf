"""Which charset the file, or a tag's own standard, declares, and how its texts are read."""

import re
from collections.abc import Iterator

from app.readings.comments import read_comment
from app.readings.tags import Tag, Tags
from app.readings.texts import Around, Text, decode_declared, read_text

_WINDOWS, _UTF8 = "utf-16-le", "utf-8"
_IPTC_DECLARES = {  # IPTC 1:90, escapes of ISO 2022
    "%G": _UTF8,
    ".A": "latin-1",
    "-A": "latin-1",
    "-B": "iso8859_2",
    "-L": "iso8859_5",
    "-F": "iso8859_7",
    "-M": "iso8859_9",
}
_NEIGHBOURS = 12  # texts of a block that are asked for help
_TAG = re.compile(r"-(?P<tag>[a-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?)$")


class Undeclared:
    """The texts of a file whose charset nothing declares, by block, and those that are certain."""

    def __init__(self, tags: Tags) -> None:
        self.tags = tags
        self._blocks: dict[str, dict[str, list[bytes]]] = {}
        self._known: tuple[str, ...] | None = None

    def around(self, tag: Tag) -> Around:
        """Return what speaks for or against a charset of this tag."""
        block = self._block(tag.family)
        others = [raw for raws in block.values() for raw in raws]
        return Around(tuple(others[: 4 * _NEIGHBOURS]), self.known())

    def neighbours(self, tag: Tag) -> list[str]:
        """Return where the other texts stand that were asked for help."""
        return [place for place in self._block(tag.family) if place != tag.locator]

    def known(self) -> tuple[str, ...]:
        """Return the texts beyond ASCII whose charset is certain."""
        if self._known is None:
            certain = (tag for tag in self.tags if charset_of(tag, self.tags) is not None)
            texts = (text.strip("\0 ") for tag in certain for text in tag.texts)
            found = dict.fromkeys(text for text in texts if _sound(text))
            self._known = tuple(found)[: 4 * _NEIGHBOURS]
        return self._known

    def _block(self, family: str) -> dict[str, list[bytes]]:
        if family not in self._blocks:
            of_it = [tag for tag in self.tags if tag.family == family]
            found = {tag.locator: list(_strays(tag)) for tag in of_it if _asks(tag, self.tags)}
            some = [(place, raws) for place, raws in found.items() if raws][:_NEIGHBOURS]
            self._blocks[family] = dict(some)
        return self._blocks[family]


def read_tag(tag: Tag, tags: Tags, undeclared: Undeclared | None = None) -> list[Text]:
    """Read a tag's texts with the charset that the file, or the tag's own standard, declares."""
    charset, raw = charset_of(tag, tags), tag.raw
    if raw is not None and charset == _WINDOWS:  # ExifTool loses letters of it
        return [decode_declared(raw, charset)]
    asks = charset is None and any(not _plain(text) for text in tag.texts)
    around = (undeclared or Undeclared(tags)).around(tag) if asks else Around()
    if tag.name == "UserComment" and raw is not None:
        return [read_comment(raw, around)]
    return [
        read_text(text, raw if len(tag.texts) == 1 else None, charset, around) for text in tag.texts
    ]


def charset_of(tag: Tag, tags: Tags) -> str | None:
    """Return the codec that is declared for a tag; None where nothing says."""
    match tag.family:
        case "IPTC":
            return _IPTC_DECLARES.get(tags.text("IPTC:CodedCharacterSet").strip("\x1b"))
        case "EXIF" if tag.name.startswith("XP"):
            return _WINDOWS
        case "EXIF" | "File" | "GIF":
            return None
        case _:
            return _UTF8


def language_of(tag: Tag) -> str | None:
    """Return the language that a tag's value is marked with, as BCP 47 spells it."""
    found = _TAG.search(tag.name) if tag.family in ("XMP", "PNG") else None
    if not found:
        return None
    first, *rest = found["tag"].split("-")
    return "-".join([first, *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def _asks(tag: Tag, tags: Tags) -> bool:
    return charset_of(tag, tags) is None and tag.name != "UserComment"


def _strays(tag: Tag) -> Iterator[bytes]:
    for text in tag.texts:
        if not _plain(text):
            yield text.encode("utf-8", "surrogateescape" if _escaped(text) else "surrogatepass")


def _plain(text: str) -> bool:
    return text.isascii() and "\x1b$" not in text


def _escaped(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _sound(text: str) -> bool:
    return not text.isascii() and not any("\ud800" <= one <= "\udfff" for one in text)
