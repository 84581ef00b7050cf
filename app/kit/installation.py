"""What a database was created for: a catalogue, or a demonstration that authorises nothing real."""

from datetime import datetime

from sqlalchemy import Index, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit.db import Row


class InstallationRow(Row):
    """The one row that says what this database is for."""

    __tablename__ = "installation"
    __table_args__ = (Index("uq_installation_one", text("(true)"), unique=True),)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


def mark_installation(db: Session, purpose: str) -> str:
    """Mark a new database and return what it is marked as; a mark is never changed."""
    there: str | None = db.scalar(select(InstallationRow.purpose))
    if there is not None:
        return there
    db.execute(insert(InstallationRow).values(purpose=purpose))
    return purpose
