"""Taking back a mistaken registration: it stays readable and counts for nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from app.assets.errors import AssetInUse, RegistrationWithdrawn
from app.assets.models import AssetRow, UploadRow
from app.assets.names import WithdrawalRow
from app.ledger.models import EventRow
from app.ledger.service import Event, record
from app.people.errors import RoleMissing
from app.people.roles import Principal, Role


def is_withdrawn(asset_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    """Tell, in a statement over assets, whether a registration was taken back."""
    found = select(WithdrawalRow.asset_id).where(WithdrawalRow.asset_id == asset_id)
    return found.correlate_except(WithdrawalRow).exists()


def withdrawals_of(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, WithdrawalRow]:
    """Return which of these registrations were taken back."""
    asked = select(WithdrawalRow).where(WithdrawalRow.asset_id.in_(asset_ids))
    return {row.asset_id: row for row in db.scalars(asked)}


def refuse_withdrawn(db: Session, asset_ids: Sequence[UUID]) -> None:
    """Refuse to change what was taken back.

    Raises:
        RegistrationWithdrawn: one of them was.
    """
    for row in withdrawals_of(db, asset_ids).values():
        raise told(row)


def told(row: WithdrawalRow) -> RegistrationWithdrawn:
    """Say of a withdrawn registration when and why, and what to do instead."""
    return RegistrationWithdrawn(
        f"Asset {row.asset_id} was withdrawn at {row.withdrawn_at:%Y-%m-%dT%H:%M:%SZ}:"
        f" {row.reason} It stays as it is; a copy that is there after all is registered under"
        " another source_identifier."
    )


def withdraw(db: Session, caller: Principal, asset: AssetRow, reason: str) -> WithdrawalRow:
    """Take back a registration; its decision lock is held.

    Raises:
        RegistrationWithdrawn: it was taken back before.
        RoleMissing: a registrar takes back its own registrations only (HTTP 403).
        AssetInUse: its content is on its way.
    """
    refuse_withdrawn(db, [asset.id])
    if Role.RECORDS_MANAGER not in caller.roles:
        prove_own(db, caller, asset)
    sending = select(UploadRow.id).where(UploadRow.asset_id == asset.id, UploadRow.state == "open")
    if db.scalars(sending).first() is not None:
        raise AssetInUse("Its content is on its way: let the upload end or expire first.")
    told_why = Event("x:withdrawn", {"reason": reason}, asset.id, asset.department)
    event_id = record(db, caller.agent, told_why)
    facts = {"asset_id": asset.id, "reason": reason, "withdrawn_by": caller.agent.name}
    db.execute(insert(WithdrawalRow).values(**facts, event_id=event_id))
    return db.get_one(WithdrawalRow, asset.id)


def prove_own(db: Session, caller: Principal, asset: AssetRow) -> None:
    """Prove that somebody registered an asset: the same person, by whatever key."""
    person = db.scalars(select(EventRow.person_id).where(EventRow.id == asset.event_id)).one()
    if person != caller.person_id and asset.registered_by != caller.agent.name:
        raise RoleMissing("A registrar withdraws its own registrations; ask a records manager.")
