"""Tables of people: departments, persons and the keys they act by."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class DepartmentRow(Row):
    """A body answerable for images; it names the policy in force for them."""

    __tablename__ = "departments"
    code: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[dict[str, Any]]
    policy_id: Mapped[str | None]  # None: the city default
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
    body_kind: Mapped[str | None]  # None: nobody has said it, as of departments of before
    body_kind_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id"))


class PersonRow(Row):
    """A person; duties are kept apart by person, not by key."""

    __tablename__ = "persons"
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    name: Mapped[str]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))


class ApiKeyRow(Row):
    """A key of one person, with its roles, department and end; the secret itself is not kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    secret_sha256: Mapped[bytes]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    department: Mapped[str | None] = mapped_column(
        ForeignKey("departments.code")
    )  # None: the whole city
    roles: Mapped[list[str]]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]  # None: not revoked
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
