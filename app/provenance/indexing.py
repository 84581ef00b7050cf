"""Write what is searched of a record in the transaction that writes the record."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kit.copying import write_rows
from app.kit.tokens import fold
from app.provenance.fields import FIELDS
from app.provenance.lexemes import exact, lexemes_of, written
from app.provenance.projection import CONFLICT, Record, project
from app.provenance.searched import AFTER_ALL, SearchFactsRow, SearchWordsRow
from app.provenance.spans import UNKNOWN, span_of

FACTS = cast(Table, SearchFactsRow.__table__)
WORDS = cast(Table, SearchWordsRow.__table__)
LONGEST_KEY = 200  # characters by which texts are sorted
TERMS = ("legal_status", "digital_source_type", "custodian_kind")


class Index:
    """What some versions come to, gathered while they are written, then written itself."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.facts: list[dict[str, Any]] = []
        self.words: list[dict[str, Any]] = []
        self.first: set[UUID] = set()  # assets whose version is their first

    def note(
        self, asset_id: UUID, version: int, record: Record, *, without: Collection[str] = ()
    ) -> dict[str, Any]:
        """Note one version and return its projection, but for some of the columns."""
        projected = project(record)
        if version == 1:
            self.first.add(asset_id)
        facts = facts_of(record, projected)
        self.facts.append({"asset_id": asset_id, "version": version, "indexed": True} | facts)
        conflicts = [name for name in FIELDS if projected[f"{name}_answer"] & CONFLICT]
        found = lexemes_of(record.statements, conflicts)
        for name in TERMS:
            told = facts[name]
            for term in told if isinstance(told, list) else [told] if told else []:
                found.setdefault(exact(name, term), [])
        self.words.append({"asset_id": asset_id, "words": written(found)})
        return {name: value for name, value in projected.items() if name not in without}

    def write(self, db: Session) -> None:
        """Write it all: new rows at once, those of later versions in place of the earlier."""
        for table, rows in self.tables():
            write_rows(db, table, (row for row in rows if row["asset_id"] in self.first))
            later = [row for row in rows if row["asset_id"] not in self.first]
            if later:
                replace_rows(db, table, later)

    def write_over(self, db: Session) -> None:
        """Write it all over whatever is there."""
        for table, rows in self.tables():
            if rows:
                replace_rows(db, table, rows)

    def tables(self) -> tuple[tuple[Table, list[dict[str, Any]]], ...]:
        """Return each table with its rows."""
        return (FACTS, self.facts), (WORDS, self.words)


def replace_rows(db: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows over those that are there; the words only where they differ."""
    insert = upsert(table)
    new = {name: insert.excluded[name] for name in rows[0] if name != "asset_id"}
    differs = table.c.words != insert.excluded.words if "words" in new else None
    statement = insert.on_conflict_do_update(index_elements=["asset_id"], set_=new, where=differs)
    db.connection().execute(statement, rows)


def facts_of(record: Record, projected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are filtered, sorted and counted by."""
    said = {s.field: s.value for s in record.statements if s.field in NAMES}
    title, created = projected["title"], projected["date_created"]
    first, last = span_of(created) if isinstance(created, str) else UNKNOWN
    codes = dict(code.split("=", 1) for code in projected["codes"])
    return {
        "department": said.get("department", ""),
        "source_system": said.get("source_system", ""),
        "identifier_key": said.get("source_identifier", ""),
        "name_key": sort_key(said.get("original_name", "")),
        "title_key": sort_key(title or AFTER_ALL),
        "created_from": first.isoformat(),
        "created_to": last.isoformat(),
        "legal_status": projected["legal_status"],
        "digital_source_type": codes.get("digital_source_type"),
        "custodian_kind": codes.get("custodian_kind"),
    }


NAMES = frozenset({"department", "source_system", "source_identifier", "original_name"})


def sort_key(text: Any) -> str:  # noqa: ANN401 - one text, or one a language
    """Fold a text to the key by which it is sorted."""
    one = next(iter(text.values()), "") if isinstance(text, dict) else text
    return " ".join(fold(str(one)).split())[:LONGEST_KEY]
