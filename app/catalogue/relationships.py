"""What an image is tied to, derived from what was seen where it lies and from its readings."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from app.assets.models import AssetRow
from app.assets.queries import visible_assets
from app.assets.surrounding_models import SurroundingsRow
from app.people.roles import Principal
from app.readings.models import ReadingRow
from app.readings.queries import newest_reading, still_claims

MOST_SHOWN = 100
PART, SIBLING, SAME = "is_part_of", "has_sibling", "same_object"


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


class RelationshipOut(BaseModel):
    """One file or package that the image is tied to; PREMIS calls the first two structural.

    `location` is beneath the root of the image's source system, of a package its folder.
    """

    type: Annotated[
        Literal["is_part_of", "has_sibling", "same_object"],
        Field(description="PREMIS *is part of*, *has sibling*; or another name of the same file."),
    ]
    kind: Literal["bag", "ocfl", "mets", "sidecar", "raw_jpeg", "live_photo", "sides"] | None
    asset_id: UUID | None
    location: str | None
    evidence: Annotated[str, Field(description="The marker, the pattern of names, or `reading`.")]


def surroundings_of(db: Session, caller: Principal, asset: AssetRow) -> SurroundingsOut:
    """Return what ties an asset to others; of these, the ids that the caller may see."""
    row = db.get(SurroundingsRow, asset.id)
    companions = row.companions if row else []
    names = [one["location"] for one in companions]
    known = registered_as(db, caller, asset.source_system, names)
    return SurroundingsOut(
        asset_id=asset.id,
        looked_at=row and row.looked_at,
        companions=[
            CompanionOut.model_validate({"asset_id": known.get(one["location"])} | one)
            for one in companions
        ],
        containers=[ContainerOut(**one) for one in row.containers] if row else [],
        same_object=list(db.scalars(at_same_object(caller, asset.id))),
    )


def relationships_of(db: Session, caller: Principal, asset: AssetRow) -> list[RelationshipOut]:
    """Return an asset's relationships as its record shows them, the first hundred."""
    return list(islice(told(surroundings_of(db, caller, asset)), MOST_SHOWN))


def told(found: SurroundingsOut) -> Iterator[RelationshipOut]:
    """Tell of packages first, then of companions, then of other names of the same file."""

    def one(type_: str, kind: str | None = None, **where: Any) -> RelationshipOut:  # noqa: ANN401
        nowhere = {"asset_id": None, "location": None}
        return RelationshipOut.model_validate({"type": type_, "kind": kind} | nowhere | where)

    for package in found.containers:
        if package.kind != "unknown":
            yield one(PART, package.kind, location=package.folder, evidence=package.marker)
    for beside in found.companions:
        where = {"asset_id": beside.asset_id, "location": beside.location}
        yield one(SIBLING, beside.kind, evidence=beside.found_by, **where)
    for asset_id in found.same_object:
        yield one(SAME, asset_id=asset_id, evidence="reading")


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
