"""Tables of imports: the lines as they came, and what became of each."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class ImportLineRow(Row):
    """One line of an import, byte for byte."""

    __tablename__ = "import_lines"
    import_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class ImportResultRow(Row):
    """What became of one line; a line without a result is still to be done."""

    __tablename__ = "import_results"
    __table_args__ = (
        ForeignKeyConstraint(
            ["import_id", "line"],
            ["import_lines.import_id", "import_lines.line"],
            name="fk_import_results_import_id_line",
        ),
    )
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    asset_id: Mapped[UUID | None] = mapped_column(ForeignKey("assets.id"))  # None: refused
    problem: Mapped[dict[str, Any] | None]  # None: not refused
