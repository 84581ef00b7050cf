"""What a question comes to in SQL: conditions, and the tables that they speak of."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, cast, false, func, not_
from sqlalchemy.dialects.postgresql import TSQUERY

from app.provenance.searched import SearchFactsRow, SearchWordsRow

F = SearchFactsRow
KEYS: dict[str, Any] = {  # what can be sorted by beside the id: each has an index
    "date_created": F.created_from,
    "title": F.title_key,
    "original_name": F.name_key,
    "size": F.size_bytes,
    "identifier": F.identifier_key,
}


@dataclass(frozen=True)
class Words:
    """A question to the index of words, as PostgreSQL writes it."""

    query: str

    def condition(self) -> ColumnElement[bool]:
        """Return it as SQL."""
        return SearchWordsRow.words.op("@@", is_comparison=True)(cast(self.query, TSQUERY))


@dataclass(frozen=True, eq=False)
class Plain:
    """A condition on columns; `words` tells whether any of it asks the index of words."""

    sql: ColumnElement[bool]
    words: bool = False


Part = Words | Plain


def sql_of(part: Part) -> ColumnElement[bool]:
    """Return a part as SQL."""
    return part.condition() if isinstance(part, Words) else part.sql


def asks_words(part: Part) -> bool:
    """Tell whether a part speaks of the table of words."""
    return isinstance(part, Words) or part.words


def negated(part: Part) -> Part:
    """Turn a part round; what is unknown counts as not so."""
    if isinstance(part, Words):
        return Words(f"!({part.query})")
    return Plain(not_(func.coalesce(part.sql, false())), part.words)
