"""Moving a collection to another source system, and finding an asset by any name it had."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from app.assets.models import AssetRow
from app.assets.queries import visible_assets
from app.assets.rehoming import former_names
from app.assets.service import registered_as, system_for
from app.catalogue import operations
from app.catalogue.alike import change_alike
from app.catalogue.errors import TooManyAlike
from app.catalogue.schemas import MoveIn, OperationOut, WhichIn
from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.refusals import refuses
from app.kit.text import Name
from app.people.rights import Reader, Withdrawer

router = APIRouter(prefix="/v1", tags=["assets"])


class RehomingIn(BaseModel):
    """Which assets move, where to, and how their names and places change."""

    model_config = ConfigDict(extra="forbid")
    which: WhichIn
    move: MoveIn
    preview: bool


class FormerNameOut(BaseModel):
    """A name that an asset was known by."""

    model_config = ConfigDict(from_attributes=True)
    source_system: str
    source_identifier: str
    until: datetime


class IdentityOut(BaseModel):
    """An asset's name today, and those of before, oldest first."""

    asset_id: UUID
    source_system: str
    source_identifier: str
    former: list[FormerNameOut]


@router.post("/rehomings", operation_id="rehome_collection", status_code=202)
@refuses(TooManyAlike, NoSuchResource)
def rehome_collection(
    db: Db, caller: Withdrawer, asked: RehomingIn, response: Response
) -> OperationOut:
    """Move assets to another source system of the department after their files were moved.

    Each keeps its id, its readings and its record, whose next version says the new name and place;
    its former name finds it still. What lies at the new place must be as long as what was read,
    and is read again; until then the asset is `processing:changed`. What cannot move stays and is
    refused in the results (`/v1/imports/{id}/results`). Ask with `preview` first.
    """
    system_for(db, caller, asked.move.to_system)
    instructions = {
        "preview": asked.preview,
        "mapping": None,
        "rehoming": asked.move.model_dump(mode="json"),
    }
    operation_id = change_alike(db, caller, asked.which, instructions)
    response.headers["Location"] = f"/v1/operations/{operation_id}"
    response.headers["Retry-After"] = "1"
    return operations.show(db, caller, operation_id)


@router.get("/identities", operation_id="find_by_identity")
@refuses(NoSuchResource)
def find_by_identity(
    db: Db,
    caller: Reader,
    source_system: Annotated[Name, Query()],
    source_identifier: Annotated[Name, Query()],
) -> IdentityOut:
    """Find an asset by the name that a system gives it, or gave it before it moved."""
    found = registered_as(db, [(source_system, source_identifier)])
    seen = visible_assets(caller).where(AssetRow.id.in_([row.id for row in found]))
    asset = db.scalars(seen).one_or_none()
    if asset is None:
        raise NoSuchResource(f"There is no asset {source_identifier!r} of {source_system}.")
    return IdentityOut(
        asset_id=asset.id,
        source_system=asset.source_system,
        source_identifier=asset.source_identifier,
        former=[FormerNameOut.model_validate(one) for one in former_names(db, asset.id)],
    )
