"""Tables of imports: what was received, chunk by chunk, and what became of each line."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class ImportRow(Row):
    """One import or scan beside its operation: who sent it, how much came, how it ended."""

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("key_id", "idempotency_key", name="uq_imports_key_id_idempotency_key"),
    )
    id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    key_id: Mapped[str]
    person_id: Mapped[UUID]
    department: Mapped[str]
    roles: Mapped[list[str]]
    idempotency_key: Mapped[str | None]  # None: cannot be continued
    scanned_system: Mapped[str | None] = mapped_column(
        ForeignKey("source_systems.code")
    )  # None: no scan
    scanned_beneath: Mapped[str | None]  # a location; empty: the whole root
    declared_bytes: Mapped[int | None] = mapped_column(BigInteger)  # None: not told
    received_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    received_lines: Mapped[int] = mapped_column(server_default=text("0"))  # blank ones too
    chunks: Mapped[int] = mapped_column(server_default=text("0"))
    last_received_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    ended: Mapped[str | None]  # None: more may come
    instructions: Mapped[dict[str, Any] | None]  # how records are changed; None: it registers
    sample: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    outcomes: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))


class ImportChunkRow(Row):
    """Some lines byte for byte, until they have their results."""

    __tablename__ = "import_chunks"
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    first_line: Mapped[int]
    lines: Mapped[int]  # that hold something
    too_long: Mapped[list[int]] = mapped_column(ARRAY(Integer))  # whose content was not kept
    content: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class ImportResultRow(Row):
    """What became of one line; a line without a result is still to be done."""

    __tablename__ = "import_results"
    import_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    asset_id: Mapped[UUID | None] = mapped_column(ForeignKey("assets.id"))  # None: no asset
    problem: Mapped[dict[str, Any] | None]  # None: not refused
