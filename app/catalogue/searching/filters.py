"""Typed filters as conditions, and the narrow statement of ids that they are asked in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.assets.sweeping import MARGIN, first_id_at
from app.assets.withdrawing import is_withdrawn
from app.catalogue.searching.asked import AssetQuery
from app.catalogue.searching.created import made_between
from app.catalogue.searching.lucene import read_query
from app.catalogue.searching.parts import KEYS, F, Part, Plain, Words
from app.catalogue.searching.wording import anything, whole
from app.kit.tokens import fold
from app.people.roles import Principal
from app.policies.rules.terms import last_segment
from app.provenance.indexing import LONGEST_KEY
from app.provenance.lexemes import folded_name
from app.provenance.models import ProvenanceHeadRow
from app.provenance.searched import AFTER_ALL, NO_SIZE, SearchWordsRow

COMMON = 20_000  # records that PostgreSQL expects of a question to the index of words
FEW = 5_000  # that it finds: their ids are taken first


@dataclass
class Narrowed:
    """Conditions all of which must hold, and the tables beside `assets` that they speak of."""

    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    asked_words: list[Words] = field(default_factory=list)
    facts: bool = False
    words: bool = False  # a condition speaks of the table of words
    indexed: bool = False  # something was asked of the index

    def add(self, *parts: Part) -> None:
        """Add parts of the question; those of words are asked together."""
        for part in parts:
            self.indexed = True
            if isinstance(part, Words):
                self.asked_words.append(part)
            else:
                self.conditions.append(part.sql)
                self.words |= part.words
                self.facts = True

    def settle(self, db: Session) -> None:
        """Ask the index of words: few records by their ids, many by a condition on each.

        PostgreSQL knows which words are common. How rare another is it cannot know, and would walk
        through everything for one that nobody says.
        """
        if not self.asked_words:
            return
        together = Words(" & ".join(f"({one.query})" for one in self.asked_words)).condition()
        every = select(SearchWordsRow.asset_id).where(together)
        rare = expected(db, every) <= COMMON
        ids = list(db.scalars(every.limit(FEW + 1))) if rare else []
        if rare and len(ids) <= FEW:
            self.conditions.append(AssetRow.id == any_(literal(ids, ARRAY(Uuid))))
        else:
            self.conditions.append(together)
            self.words = True


def expected(db: Session, statement: Select[Any]) -> int:
    """Return how many rows PostgreSQL expects of a statement, without running it."""
    connection = db.connection()
    compiled = statement.compile(dialect=connection.dialect)
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", dict(compiled.params))
    return int(told.scalar_one()[0]["Plan"]["Plan Rows"])


def narrow(db: Session, caller: Principal, asked: AssetQuery) -> Narrowed:
    """Return what is asked, within the caller's department.

    Raises:
        QueryMalformed: `q` cannot be read.
    """
    sorts = asked.sort[0].removeprefix("-") in KEYS
    found = Narrowed(list(of_registration(caller, asked)), facts=sorts, indexed=sorts)
    found.add(*of_facts(asked), *of_words(asked))
    if asked.q is not None:
        found.add(*read_query(asked.q))
    found.settle(db)
    return found


def of_registration(caller: Principal, asked: AssetQuery) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the registration; the department's own comes first, always."""
    if caller.department is not None:
        yield AssetRow.department == caller.department
    yield ~is_withdrawn(AssetRow.id)
    for name in ("department", "source_system", "import_id"):
        value = getattr(asked, name)
        if value is not None:
            yield getattr(AssetRow, name) == value
    if asked.registered_from is not None:
        yield AssetRow.registered_at >= asked.registered_from
        yield AssetRow.id >= first_id_at(nearby(asked.registered_from, -1))
    if asked.registered_to is not None:
        yield AssetRow.registered_at < asked.registered_to
        yield AssetRow.id < first_id_at(nearby(asked.registered_to, +1))


def nearby(moment: datetime, way: int) -> datetime:
    """Return a moment so far off that no id drawn for what was registered then lies beyond.

    Ids are drawn in order of time before the row is written, so that their index serves here.
    """
    try:
        return moment + way * MARGIN
    except OverflowError:
        return moment


def of_facts(asked: AssetQuery) -> Iterator[Plain]:
    """Yield the conditions on what the record and its newest reading come to."""
    for column, value in (
        (F.format, asked.format),
        (F.mime, asked.mime),
        (F.outcome, asked.reading),
    ):
        if value is not None:
            yield Plain(column == value)
    if asked.size_min is not None or asked.size_max is not None:
        yield Plain(F.size_bytes >= (asked.size_min or 0))
        most = NO_SIZE - 1 if asked.size_max is None else asked.size_max
        yield Plain(F.size_bytes <= most)
    if asked.created_from is not None or asked.created_to is not None:
        yield Plain(made_between(asked.created_from, asked.created_to))
    if asked.original_name is not None:
        begins = " ".join(fold(asked.original_name).split())[:LONGEST_KEY]
        yield Plain(F.name_key >= begins)
        yield Plain(F.name_key < begins + AFTER_ALL)


def of_words(asked: AssetQuery) -> Iterator[Words]:
    """Yield the conditions that the index of words answers as whole values."""
    if asked.creator is not None:
        yield whole("creator", folded_name(asked.creator))
    if asked.digital_source_type is not None:
        yield whole("digital_source_type", last_segment(asked.digital_source_type))
    for name in ("identifier", "legal_status", "custodian_kind"):
        value = getattr(asked, name)
        if value is not None:
            yield whole(name, value)
    if asked.conflict == "any":
        yield anything("conflict")
    elif asked.conflict is not None:
        yield whole("conflict", asked.conflict)


def joined(statement: Select[Any], found: Narrowed, *, facts: bool = False) -> Select[Any]:
    """Put a statement to the assets that were found; without a record nothing is listed."""
    statement = statement.select_from(AssetRow)
    if found.facts or facts:
        statement = statement.join(F, F.asset_id == AssetRow.id)
    else:
        statement = statement.join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == AssetRow.id)
    if found.words:
        statement = statement.join(SearchWordsRow, SearchWordsRow.asset_id == AssetRow.id)
    return statement.where(*found.conditions)
