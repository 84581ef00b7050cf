"""Register, import, list, and one asset's page."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.assets.errors import RegisteredOtherwise, RegistrationWithdrawn
from app.assets.models import AssetRow
from app.assets.service import asset_for
from app.catalogue import queries, service
from app.catalogue.errors import DeletionNotHere, QueryMalformed
from app.catalogue.listing import list_assets
from app.catalogue.registration import Registration
from app.catalogue.relationships import relationships_of
from app.catalogue.schemas import AssetPageOut, AssetRecordOut, EventOut, RegisteredOut
from app.catalogue.searching.asked import AssetQuery
from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.paging import Cursor, Limit, Listing, Page, read_page
from app.kit.refusals import refuses
from app.kit.revisions import content_tag, tagged
from app.ledger.canonical import read_canonical
from app.ledger.models import EventRow
from app.ledger.queries import events_of
from app.people.rights import Reader, Registrar
from app.people.roles import Principal
from app.policies.errors import NoPolicyInForce
from app.provenance.errors import MustBeAsserted, StatementMalformed
from app.provenance.showing import show_provenance
from app.storage.errors import LocationMalformed

router = APIRouter(prefix="/v1/assets", tags=["assets"])


@router.post(
    "",
    operation_id="register_asset",
    status_code=201,
    responses={200: {"model": RegisteredOut, "description": "There already."}},
)
@refuses(
    RegisteredOtherwise,
    RegistrationWithdrawn,
    LocationMalformed,
    StatementMalformed,
    MustBeAsserted,
    NoPolicyInForce,
    NoSuchResource,
)
def register_asset(
    db: Db, caller: Registrar, registration: Registration, response: Response
) -> RegisteredOut:
    """Register one copy by reference; its file is read later and never written.

    Without `location` its content is to be uploaded: `PUT /v1/assets/{id}/content`. A statement
    with `source` is carried over from an old catalogue.
    The same registration again answers 200 and the same id. No hash is computed.
    """
    registered = service.register_one(db, caller, registration)
    response.status_code = 201 if registered.new else 200
    response.headers["Location"] = f"/v1/assets/{registered.asset_id}"
    shown = show_provenance(db, caller, registered.asset_id)
    return RegisteredOut(
        asset_id=registered.asset_id,
        provenance_version=shown.version,
        complete=shown.complete,
        missing=shown.missing,
    )


@router.get("", operation_id="list_assets", response_model_exclude_unset=True)
@refuses(NoPolicyInForce, QueryMalformed)
def list_all(db: Db, caller: Reader, asked: Annotated[AssetQuery, Query()]) -> AssetPageOut:
    """List images by filters and words, in an order that inserts do not upset.

    `status`, `reason`, `missing` and `complete` are judged now, for so many candidates a request:
    a `partial` page may hold few images or none, and `next` goes on. Images without the value that
    is sorted by come last, or first when turned round. Facets are exact up to 20,000 images,
    those of `status`, `reason` and `missing` up to 500.
    """
    return list_assets(db, caller, asked)


@router.get("/{asset_id}", operation_id="read_asset")
@refuses(NoPolicyInForce)
@tagged
def read_asset(db: Db, caller: Reader, asset_id: UUID, response: Response) -> AssetRecordOut:
    """Show one registered copy, and what ties it to others: `/surroundings` says when it was seen.

    Relationships are derived, and of other images those are named that your key may see.
    """
    shown = one_asset(db, caller, asset_id)
    response.headers["ETag"] = content_tag(db, shown, shown.provenance_version)
    return shown


@router.delete("/{asset_id}", operation_id="refuse_deletion", status_code=405)
@refuses(DeletionNotHere)
def delete_asset(caller: Reader, asset_id: UUID) -> None:
    """Refuse: nothing is deleted by address. Disposal is a case that people sign."""
    raise DeletionNotHere(
        f"Asset {asset_id} is not deleted here. A duplicate goes by a disposal case that people"
        f" sign; ask GET /v1/assets/{asset_id}/eligibility what stands in the way."
    )


@router.get("/{asset_id}/events", operation_id="list_asset_events")
def list_events(
    db: Db, caller: Reader, asset_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[EventOut]:
    """List everything that happened to the image, oldest first, with its place in the log."""
    asset_for(db, caller, asset_id)
    return read_page(
        db,
        events_of(asset_id),
        Listing("events", (asset_id,)),
        limit=limit,
        cursor=cursor,
        show=show_event,
    )


def show_event(row: Row[*tuple[Any, ...]]) -> EventOut:
    """Show what happened and where it stands in the log."""
    event: EventRow = row[0]
    return EventOut(
        id=event.id,
        kind=event.kind,
        agent=event.agent,
        recorded_at=event.recorded_at,
        log_index=row[1],
        detail=read_canonical(event.document),
    )


def one_asset(db: Session, caller: Principal, asset_id: UUID) -> AssetRecordOut:
    """Return one asset as its page shows it."""
    asset = asset_for(db, caller, asset_id)
    shown = queries.catalogued(caller).where(AssetRow.id == asset_id)
    row = db.execute(shown).mappings().one()
    tied = relationships_of(db, caller, asset)
    return AssetRecordOut.model_validate({**row, "relationships": tied})
