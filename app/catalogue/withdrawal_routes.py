"""Taking back a mistaken registration."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.assets.errors import AssetInUse, RegistrationWithdrawn
from app.assets.locks import lock_decisions
from app.assets.names import WithdrawalRow
from app.assets.service import asset_for
from app.assets.withdrawing import withdraw, withdrawals_of
from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.refusals import refuses
from app.kit.revisions import IfMatch, etag, required_revision
from app.kit.text import Line
from app.people.rights import Reader, Withdrawer
from app.people.roles import Principal
from app.provenance.service import prove_revision

router = APIRouter(prefix="/v1/assets/{asset_id}", tags=["assets"])


class WithdrawalIn(BaseModel):
    """Why the registration was a mistake."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[Line, Field(description="A sentence that others will understand.")]


class WithdrawalOut(BaseModel):
    """A registration that was taken back."""

    model_config = ConfigDict(from_attributes=True)
    asset_id: UUID
    reason: str
    withdrawn_by: str
    withdrawn_at: datetime


@router.post("/withdraw", operation_id="withdraw_asset")
@refuses(RegistrationWithdrawn, AssetInUse)
def withdraw_asset(
    db: Db,
    caller: Withdrawer,
    asset_id: UUID,
    said: WithdrawalIn,
    response: Response,
    if_match: IfMatch = None,
) -> WithdrawalOut:
    """Take back a registration that was a mistake, against the version of its record you read.

    Nothing is erased: record, readings and events stay and are read as before. It is listed,
    counted, compared and kept for others no more, and its identifier stays its own. A registrar
    takes back its own registrations, a records manager those of the department.
    """
    revision = required_revision(if_match)
    row = taken_back(db, caller, asset_id, revision, said.reason)
    response.headers["ETag"] = etag(revision)
    return WithdrawalOut.model_validate(row)


@router.get("/withdrawal", operation_id="read_withdrawal")
def read_withdrawal(db: Db, caller: Reader, asset_id: UUID) -> WithdrawalOut:
    """Show who took the registration back, when and why; 404 where nobody did."""
    asset_for(db, caller, asset_id)
    row = withdrawals_of(db, [asset_id]).get(asset_id)
    if row is None:
        raise NoSuchResource(f"The registration of asset {asset_id} was not withdrawn.")
    return WithdrawalOut.model_validate(row)


def taken_back(
    db: Session, caller: Principal, asset_id: UUID, revision: int, reason: str
) -> WithdrawalRow:
    """Take back a registration, unless its record moved on since it was read."""
    asset = asset_for(db, caller, asset_id)
    lock_decisions(db, [asset_id])
    prove_revision(db, asset_id, revision)
    return withdraw(db, caller, asset, reason)
