"""Tables of what is searched: a projection of today's versions, written with them."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row

AFTER_ALL = "\U0010ffff"  # a title key of what has no title
NO_SIZE = 2**63 - 1  # the size of what nobody read
EXACT = "="  # begins a lexeme that is compared as a whole; all others begin with a field's letter
# Which of a record's fields are searched by words, under one letter each.
LETTERS = {
    "title": "t",
    "description": "d",
    "creator": "c",
    "subject": "s",
    "original_name": "n",
    "identifier": "i",
    "place": "p",
    "people": "h",
    "event_name": "e",
    "production_title": "f",
    "rights": "r",
    "custodian": "k",
}


def order_key(column: str) -> Mapped[str]:
    """Declare a folded text that is sorted by its bytes, whatever the server's language."""
    return mapped_column(column, Text(collation="C"))


class SearchFactsRow(Row):
    """What one record and its newest reading come to; `indexed` is false while it lags behind."""

    __tablename__ = "search_facts"
    __table_args__ = (
        Index("ix_search_facts_created", "created_from", "asset_id"),
        Index(
            "ix_search_facts_created_widely",
            "created_from",
            postgresql_where=text("created_to - created_from > 366"),
        ),
        Index("ix_search_facts_title", "title_key", "asset_id"),
        Index("ix_search_facts_name", "name_key", "asset_id"),
        Index("ix_search_facts_identifier", "identifier_key", "asset_id"),
        Index("ix_search_facts_size", "size_bytes", "asset_id"),
        Index("ix_search_facts_format", "format", "asset_id"),
        Index("ix_search_facts_mime", "mime", "asset_id"),
        Index(
            "ix_search_facts_outcome",
            "outcome",
            "asset_id",
            postgresql_where=text("outcome <> 'read'"),
        ),
        Index("ix_search_facts_behind", "asset_id", postgresql_where=text("NOT indexed")),
    )
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    indexed: Mapped[bool] = mapped_column(server_default=text("false"))
    department: Mapped[str]
    source_system: Mapped[str]
    identifier_key: Mapped[str] = order_key("identifier_key")
    name_key: Mapped[str] = order_key("name_key")
    title_key: Mapped[str] = order_key("title_key")
    created_from: Mapped[date]
    created_to: Mapped[date]
    legal_status: Mapped[list[str]]
    digital_source_type: Mapped[str | None]
    custodian_kind: Mapped[str | None]
    outcome: Mapped[str] = mapped_column(server_default=text("'unread'"))  # the reading's, stamped
    format: Mapped[str | None]
    mime: Mapped[str | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    reading_ordinal: Mapped[int] = mapped_column(server_default=text("0"))


class SearchWordsRow(Row):
    """The words of one record, each behind the letter of its field, with their places."""

    __tablename__ = "search_words"
    __table_args__ = (Index("ix_search_words_words", "words", postgresql_using="gin"),)
    asset_id: Mapped[UUID] = mapped_column(ForeignKey("assets.id"), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
