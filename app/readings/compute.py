"""From the tool's answer to statements: every source kept, one of each field picked.

The order is the Metadata Working Group's (docs/domain.md, 3.4), with one addition: sound text goes
before text whose bytes could not be read with certainty.
"""

from collections.abc import Iterator, Mapping

from app.readings.captures import capture_statements
from app.readings.credentials import history_statement, source_type_statement, status_statement
from app.readings.devices import device_statements
from app.readings.disagreements import disagreement_statement
from app.readings.editing import edit_statement, identity_statements
from app.readings.extraction import Extracted, Extraction, Outcome
from app.readings.formats import (
    EMPTY_FILE,
    NOT_AN_IMAGE,
    TRUNCATED_HEADER,
    UNKNOWN_FORMAT,
    is_image,
    why_unreadable,
)
from app.readings.instants import instant_statement
from app.readings.makernotes import maker_note_statements
from app.readings.moments import date_statements, is_scan
from app.readings.noise import TAG, told
from app.readings.places import place_statements
from app.readings.rights import rights_statements
from app.readings.tags import AnswerMalformed, Tags, parse_answer
from app.readings.technical import format_name, format_statement, technical_statement
from app.readings.wording import text_statements

_NOT_OPENED = "Error opening file"  # ExifTool's words


def conclude(
    answer: bytes, head: bytes, size: int, tool: str, version: str, *, limited: bool = False
) -> Extraction:
    """Turn the tool's JSON about one file into its extraction.

    Args:
        answer: the JSON exactly as it came.
        head: the file's first bytes, a second opinion where the tool knows no format.
        size: of the file in bytes.
        tool: which reader answered.
        version: its version.
        limited: whether this reader knows less than ExifTool.
    """
    try:
        tags = parse_answer(answer)
    except AnswerMalformed:
        return failed("answer_malformed", tool, version)
    if tags.text("ExifTool:Error") == _NOT_OPENED:  # says nothing about the file
        return failed("not_opened", tool, version)
    mime = tags.text("File:MIMEType")
    technical = technical_statement(tags, size)
    described = tuple(_described(tags)) if is_image(mime) else ()
    outcome, reason = _outcome(
        tags, head, described=bool(described), width=technical.value["width"]
    )
    measured = (format_statement(tags, head), technical) if mime else ()
    beside = () if outcome is Outcome.UNREADABLE else tuple(_beside(tags))
    return Extraction(
        outcome=outcome,
        reason=reason,
        tool=tool,
        tool_version=version,
        limited=limited,
        format=format_name(tags) or None,
        mime=mime or None,
        statements=measured + beside + described,
        raw=answer,
        noise=told(tags.text(TAG)),
    )


def _outcome(
    tags: Tags, head: bytes, *, described: bool, width: int | None
) -> tuple[Outcome, str | None]:
    mime = tags.text("File:MIMEType")
    if not mime:
        return Outcome.UNREADABLE, why_unreadable(head)
    if not is_image(mime):
        return Outcome.UNREADABLE, NOT_AN_IMAGE
    if described:
        return Outcome.READ, None
    if width is None and _complains(tags):
        return Outcome.UNREADABLE, TRUNCATED_HEADER
    return Outcome.NOTHING_FOUND, None


# Every reason for which a file is called unreadable, as a reading has it.
WHY_UNREADABLE = frozenset(
    {
        *(EMPTY_FILE, NOT_AN_IMAGE, UNKNOWN_FORMAT, TRUNCATED_HEADER),
        *("answer_malformed", "answer_too_long", "not_opened"),
        *("timed_out", "out_of_memory", "crashed"),
    }
)


def failed(
    reason: str, tool: str, version: str, noise: Mapping[str, str] | None = None
) -> Extraction:
    """Say that a file gave no answer at all, and why."""
    ended = Outcome.UNREADABLE, reason, tool, version
    return Extraction(*ended, False, None, None, (), b"", noise=dict(noise or {}))


def _described(tags: Tags) -> Iterator[Extracted]:
    iptc_wins = digest_is_stale(tags)
    yield from (texts := list(text_statements(tags, iptc_wins=iptc_wins)))
    yield from rights_statements(tags)
    types = [one for one in texts if one.picked and one.field == "digital_source_type"]
    types += (added := list(source_type_statement(tags, known=bool(types))))
    yield from added
    yield from (signed := list(history_statement(tags)))
    yield from edit_statement(tags, known=any(one.picked for one in signed))
    scanned = any(one.picked and is_scan(str(one.value)) for one in types)
    dates = list(date_statements(tags, iptc_wins=iptc_wins, scanned=scanned))
    yield from dates
    yield from instant_statement(tags, dates)
    yield from device_statements(tags)
    yield from place_statements(tags, iptc_wins=iptc_wins)


def _beside(tags: Tags) -> Iterator[Extracted]:
    """Tell what of the file is no description of the picture, so that it alone is nothing found."""
    yield from status_statement(tags)
    yield from disagreement_statement(tags)
    yield from maker_note_statements(tags)
    yield from capture_statements(tags)
    yield from identity_statements(tags)


def digest_is_stale(tags: Tags) -> bool:
    """Tell whether another tool edited the IPTC block after the one that wrote XMP.

    Photoshop stores a digest of the IPTC block beside it; the block, not the image, is digested.
    """
    stored, current = tags.text("Photoshop:IPTCDigest"), tags.text("File:CurrentIPTCDigest")
    return bool(stored.strip("0") and current and stored != current)


def _complains(tags: Tags) -> bool:
    return bool(tags.named("Error") or tags.named("Warning"))
