"""What an image is tied to: companions, packages, other names of the same physical object."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from app.assets.models import AssetRow
from app.assets.queries import visible_assets
from app.assets.service import asset_for
from app.assets.surrounding_models import SurroundingsRow
from app.kit.db import Db
from app.people.rights import Reader
from app.people.roles import Principal
from app.readings.models import ReadingRow
from app.readings.queries import newest_reading, still_claims

router = APIRouter(prefix="/v1/assets", tags=["assets"])
MOST_SHOWN = 100


class CompanionOut(BaseModel):
    """A file that travels with the image; `asset_id` where one is registered by that name."""

    kind: Literal["sidecar", "raw_jpeg", "live_photo", "sides"]
    location: str
    found_by: str
    asset_id: UUID | None


class ContainerOut(BaseModel):
    """A package that owns the image; an empty `folder` is the root, `..` lies above it.

    `unknown`: the `marker` may be a METS document and could not be looked at.
    """

    kind: Literal["bag", "ocfl", "mets", "unknown"]
    folder: str
    marker: str


class SurroundingsOut(BaseModel):
    """What ties an image to others where it lies; `looked_at` null: nobody has looked yet."""

    asset_id: UUID
    looked_at: datetime | None
    companions: list[CompanionOut]
    containers: list[ContainerOut]
    same_object: list[UUID]


@router.get("/{asset_id}/surroundings", operation_id="read_surroundings")
def read_surroundings(db: Db, caller: Reader, asset_id: UUID) -> SurroundingsOut:
    """Show what travels with the image, what package owns it, and what lies at the same object.

    None of these may go for another, nor by itself. Of other assets those are named that your key
    may see, the first hundred.
    """
    asset = asset_for(db, caller, asset_id)
    row = db.get(SurroundingsRow, asset_id)
    companions = row.companions if row else []
    names = [one["location"] for one in companions]
    known = registered_as(db, caller, asset.source_system, names)
    return SurroundingsOut(
        asset_id=asset_id,
        looked_at=row and row.looked_at,
        companions=[CompanionOut(**one, asset_id=known.get(one["location"])) for one in companions],
        containers=[ContainerOut(**one) for one in row.containers] if row else [],
        same_object=list(db.scalars(at_same_object(caller, asset_id))),
    )


def registered_as(db: Session, caller: Principal, system: str, names: list[str]) -> dict[str, UUID]:
    """Find the assets that a scan would have named so."""
    named = visible_assets(caller).where(
        AssetRow.source_system == system, AssetRow.source_identifier.in_(names)
    )
    return {row.source_identifier: row.id for row in db.scalars(named)}


def at_same_object(caller: Principal, asset_id: UUID) -> Select[Any]:
    """Select the assets that claim the object which this one was read from last.

    They are those that block its disposal as `location:shared`.
    """
    other, mine = aliased(ReadingRow), newest_reading(asset_id)
    visible = visible_assets(caller).subquery()
    same = or_(
        mine.c.object_key == other.object_key, mine.c.mountless_token == other.mountless_token
    )
    return (
        select(other.asset_id)
        .join(mine, same)
        .join(visible, visible.c.id == other.asset_id)
        .where(other.asset_id != asset_id, still_claims(other))
        .distinct()
        .order_by(other.asset_id)
        .limit(MOST_SHOWN)
    )
