"""What an image is tied to: companions, packages, other names of the same physical object."""

from uuid import UUID

from fastapi import APIRouter

from app.assets.service import asset_for
from app.catalogue.relationships import SurroundingsOut, surroundings_of
from app.kit.db import Db
from app.people.rights import Reader

router = APIRouter(prefix="/v1/assets", tags=["assets"])


@router.get("/{asset_id}/surroundings", operation_id="read_surroundings")
def read_surroundings(db: Db, caller: Reader, asset_id: UUID) -> SurroundingsOut:
    """Show what travels with the image, what package owns it, and what lies at the same object.

    None of these may go for another, nor by itself. Of other assets those are named that your key
    may see, the first hundred.
    """
    return surroundings_of(db, caller, asset_for(db, caller, asset_id))
