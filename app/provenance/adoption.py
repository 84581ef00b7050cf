"""From a reading to statements: the file's own candidates beside what people said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.provenance.fields import FIELDS
from app.provenance.projection import Record
from app.provenance.statements import Statement
from app.readings.extensions import EXTENSION_LIES, extension_lies
from app.readings.models import ReadingRow
from app.readings.texts import BLANK, NO_ANSWER

Document = Mapping[str, Any]  # one value of a reading


def adopt(record: Record, reading: ReadingRow, *, version: int) -> Record:
    """Put a reading's candidates in the place of those of an earlier reading."""
    kept = [s for s in record.statements if s.reading is None]
    numbers = count(record.next_number(version))
    added: dict[int, Statement] = {}
    spoken_of = dict.fromkeys(one["field"] for one in reading.statements)
    fields = [field for field in spoken_of if field in FIELDS]
    taken = [one for field in fields for one in candidates(reading.statements, field)]
    wanted = [beside_the_name(one, record) for one in taken]
    for one in wanted:
        inputs = [added[at].id if at in added else place for at, place in made_from(one, wanted)]
        name = f"{version}.{next(numbers)}"
        added[id(one)] = as_statement(one, reading, name, version, tuple(inputs))
    return replace(record, statements=(*kept, *added.values()))


def candidates(found: Sequence[Document], field: str) -> list[Document]:
    """Return what enters a record of a field: the picked value and what belongs beside it.

    That is the first reading of what was decoded anew, before it, and the same text in other
    languages, after it; and likewise what the other of file and sidecar says. Where nothing was
    picked, it is what could not be read, for people.
    """
    said = [one for one in found if one["field"] == field]
    picked = [one for one in said if one["picked"]]
    if not picked:
        return [one for one in said if one["note"] in NO_ANSWER - {BLANK}][:1]
    rivals = [one for one in said if one.get("rival")]
    return [one for best in (picked[0], *rivals) for one in with_its_own(best, said)]


def with_its_own(best: Document, said: Sequence[Document]) -> Iterator[Document]:
    """Yield a candidate between what it was decoded from and what it says in other languages."""
    yield from (one for one in said if best.get("rule") and is_first_of(one, best))
    yield best
    yield from (one for one in said if is_translation_of(one, best))


def beside_the_name(one: Document, record: Record) -> Document:
    """Note at the format that content gave that the name's extension says another."""
    if one["field"] != "format":
        return one
    name = str(record.displayed("original_name") or "")
    return {**one, "note": EXTENSION_LIES} if extension_lies(name, one["value"]["mime"]) else one


def is_first_of(one: Document, derived: Document) -> bool:
    """Tell whether a value is the same tag as it was read before it was decoded anew."""
    return not one.get("rule") and one["locator"] == derived["locator"]


def is_translation_of(one: Document, picked: Document) -> bool:
    """Tell whether a value stands in the same place as the picked one, in another language."""
    lang, place = one.get("lang"), place_of(one)
    return bool(lang) and lang != picked.get("lang") and place == place_of(picked)


def place_of(one: Document) -> str:
    """Return the locator without the language that ends it."""
    return str(one["locator"])[: -len(one["lang"]) - 1] if one.get("lang") else one["locator"]


def made_from(one: Document, wanted: Sequence[Document]) -> Iterator[tuple[int, str]]:
    """Yield what a derived value was made from: where it stands, and what entered of it."""
    for place in one.get("inputs", ()):
        stands = [w for w in wanted if w["locator"] == place and not w.get("rule")]
        yield id(stands[0]) if stands else 0, place


def as_statement(
    one: Document, reading: ReadingRow, name: str, version: int, inputs: tuple[str, ...] = ()
) -> Statement:
    """Write one extracted value as a statement that names tag, tool and version."""
    derived = one.get("rule") is not None
    return Statement(
        id=name,
        field=one["field"],
        value=one["value"],
        source_kind="derived" if derived else "extracted",
        locator=one["locator"],
        agent="process:reading",
        since_version=version,
        lang=one.get("lang"),
        certainty="probable" if derived else None,
        tool=one.get("tool") or reading.tool,
        tool_version=one.get("tool_version") or reading.tool_version,
        reading=str(reading.id),
        raw=one.get("raw_bytes"),
        raw_charset=one.get("raw_charset"),
        charset_origin=one.get("charset_origin"),
        charset_certainty=one.get("certainty"),
        rule=one.get("rule"),
        inputs=inputs,
        shown_as=one.get("shown_as"),
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
