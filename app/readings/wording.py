"""Fields that are text: what the picture shows, who made it, what may be done with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.readings.declared import Undeclared, language_of, read_tag
from app.readings.extraction import Extracted
from app.readings.picking import NON_STANDARD, Candidate, in_order, pick, sources
from app.readings.tags import Tag, Tags
from app.readings.texts import BLANK, CUT_CHARACTER, NO_ANSWER, UNUSABLE, Text

_CUT_AT = (32, 64, 128, 2000)  # bytes at which IPTC's fields end
COMMENT = "file comment"
OUTSIDE = "outside the standard places"
_NEVER = (COMMENT, NON_STANDARD, OUTSIDE)
_LAST = 5  # behind every caption, whatever that is damaged by
_EAST = re.compile("[\u3041-\u30fe\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Wording:
    """Where a text field is found: the standard's order, then lesser places."""

    field: str
    places: tuple[str, ...]
    lesser: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()  # kept; mostly a program's stamp, so hardly ever picked
    listed: bool = False  # its value is a list; EXIF and Windows write it split by ";"


WORDINGS = (
    Wording(
        "description",
        ("EXIF:IFD0:ImageDescription", "XMP:XMP-dc:Description", "IPTC:Caption-Abstract"),
        (
            "XMP:XMP-tiff:ImageDescription",
            "EXIF:ExifIFD:UserComment",
            "XMP:XMP-exif:UserComment",
            "EXIF:IFD0:XPComment",
            "PNG:Description",
            "EXIF:IFD0:XPTitle",  # Windows calls "title" what it also writes as ImageDescription
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
    Wording("event_name", ("XMP:XMP-iptcExt:Event",)),
    Wording("digital_source_type", ("XMP:XMP-iptcExt:DigitalSourceType",)),
    Wording("credit_line", ("XMP:XMP-photoshop:Credit", "IPTC:Credit")),
    Wording("usage_terms", ("XMP:XMP-xmpRights:UsageTerms",)),
    Wording("supplier", ("XMP:XMP-plus:ImageSupplierName",), listed=True),
)


def text_statements(tags: Tags, *, iptc_wins: bool) -> Iterator[Extracted]:
    """Yield every text statement, one of each field picked."""
    undeclared = Undeclared(tags)
    for wording in WORDINGS:
        found = sources(tags, in_order(wording.places, iptc_wins=iptc_wins))
        found += sources(tags, wording.lesser)
        found += [(tag, COMMENT) for tag, _ in sources(tags, wording.comments)]
        candidates = [
            candidate
            for tag, note in found
            for candidate in _candidates(tag, note or _misplaced(tag, tags), wording, undeclared)
        ]
        yield from pick(_repaired(candidates))


def _misplaced(tag: Tag, tags: Tags) -> str | None:
    """Note an IPTC block in a format that has no place for one: only profiles of programs do."""
    mime = tags.text("File:MIMEType")
    without = mime in ("image/png", "image/gif", "image/webp", "image/jp2", "image/jxl")
    return NON_STANDARD if tag.family == "IPTC" and without else None


def _candidates(
    tag: Tag, place: str | None, wording: Wording, undeclared: Undeclared
) -> Iterator[Candidate]:
    """Yield what a tag says and, beside it, what it says when decoded anew."""
    texts = read_tag(tag, undeclared.tags, undeclared)
    firsts = [text.first or text for text in texts]
    yield _candidate(tag, place, wording, firsts)
    rule = next((text.rule for text in texts if text.rule), None)
    if rule is None:
        return
    derived = _candidate(tag, place, wording, texts)
    inputs = (tag.locator, *undeclared.neighbours(tag))
    statement = replace(derived.statement, rule=rule, inputs=inputs)
    yield Candidate(statement, derived.damage)


def _candidate(tag: Tag, place: str | None, wording: Wording, texts: list[Text]) -> Candidate:
    said = [text for text in texts if text.note != BLANK]  # a list's blank items are no items
    worst = max(said or texts, key=lambda text: text.damage, default=Text("", note=BLANK))
    eastern = any(_EAST.search(text.value) for text in texts)
    last = _LAST if place == COMMENT else 0
    if place == COMMENT and eastern:
        place = None
    elif place is None and _outside(tag) and not eastern:
        place = OUTSIDE
    note = worst.note if place is None or worst.note in NO_ANSWER else place
    certainties = [text.certainty for text in texts if text.certainty is not None]
    statement = Extracted(
        field=wording.field,
        value=_items(tag, texts) if wording.listed else "; ".join(text.value for text in texts),
        locator=tag.locator,
        picked=False,
        raw_bytes=_raw(texts),
        raw_charset=worst.charset,
        note=note,
        charset_origin=worst.origin,
        certainty=min(certainties, default=None),
        lang=language_of(tag),
    )
    damage = UNUSABLE if place in _NEVER else min(worst.damage + last, UNUSABLE)
    return Candidate(statement, damage)


def _outside(tag: Tag) -> bool:
    """Tell whether a tag is none of the Metadata Working Group's.

    Programs and cameras stamp these. They count where they speak a language that the standard's
    places in EXIF were not made for, which no stamp does; so do comments of files, behind all else.
    """
    windows = tag.family == "EXIF" and tag.name.startswith("XP")
    return windows or tag.family == "PNG" or tag.name == "UserComment"


def _raw(texts: list[Text]) -> bytes | tuple[bytes, ...] | None:
    """Return the bytes of a text, or of every item of a list, if those of any are needed."""
    if all(text.raw is None for text in texts):
        return None
    if len(texts) == 1:
        return texts[0].raw
    return tuple(_bytes(text) for text in texts)


def _bytes(text: Text) -> bytes:
    if text.raw is not None:
        return text.raw
    return text.value.encode(text.charset or "utf-8", "replace")


def _items(tag: Tag, texts: list[Text]) -> list[str]:
    """Split lists as their standards do: EXIF and Windows by semicolon, XMP and IPTC never."""
    values = [text.value for text in texts]
    if tag.family == "EXIF":
        values = [item.strip() for value in values for item in value.split(";")]
    return [value for value in values if value]


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
    """Tell whether a text, or each item of a list, is the other or was cut from it."""
    if not whole.locator.startswith("XMP:"):
        return False
    ends, wholes = _values(cut), _values(whole)
    if ends == wholes or len(ends) != len(wholes):
        return False
    raws = cut.raw_bytes if isinstance(cut.raw_bytes, tuple) else (cut.raw_bytes,)
    known = raws if len(raws) == len(ends) else (None,) * len(ends)
    lengths = [
        len(raw or end.encode("utf-8", "replace")) for raw, end in zip(known, ends, strict=True)
    ]
    return all(
        one == other
        or (other.startswith(one) and (cut.note == CUT_CHARACTER or _at_a_limit(length)))
        for one, other, length in zip(ends, wholes, lengths, strict=True)
    )


def _values(one: Extracted) -> list[str]:
    return one.value if isinstance(one.value, list) else [one.value]


def _at_a_limit(length: int) -> bool:
    return any(0 <= end - length < 4 for end in _CUT_AT)
