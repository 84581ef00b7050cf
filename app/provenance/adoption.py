"""From a reading to statements: the file's own candidates beside what people said."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.provenance.fields import FIELDS
from app.provenance.projection import Record
from app.provenance.statements import Statement
from app.readings.extensions import EXTENSION_LIES, extension_lies
from app.readings.models import ReadingRow


def adopt(record: Record, reading: ReadingRow, *, version: int) -> Record:
    """Put a reading's candidates in the place of those of an earlier reading."""
    kept = [s for s in record.statements if s.source_kind != "extracted"]
    found = [one for one in reading.statements if one["picked"] and one["field"] in FIELDS]
    picked = [beside_the_name(one, record) for one in found]
    added = [
        as_statement(one, reading, f"{version}.{number}", version)
        for number, one in enumerate(picked, start=record.next_number(version))
    ]
    return replace(record, statements=(*kept, *added))


def beside_the_name(one: dict[str, Any], record: Record) -> dict[str, Any]:
    """Note at the format that content gave that the name's extension says another."""
    if one["field"] != "format":
        return one
    name = str(record.displayed("original_name") or "")
    return one | {"note": EXTENSION_LIES} if extension_lies(name, one["value"]["mime"]) else one


def as_statement(one: dict[str, Any], reading: ReadingRow, name: str, version: int) -> Statement:
    """Write one extracted value as a statement that names tag, tool and version."""
    return Statement(
        id=name,
        field=one["field"],
        value=one["value"],
        source_kind="extracted",
        locator=one["locator"],
        agent="process:reading",
        since_version=version,
        tool=reading.tool,
        tool_version=reading.tool_version,
        reading=str(reading.id),
        raw=one.get("raw_bytes"),
        raw_charset=one.get("raw_charset"),
        note=one.get("note"),
    )


def relocate(record: Record, place: Row[UUID, UUID, str, str], *, version: int) -> Record:
    """Say where an uploaded content is kept, in the place of where an earlier one was."""
    _, upload_id, uri, system = place
    locator = f"upload:{upload_id}"
    if any(s.locator == locator for s in record.statements):
        return record
    kept = [s for s in record.statements if not s.locator.startswith("upload:")]
    where = Statement(
        id=f"{version}.{record.next_number(version)}",
        field="locations",
        value=[{"uri": uri, "kind": "file", "system": system}],
        source_kind="derived",
        locator=locator,
        agent="process:provenance",
        since_version=version,
    )
    return replace(record, statements=(*kept, where))


def adopted(record: Record) -> set[str]:
    """Return the readings whose candidates stand in a record."""
    return {s.reading for s in record.statements if s.reading is not None}
