"""Fields that are text: what the picture shows, who made it, what may be done with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.readings.extraction import Extracted
from app.readings.picking import Candidate, in_order, pick, sources
from app.readings.tags import Tag, Tags
from app.readings.texts import CUT_CHARACTER, UNUSABLE, Text, decode_declared, read_text

_CUT_AT = (32, 64, 128, 2000)  # bytes at which IPTC's fields end
_UTF8_DECLARED = "\x1b%G"  # IPTC 1:90, ISO 2022
_WINDOWS, _JIS, _JIS_MARK = "utf-16le", "iso-2022-jp", b"JIS\0\0\0\0\0"
_USER_COMMENT = {b"UNICODE\0": "utf-16", _JIS_MARK: _JIS}
COMMENT = "file comment"


@dataclass(frozen=True, slots=True)
class Wording:
    """Where a text field is found: the standard's order, then lesser places."""

    field: str
    places: tuple[str, ...]
    lesser: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()  # kept, never picked: mostly a program's stamp
    listed: bool = False  # its value is a list; EXIF and Windows write it split by ";"


WORDINGS = (
    Wording(
        "description",
        ("EXIF:IFD0:ImageDescription", "XMP:XMP-dc:Description", "IPTC:Caption-Abstract"),
        (
            "EXIF:ExifIFD:UserComment",
            "EXIF:IFD0:XPComment",
            "PNG:Description",
        ),
        comments=("PNG:Comment", "File:Comment", "GIF:Comment"),
    ),
    Wording(
        "title",
        ("XMP:XMP-dc:Title", "IPTC:ObjectName"),
        (
            "XMP:XMP-photoshop:Headline",
            "IPTC:Headline",
            "EXIF:IFD0:XPTitle",
            "PNG:Title",
            "EXIF:IFD0:XPSubject",
            "EXIF:IFD0:DocumentName",
        ),
    ),
    Wording(
        "creator",
        ("EXIF:IFD0:Artist", "XMP:XMP-dc:Creator", "IPTC:By-line"),
        ("XMP:XMP-tiff:Artist", "EXIF:IFD0:XPAuthor", "PNG:Author", "PNG:Artist"),
        listed=True,
    ),
    Wording(
        "rights_notice",
        ("EXIF:IFD0:Copyright", "XMP:XMP-dc:Rights", "IPTC:CopyrightNotice"),
        ("XMP:XMP-tiff:Copyright", "PNG:Copyright"),
    ),
    Wording(
        "subject",
        ("XMP:XMP-dc:Subject", "IPTC:Keywords"),
        ("EXIF:IFD0:XPKeywords", "PNG:Keywords"),
        listed=True,
    ),
    Wording("digital_source_type", ("XMP:XMP-iptcExt:DigitalSourceType",)),
    Wording("credit_line", ("XMP:XMP-photoshop:Credit", "IPTC:Credit")),
    Wording("usage_terms", ("XMP:XMP-xmpRights:UsageTerms",)),
    Wording("supplier", ("XMP:XMP-plus:ImageSupplierName",), listed=True),
)


def text_statements(tags: Tags, *, iptc_wins: bool) -> Iterator[Extracted]:
    """Yield every text statement, one of each field picked."""
    for wording in WORDINGS:
        found = sources(tags, in_order(wording.places, iptc_wins=iptc_wins))
        found += sources(tags, wording.lesser)
        found += [(tag, COMMENT) for tag, _ in sources(tags, wording.comments)]
        candidates = [_candidate(tag, note, wording, tags) for tag, note in found]
        yield from pick(_repaired(candidates))


def read_tag(tag: Tag, tags: Tags) -> list[Text]:
    """Read a tag's texts with the charset that the file, or the tag's own standard, declares."""
    charset, raw = _charset(tag, tags), tag.raw
    if raw is not None and charset in (_WINDOWS, _JIS):  # ExifTool loses letters of these two
        return [decode_declared(raw.removeprefix(_JIS_MARK), charset)]
    if tag.name == "UserComment":
        raw = None  # padded and prefixed on purpose: not what NUL_INSIDE means
    return [read_text(text, raw if len(tag.texts) == 1 else None, charset) for text in tag.texts]


def _candidate(tag: Tag, place: str | None, wording: Wording, tags: Tags) -> Candidate:
    texts = read_tag(tag, tags)
    worst = max(texts, key=lambda text: text.damage, default=Text("", note="blank"))
    raws = [text.raw for text in texts if text.raw is not None]
    statement = Extracted(
        field=wording.field,
        value=_items(tag, texts) if wording.listed else "; ".join(text.value for text in texts),
        locator=tag.locator,
        picked=False,
        raw_bytes=b"\0".join(raws) if raws else None,  # the items of a list, split by NUL
        raw_charset=worst.charset if raws else None,
        note=worst.note or place,
    )
    return Candidate(statement, UNUSABLE if place == COMMENT else worst.damage)


def _items(tag: Tag, texts: list[Text]) -> list[str]:
    """Split lists as their standards do: EXIF and Windows by semicolon, XMP and IPTC never."""
    values = [text.value for text in texts]
    if tag.family == "EXIF":
        values = [item.strip() for value in values for item in value.split(";")]
    return [value for value in values if value]


def _charset(tag: Tag, tags: Tags) -> str | None:
    match tag.family:
        case "IPTC":
            declared = tags.text("IPTC:CodedCharacterSet")
            return "utf-8" if declared == _UTF8_DECLARED else declared.strip("\x1b") or None
        case "EXIF" if tag.name.startswith("XP"):
            return _WINDOWS
        case "EXIF" if tag.name == "UserComment":
            return _USER_COMMENT.get((tag.raw or b"")[:8])
        case "EXIF" | "File":
            return None
        case _:
            return "utf-8"


def _repaired(candidates: list[Candidate]) -> list[Candidate]:
    """Put XMP before an IPTC text that is only its beginning, cut where IPTC's field ends."""
    for place, candidate in enumerate(candidates):
        if not candidate.statement.locator.startswith("IPTC:"):
            continue
        whole = [other for other in candidates if _is_cut_of(candidate.statement, other.statement)]
        return (
            candidates[:place] + whole[:1] + [c for c in candidates[place:] if c not in whole[:1]]
        )
    return candidates


def _is_cut_of(cut: Extracted, whole: Extracted) -> bool:
    if not (whole.locator.startswith("XMP:") and isinstance(cut.value, str)):
        return False
    length = len(cut.raw_bytes or cut.value.encode("utf-8", "replace"))
    at_the_limit = cut.note == CUT_CHARACTER or any(0 <= end - length < 4 for end in _CUT_AT)
    return at_the_limit and cut.value != whole.value and whole.value.startswith(cut.value)
