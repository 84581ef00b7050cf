"""Tables of simulations: what was asked, and what each part of the catalogue answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Row


class SimulationRow(Row):
    """A policy that is supposed to hold, beside its operation, and how far the walk is."""

    __tablename__ = "simulations"
    id: Mapped[UUID] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    policy_id: Mapped[str]
    version: Mapped[str]
    digest: Mapped[str]
    document: Mapped[dict[str, Any]]
    departments: Mapped[list[str]]  # none: those that name the policy
    department: Mapped[str | None]  # whose assets the caller sees; None: the whole city's
    bound: Mapped[UUID | None]  # the newest asset when it was asked; None: there was none
    through: Mapped[UUID | None]  # None: not begun
    listed: Mapped[int] = mapped_column(server_default=text("0"))


class SimulationPartRow(Row):
    """What some assets answered, in counts, at one moment. Append-only."""

    __tablename__ = "simulation_parts"
    simulation_id: Mapped[UUID] = mapped_column(ForeignKey("simulations.id"), primary_key=True)
    part: Mapped[UUID] = mapped_column(primary_key=True)  # the last asset in it
    counts: Mapped[list[dict[str, Any]]]
    log_index: Mapped[int] = mapped_column(BigInteger)
    as_of: Mapped[datetime]


class SimulationChangeRow(Row):
    """One asset that would be judged otherwise; of many changes only the first are kept."""

    __tablename__ = "simulation_changes"
    __table_args__ = (CheckConstraint("newly IN ('complete', 'incomplete')", name="newly"),)
    simulation_id: Mapped[UUID] = mapped_column(ForeignKey("simulations.id"), primary_key=True)
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    department: Mapped[str]
    was: Mapped[str | None]  # None with `becomes`: the status stays
    becomes: Mapped[str | None]
    newly: Mapped[str | None]  # None: as complete as before
    gained: Mapped[list[str]]
    lost: Mapped[list[str]]
